"""What a mapping reads is of the model's form, or a problem: no rubbish gets onto a card unseen."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_mapping import HEAD

from crm_bridge.errors import ConfigMistake
from crm_bridge.mapping import TransformType, compile_mapping, load_mapping
from crm_bridge.model import fields_at, validate_claim, validate_client
from crm_bridge.model.forms import form_at

# a row, what its field F holds, the path and what to do
BAD = [
    ("fields: {birth_date: F}", "08.03.1985", "birth_date", "give the row `as: date`"),
    ("fields: {preferences.languages.0: F}", "not a language!!", "preferences.languages.0", "not a BCP 47 tag"),
    ("fields: {name.lang: F}", "not a language!!", "name.lang", "correct it in the system that holds it"),
    ("fields: {preferences.quiet_hours: F}", "always", "preferences.quiet_hours", "such as 21:00-09:00"),
    (
        "lists: {contact_points: [{src: F, item: {type: email}}]}",
        "Not An Email",
        "contact_points[email].value",
        "`as: email`",
    ),
    (
        "lists: {contact_points: [{src: F, item: {type: phone}}]}",
        "050 555 01 01",
        "contact_points[phone].value",
        "`as: phone`",
    ),
    (
        "lists: {contact_points: [{src: F, item: {type: messenger, service: viber}}]}",
        "a\nb",
        "contact_points[messenger].value",
        "one line of text",
    ),
    *(
        (
            "lists: {contact_points: [{src: E, as: email, item: {type: email}, more: {rank: {src: F, as: int}}}]}",
            rank,
            "contact_points[email].rank",
            " or ",
        )
        for rank in (0, 500)
    ),
    (
        "lists: {contact_points: [{src: E, as: email, item: {type: email}, more: {verified_at: F}}]}",
        "yesterday",
        "contact_points[email].verified_at",
        "`as: datetime`",
    ),
    *(
        (
            "lists: {consents: [{src: C, as: flag, on: Y, off: N, more: {captured_at: F},"
            " item: {purpose: any, channel: sms, status: denied}}]}",
            moment,
            "consents[any/sms].captured_at",
            "`as: datetime`",
        )
        for moment in ("02.01.2026", "2020-13-45")
    ),
    *(  # of the right form, so no transform would read it
        (
            "lists: {consents: [{src: C, as: flag, on: Y, off: N, more: {captured_at: F},"
            " item: {purpose: any, channel: sms, status: denied}}]}",
            moment,
            "consents[any/sms].captured_at",
            "(no such day, time of day or offset): correct it in the system that holds it",
        )
        for moment in ("2026-02-31T00:00:00Z", "2026-01-02T03:04:05+99:00")
    ),
    ("fields: {birth_date: F}", "1985-02-31", "birth_date", "(no such day in the calendar): correct it in the system"),
    ("lists: {scores: [{src: F, item: {key: churn}}]}", "high", "scores[churn].value", "`as: number`"),
    ("lists: {facts: [{src: F, item: {key: a.b, type: date}}]}", "tomorrow", "facts[a.b].value", "`as: date`"),
    ("lists: {facts: [{src: F, item: {key: a.b, type: number}}]}", "many", "facts[a.b].value", "`as: number`"),
    ("lists: {facts: [{src: F, item: {key: a.b, type: bool}}]}", "yes", "facts[a.b].value", "`as: flag`"),
    (
        "lists: {relationships: [{src: N, item: {type: child}, more: {to.birth_date: F}}]}",
        "long ago",
        "relationships[child].to.birth_date",
        "`as: date`",
    ),
    *(
        (
            "lists: {relationships: [{item: {type: child}, parts: {to.name: N,"
            " to.age.on: {src: D, as: date}, to.age.years: {src: F, as: int}}}]}",
            years,
            "relationships[child].to.age.years",
            " or ",
        )
        for years in (300, -1)
    ),
    (
        "lists: {relationships: [{item: {type: child}, parts: {to.name: N,"
        " to.age.years: {src: Y, as: int}, to.age.on: {src: F, as: date}}}]}",
        "1985",
        "relationships[child].to.age.on",
        "not a whole date",
    ),
    (
        "lists: {contact_points: [{src: F, as: email, item: {type: email}}]}",
        "й" * 70 + "@example.com",
        "contact_points[email].value",
        "not a valid e-mail address",
    ),
    ("lists: {facts: [{src: F, as: date, item: {key: a.b, type: date}}]}", "1985", "facts[a.b].value", "whole date"),
    ("lists: {identifiers: [{src: F, item: {system: a.b}}]}", "a\nb", "identifiers[a.b].value", "one line of text"),
    ("fields: {job_title: {src: F, call: acme.odd, dir: read}}", 7, "job_title", "acme.odd"),
    (
        "lists: {facts: [{src: F, call: acme.odd, dir: read, item: {key: a.b, type: text}}]}",
        datetime(2026, 1, 1, tzinfo=UTC),
        "facts[a.b].value",
        "a datetime is no text",
    ),
    (
        "lists: {contact_points: [{src: F, call: acme.odd, dir: read, item: {type: phone}}]}",
        "0505550101",
        "contact_points[phone].value",
        "not E.164",
    ),
]


@pytest.mark.parametrize(("rows", "value", "path", "words"), BAD)
def test_a_value_that_the_model_refuses_stops_the_record(rows, value, path, words, odd):
    """The problem names field, path, value and what to do, and nothing of the value is on the card."""
    mapping = compile_mapping(load_mapping(HEAD + rows, file="t.yaml"), transforms=odd)
    raw = {"Id": "1", "E": "a@example.com", "C": "Y", "N": "Марко", "D": "2024-05-15", "Y": 7, "F": value}
    reading = mapping.read(raw)

    assert [(path, "F", value, "quarantine")] == [
        (each.path, each.field, each.value, each.severity) for each in reading.problems
    ]
    assert words in reading.problems[0].message
    assert str(value) not in reading.problems[0].message
    assert mapping.read_by_rows(raw) == reading


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            "lists: {contact_points: [{src: E, as: email, item: {type: email}, more: {rank: F}}]}",
            "give the row `as: int`",
        ),
        (
            "lists: {consents: [{src: C, as: flag, on: Y, off: N, more: {captured_at: {src: F, as: date}},"
            " item: {purpose: any, channel: sms, status: denied}}]}",
            "give the row `as: datetime`",
        ),
        ("fields: {job_title: {src: F, as: int}}", "what int gives is never of the model's form"),
        ("fields: {job_title: {src: F, as: phone}}", "a phone is an item of `lists: contact_points`"),
        ("fields: {name: F}", "the model has an object here: give a row for each of its fields"),
        ("fields: {preferences.languages: F}", "the model has a list here: name the entry by its position"),
        ("fields: {'preferences.languages+': F}", "the model has no such path"),
        ("fields: {job_title: {src: F, as: split_name, order: family given}}", "it belongs to `name`"),
        ("lists: {preferences.languages: [{src: F}]}", "the model has no list of this name"),
        ("lists: {job_title: [{src: F}]}", "the model has no list of this name"),
        (
            "lists: {contact_points: [{src: F, as: email, item: {type: email, rank: 500}}]}",
            "contact_points.rank: not of",
        ),
        ("lists: {identifiers: [{src: F, item: {system: UA Tax}}]}", "identifiers.system: not of the model's form"),
        (
            "values: {l: {UKR: ua}}\nfields: {preferences.languages.0: {src: F, as: code, values: l}}",
            "not a BCP 47 tag",
        ),
    ],
)
def test_a_row_that_can_never_fit_is_a_mistake(rows, words):
    """No record could be read through it: that is told before one is."""
    with pytest.raises(ConfigMistake) as caught:
        load_mapping(HEAD + rows, file="t.yaml")

    assert words in str(caught.value)
    assert str(caught.value).startswith("t.yaml:7:")


def test_an_id_is_text_and_a_change_has_a_moment():
    """What the bridge itself goes by has a form as well."""
    head = HEAD.replace("{id: Id,", "{id: Id, changed_at: {src: At, as: text},")
    mapping = compile_mapping(load_mapping(head + "fields: {}", file="t.yaml"))

    assert ["bad_value"] == [each.code for each in mapping.read({"Id": "1", "At": "yesterday"}).problems]
    with pytest.raises(ConfigMistake, match=r"record\.id: what int gives"):
        load_mapping(HEAD.replace("{id: Id,", "{id: {src: Id, as: int},"), file="t.yaml")


def test_half_a_letter_in_a_token_or_a_rows_id_is_told():
    """Neither the store nor a system could take it."""
    rows = "lists: {relationships: [{each: Kids, key: Id, item: {type: child}, parts: {to.name: N}}]}"
    mapping = compile_mapping(load_mapping(HEAD + rows, file="t.yaml"))
    reading = mapping.read({"Id": "1", "ModId": "\ud800", "Kids": [{"Id": "\ud800", "N": "Марко"}]})

    assert {"ModId", "Kids[0].Id"} == {each.field for each in reading.problems}
    assert {"control_character"} == {each.code for each in reading.problems}


_TYPES = {
    "contact_points": ("phone", "email", "postal", "messenger", None),
    "facts": ("text", "number", "bool", "date", "partial_date", "money", "code", "list", None),
}


def _leaves(path, entity="person"):
    """All paths of single values at and below ``path``, entries of lists by their first position."""
    form = form_at(path, entity=entity)
    if form.kind == "object":
        for name in sorted(fields_at(path, entity=entity)):
            yield from _leaves(f"{path}.{name}", entity)
    elif form.kind == "list":
        yield from _leaves(f"{path}.0", entity)
    else:
        yield path, form.kind


def _row(src, kind, transform):
    if kind == "whole":
        return f"{{src: {src}, as: int, dir: read}}"
    return f"{{src: {src}, {transform}, dir: read}}"


def _everything(transform):
    """A document with a row for every path of the model, and rows for every type of item that has rules of its own."""
    fields, lists = [], []
    for head in sorted(fields_at("", entity="person") - {"id", "kind", "version", "replaced_by"}):
        if form_at(head, entity="person").kind != "list":
            fields += [
                f"  {path}: {_row(f'F{at % 9}', kind, transform)}" for at, (path, kind) in enumerate(_leaves(head))
            ]
            continue
        lists.append(f"  {head}:")
        for number, kind in enumerate(_TYPES.get(head, (None,))):
            parts = [
                f"{path.removeprefix(head + '.0.')}: {_row(f'F{(at + number) % 9}', form, transform)}"
                for at, (path, form) in enumerate(_leaves(f"{head}.0"))
                if not (kind is not None and path == f"{head}.0.type")
            ]
            fixed = f"type: {kind}" if kind else ""
            lists.append(
                f"    - {{each: L{number}, key: Id, dir: read, item: {{{fixed}}}, parts: {{{', '.join(parts)}}}}}"
            )
            needed = {"contact_points": "", "facts": "key: a.b"}.get(head)
            if kind and needed is not None:
                given = ", ".join(
                    each for each in (fixed, needed, "service: viber" if kind == "messenger" else "") if each
                )
                for way in ("as: text", "as: phone", "as: email", "as: number", "as: date", "call: acme.odd"):
                    lists.append(f"    - {{src: G{number}{len(lists)}, {way}, dir: read, item: {{{given}}}}}")
    return "\n".join(["fields:", *fields, "lists:", *lists])


SHIPPED = (
    *("callcenter/client.yaml", "siebel/contact.yaml", "siebel/claim.yaml"),
    *("sms_gateway/subscriber.yaml", "vendor_files/client.yaml"),
)
WORDS = (
    *("", " ", "x", "a\nb", "a\x1fb", "\x85", "\u2028", "\ud800", "\u200b", "high", "yes", "ИВАН", "Not An Email", "0"),
    *("7", "-1", "300", "1e5", "12.50", "1985", "1985-03-08", "--02-29", "2020-13-45", "02.01.2026", "5/7/2026"),
    *("2026-01-02T03:04:05Z", "2026-01-02 03:04", "0001-01-01T00:00:00+14:00", "21:00-09:00", "Europe/Kyiv", "Europe"),
    *(
        "uk",
        "uk-Cyrl",
        "UKR",
        "UA",
        "UAH",
        "claims",
        "sms",
        "granted",
        "text",
        "phone",
        "viber",
        "child",
        "male",
        "date",
    ),
    *("+380505550101", "050 555 01 01 ext 7", "a@example.com", "й" * 70 + "@example.com", "x@приклад。укр", "Σ@ΑΣ.gr"),
)
VALUES = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=12),
    st.integers(-5, 600),
    st.booleans(),
    st.none(),
    st.floats(),
    st.sampled_from([[], {}, ["x"], {"amount": "1", "currency": "UAH"}, datetime(2026, 1, 1, tzinfo=UTC)]),
)


class Sources:
    """The fields of a document, to be filled at random: its own, and those of its nested rows."""

    def __init__(self, mapping):
        header = mapping.document.header
        self.usual = [test.given for test in mapping.document.tests if test.given is not None] or [{"Id": "1"}]
        self.flat = [row.column.src for row in mapping.document.fields]
        self.flat += [each.src for each in (header.id, header.changed_at, header.client) if each is not None]
        self.flat += [(header.concurrency,)] if header.concurrency else []
        self.nested = []
        for row in mapping.document.lists:
            columns = [
                each for each in (row.column, *(() if row.pattern else row.parts), *row.more) if each is not None
            ]
            if row.each:
                self.nested.append((row.each, [(row.key,), *(each.src for each in columns)]))
            else:
                self.flat += [each.src for each in columns]

    def records(self):
        """Usual records with one to three fields, and the fields of a nested row, exchanged for anything."""
        few = st.lists(st.tuples(st.sampled_from(self.flat), VALUES), min_size=1, max_size=3)
        rows = st.sampled_from(self.nested).flatmap(
            lambda row: st.tuples(st.just(row[0]), st.lists(st.tuples(st.sampled_from(row[1]), VALUES), max_size=6))
        )
        nested = st.lists(rows, max_size=2) if self.nested else st.just([])
        return st.tuples(st.sampled_from(self.usual), few, nested).map(lambda drawn: _record(*drawn))


def _record(usual, flat, nested):
    record = copy.deepcopy(usual)
    for each, values in nested:
        _put(record, each, [{}])
        row = record
        for name in each:
            row = row[name]
        for src, value in values:
            _put(row[0], src, value)
    for src, value in flat:
        _put(record, src, value)
    return record


def _put(record, src, value):
    for name in src[:-1]:
        if type(record.get(name)) is not dict:
            record[name] = {}
        record = record[name]
    record[src[-1]] = value


@pytest.fixture(scope="module")
def odd():
    """A plugin's transform that gives back whatever it got."""
    return {"acme.odd": TransformType("acme.odd", lambda value, _: value, None, "As it is.")}


@pytest.fixture(scope="module", params=["as: text", "call: acme.odd", *SHIPPED])
def mapped(request, odd):
    """A mapping, and records of it."""
    if request.param in SHIPPED:
        text = files("crm_bridge_mappings").joinpath(request.param).read_text(encoding="utf-8")
        mapping = compile_mapping(load_mapping(text, file=request.param))
    else:
        mapping = compile_mapping(load_mapping(HEAD + _everything(request.param), file="all.yaml"), transforms=odd)
    return mapping, Sources(mapping).records()


@given(data=st.data())
def test_what_is_read_without_a_problem_is_valid(mapped, data):
    """Whatever stands in a record: what can be read is what the model takes, and the rest is told."""
    mapping, records = mapped
    raw = data.draw(records)
    reading = mapping.read(raw)
    straight = mapping._straight(raw)

    assert straight is None or straight == mapping.read_by_rows(raw)
    if not reading.quarantined:
        (validate_claim if mapping.entity == "claim" else validate_client)(reading.doc)
        json.dumps(reading.doc, ensure_ascii=False).encode()
