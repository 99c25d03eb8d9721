"""Every mistake in a document is named with its place, its path and what to do; all of them at once."""

from __future__ import annotations

import pytest

from crm_bridge.errors import ConfigMistake, ExitCode
from crm_bridge.mapping import compile_mapping, load_mapping

HEAD = """mapping: test.person
version: 1
client: person
record: {id: Id, image: full}
"""

MISTAKES = [
    ("fieldz: {}", "t.yaml:5:1: fieldz: unknown key"),
    ("fields: {name.family: {src: A, mx: 5}}", "name.family: unknown word mx: use one of"),
    ("fields: {name.family: {src: A, as: upper}}", "unknown transform upper: use one of text, int"),
    ("fields: {name.famly: A}", "t.yaml:5:10: name.famly: the model has no such path"),
    ("fields: {name.family: {max: 5}}", "`src` is missing"),
    ("fields: {birth_date: {src: A, as: date, format: '%d.%m.%y'}}", "format: %y leaves the century to a guess"),
    ("fields: {birth_date: {src: A, as: date, format: '%d.%m.%Q'}}", "unknown directive %Q"),
    ("fields: {birth_date: {src: A, as: date, format: '%d.%m'}}", "a format needs %d, %m and %Y"),
    ("fields: {birth_date: {src: A, as: date, format: '%d.%m.%Y %H'}}", "a date has no time of day"),
    ("fields: {job_title: {src: A, max: 0}}", "max: a whole number of characters"),
    ("fields: {job_title: {src: A, unset: drop}}", "unset: use one of 'keep', 'blank', 'error'"),
    ("fields: {job_title: {src: A, dir: in}}", "dir: use one of"),
    ("fields: {job_title: {src: A, order: family}}", "`order` belongs to split_name, not to text"),
    ("fields: {gender: {src: A, as: code}}", "code needs `values`"),
    ("fields: {gender: {src: A, as: code, values: g}}", "no value map g under `values:`"),
    (
        "values: {g: {M: male, F: femal}}\nfields: {gender: {src: A, as: code, values: g}}",
        "values.g.F: femal is no code of gender",
    ),
    (
        "values: {g: {M: male, m: male}}\nfields: {gender: {src: A, as: code, values: g}}",
        "male is also what M means, so gender has no way back: give `write_values`",
    ),
    (
        "values: {g: {M: male, m: male, F: female}, o: {male: M}}\n"
        "fields: {gender: {src: A, as: code, values: g, write_values: o}}",
        "no way back for female: add it to values.o",
    ),
    (
        "values: {g: {M: male}, o: {male: X}}\nfields: {gender: {src: A, as: code, values: g, write_values: o}}",
        "values.o.male: X would not be understood when it is read again",
    ),
    ("values: {g: {M: male}}", "no row uses this value map"),
    ("fields: {name.family: A, name.given: A}", "A is already written by the row in line 5"),
    ("fields: {contact_points: A}", "contact_points is a list: put it under `lists:`"),
    ("fields: {name.family: A, name.family: B}", "'name.family' was already given in line 5"),
    ("lists: {identifiers: [{src: A, item: {system: x}, check: os.path}]}", "check: a module of python-stdnum"),
    ("lists: {identifiers: [{src: A, item: {system: x}, check: stdnum.no.such}]}", "check: a module of python-stdnum"),
    ("lists: {contact_points: [{src: A, item: {type: fone}}]}", "fone is no code of the model: use one of email"),
    ("lists: {contact_points: [{src: A, item: {typ: phone}}]}", "contact_points.typ: the model has no such path"),
    ("lists: {contact_points: [{item: {type: phone}}]}", "a row of a list has either `src` or `parts`"),
    ("lists: {contact_points: [{each: A.B, src: C, item: {type: phone}}]}", "nested rows need `key`"),
    ("lists: {contact_points: [{src: A, as: phone, item: {}}]}", "t.yaml:5:26: contact_points.type: the model needs a"),
    ("lists: {identifiers: [{src: A}]}", "t.yaml:5:23: identifiers.system: the model needs a value here, and nothing"),
    ("lists: {contact_points: [{as: address, parts: {city: A}}]}", "contact_points.type: the model needs a value here"),
    (
        "lists: {consents: [{src: A, as: flag, on: Y, off: N, item: {purpose: any, channel: sms}}]}",
        "consents.status: the model needs a value here",
    ),
    (
        "lists: {consents: [{src: A, as: flag, on: Y, off: N, more: {evidence.ref: B},"
        " item: {purpose: any, channel: sms, status: denied}}]}",
        "consents.evidence.kind: the model needs a value here",
    ),
    (
        "lists: {relationships: [{item: {type: child}, src: A, more: {to.age.years: {src: B, as: int}, "
        "to.age.on: {src: C, as: date}}}]}",
        "`more` joins where `to.age` is, and nothing in this row makes that: use parts",
    ),
    (
        "lists: {relationships: [{item: {type: child}, parts: {to.name: A, to.age.years: {src: B, as: int}}}]}",
        "relationships.to.age.on: the model needs a value here",
    ),
    (
        "lists: {contact_points: [{src: A, item: {type: phone}}, {src: A, item: {type: phone}}]}",
        "the same as the row in line 5",
    ),
    (
        "lists: {facts: [{src: A, split: ';', pattern: '(', dir: read, item: {key: k, type: text}}]}",
        "not a regular expression",
    ),
    ("lists: {nothing: [{src: A}]}", "the model has no list of this name"),
    ("fields: {name: {src: A, as: split_name, order: family middle}}", "order: each of prefix, family"),
    ("fields: {job_title: {src: A, if_absent: [name.given]}}", "a row with if_absent has no way back"),
    ("defaults: {tz: Kyiv}", "tz: a zone of the IANA list"),
    ("defaults: {region: Ukraine}", "region: a country by two letters"),
    ("defaults: {region: XX}", "region: a country by two letters"),
    ("lists: {contact_points: [{src: A, as: phone, region: UK, item: {type: phone}}]}", "region: a country"),
    ("tests: [{name: x, given: {Id: 1}}]", "a test needs `expect`, `write_back` or `quarantine`"),
    ("tests: [{name: x, given: {Id: 1}, expekt: {}}]", "tests.0.expekt: unknown key"),
    (
        "tests: [{name: x, given: {Id: 1}, change: {name.famly: y}, write_back: {}}]",
        "t.yaml:5:44: tests.0.change.name.famly",
    ),
    (
        "tests: [{name: x, given: {Id: 1}, change: {'contact_points[phone].valu': y}, write_back: {}}]",
        "tests.0.change.contact_points[phone].valu: the model has no such path",
    ),
    (
        "tests: [{name: x, given: {Id: 1}, change: {contact_points+: {typ: phone}}, write_back: {}}]",
        "tests.0.change.contact_points+.contact_points.typ: the model has no such path: use one of address",
    ),
    ("tests: [{name: x, given: {Id: 1}, expect: {name: {famly: y}}}]", "t.yaml:5:51: tests.0.expect.name.famly: the"),
    (
        "tests: [{name: x, given: {Id: 1}, expect: {relationships: [{type: child, to: {nam: y}}]}}]",
        "tests.0.expect.relationships.to.nam: the model has no such path",
    ),
    ("fields: {name.family: !!str A}", "tag"),
    ("fields: {a: &x [*x]}", "this alias contains itself"),
    (
        "lists: {relationships: [{src: A, split: ';', pattern: '(?P<n>(a+)+)$', dir: read, item: {type: child},"
        " parts: {to.name: n}}]}",
        "t.yaml:5:55: relationships[child]: pattern: some text would keep this pattern busy for ever",
    ),
    ("fields: [", "this is not YAML"),
    (f"fields: {'[' * 3000}", "nested too deeply"),
    (f"fields: {'[' * 400}{']' * 400}", "fields"),
]


@pytest.mark.parametrize(("rows", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_a_mistake_is_named(rows, message):
    """``file:line:col: path: what to do``, and exit code 78."""
    if message == "tag":
        rows = rows.replace("!!str", "!python")

    with pytest.raises(ConfigMistake) as raised:
        load_mapping(HEAD + rows, file="t.yaml")

    assert message in str(raised.value)
    assert str(raised.value).startswith("t.yaml:")
    assert ExitCode.CONFIG == raised.value.exit_code


def test_all_mistakes_of_a_document_come_at_once():
    """Three rounds for three mistakes would be two too many."""
    rows = "fields:\n  name.famly: A\n  gender: {src: B, as: cod}\n  job_title: {src: C, max: ten}\n"

    with pytest.raises(ConfigMistake) as raised:
        load_mapping(HEAD + rows, file="t.yaml")

    assert ["t.yaml:6:3", "t.yaml:7:24", "t.yaml:8:28"] == [
        line.split(": ")[0] for line in str(raised.value).splitlines()
    ]


@pytest.mark.parametrize("text", ["", "# nothing", "- a list", "word", "mapping: x", "\x00"])
def test_what_is_no_document_says_so(text):
    """An empty file, a list, a word: a message, never a traceback."""
    with pytest.raises(ConfigMistake, match=r"t\.yaml"):
        load_mapping(text, file="t.yaml")


def test_a_plugin_that_is_not_there_is_named():
    """``call:`` is checked when the document is compiled, with the row's place."""
    document = load_mapping(HEAD + "fields: {job_title: {src: A, call: acme.title}}", file="t.yaml")

    with pytest.raises(ConfigMistake, match=r"t\.yaml:5:\d+: job_title: unknown transform acme\.title"):
        compile_mapping(document)


def test_strings_come_first():
    """``NO``, ``on``, a date and a number with leading zeros stay the text that was written."""
    document = load_mapping(
        HEAD
        + "tests: [{name: x, quarantine: record.id,\n"
        + "given: {a: NO, b: on, c: 1985-03-08, d: 04053, e: 12, f: true, g: null, h: 1.50, i: ~}}]",
        file="t.yaml",
    )

    assert {
        "a": "NO", "b": "on", "c": "1985-03-08", "d": "04053", "e": 12, "f": True, "g": None, "h": "1.50", "i": "~",
    } == document.tests[0].given  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("fields: {policy: A}", "t.yaml:5:10: number: the model needs a value here, and no row gives one"),
        ("fields: {number: A, payout.amount.amount: {src: B, as: number}}", "payout.amount.currency: the model needs"),
    ],
)
def test_a_claim_that_could_never_be_whole_is_a_mistake(rows, message):
    """Each of its records would fail."""
    head = HEAD.replace("client: person", "entity: claim").replace("{id: Id,", "{id: Id, client: {src: C, system: s},")

    with pytest.raises(ConfigMistake) as raised:
        load_mapping(head + rows, file="t.yaml")

    assert message in str(raised.value)
