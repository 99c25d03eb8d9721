"""Columns of a mapping document: the words of one row, checked against the vocabulary, the value maps and the model."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import phonenumbers

from crm_bridge.errors import Place
from crm_bridge.mapping import vocabulary
from crm_bridge.mapping.dates import check_format
from crm_bridge.mapping.document import Column
from crm_bridge.mapping.fitting import never_fits
from crm_bridge.mapping.names import NAME_PARTS
from crm_bridge.mapping.paths import steps_of
from crm_bridge.mapping.transforms import TRANSFORMS
from crm_bridge.mapping.yaml_nodes import Node
from crm_bridge.model import codes, known_zone
from crm_bridge.model.forms import MOMENT, TEXT, Form, form_at
from crm_bridge.model.paths import is_key

_SELECTOR = re.compile(r"[\[+]")  # names one entry of a client's list: of use in a change, and not in a row
_DOT = re.compile(r"(?<!\\)\.")
_CHECK = re.compile(r"stdnum(\.[a-z0-9_]+)+")
_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "dir": ("both", "read", "write"),
    "unset": ("keep", "blank", "error"),
    "unknown": ("quarantine", "warn"),
    "on_remove": ("keep", "delete"),
    "required": (True, False),
    "trim": (True, False),
    "blank": ("", None),
    "decimal": (".", ","),
}
# Words of one transform, which no other takes.
_OF_TRANSFORMS = frozenset(word for transform in TRANSFORMS.values() for word in transform.words)


class ColumnParser:
    """Parses columns; mistakes go to ``report(place, path, message)``."""

    def __init__(
        self,
        *,
        entity: str,
        defaults: Mapping[str, Any],
        maps: Mapping[str, Node],
        region: str,
        report: Callable[[Place, str, str], None],
    ) -> None:
        self.entity = entity
        self.defaults = defaults
        self.maps = maps
        self.outer_region = region
        self.takes_outer_region = False
        self._report = report
        self.told = 0
        self.used_maps: set[str] = set()

    def report(self, place: Place, path: str, message: str) -> None:
        """Note a mistake; ``told`` counts them."""
        self.told += 1
        self._report(place, path, message)

    def check_defaults(self, nodes: Mapping[str, Node]) -> None:
        """Check the values under ``defaults:``."""
        for word, node in nodes.items():
            self.check_word(str(word), node, f"defaults.{word}")

    def header_column(self, word: str, node: Node, *, transform: str) -> Column | None:
        """A column of the ``record:`` head."""
        form = MOMENT if word == "changed_at" else TEXT
        return self.column(node, path=word, label=f"record.{word}", transform=transform, form=form)

    def client_column(self, node: Node) -> tuple[Column | None, str | None]:
        """``record.client``: the column, and the system of the identifier that it holds."""
        table = node.value if isinstance(node.value, dict) else {}
        system = table.get("system")
        if "src" not in table or system is None or not isinstance(system.value, str) or set(table) - {"src", "system"}:
            self.report(node.place, "record.client", "say {src: field, system: system of the identifier}")
            return None, None
        return self.header_column("client", table["src"], transform="text"), system.value

    def column(
        self,
        node: Node,
        *,
        path: str,
        label: str,
        transform: str | None = None,
        model_path: str | None = None,
        form: Form | None = None,
        words: frozenset[str] = vocabulary.COLUMN_ONLY,
        place: Place | None = None,
        is_flag: bool = False,
    ) -> Column | None:
        """One column.

        Args:
            model_path: the path to look up in the model, where it is not ``path`` itself.
            form: of the value, where the model has no such path.
            is_flag: the column says by a flag whether there is an item at all.
        """
        place = place or node.place
        table: dict[str, Node] = {"src": node} if isinstance(node.value, str) else node.value
        if not isinstance(table, dict):
            self.report(place, label, "a field name or a row is expected, such as {src: LastName}")
            return None
        if isinstance(node.value, dict) and not self.words_known(node, words, label):
            return None
        model_path = None if form is not None else model_path or path
        if model_path is not None:
            form = form_at(model_path, entity=self.entity) if _SELECTOR.search(model_path) is None else None
            if form is None:
                self.report(place, label, "the model has no such path: see docs/reference/model.md")
                return None
        if "src" not in table or not isinstance(table["src"].value, str) or not table["src"].value:
            self.report(place, label, "`src` is missing: the name of the system's field")
            return None
        for word, value in table.items():
            self.check_word(word, value, label)
        name = table["as"].value if "as" in table else transform or "text"
        call = table["call"].value if "call" in table else None
        if call is not None and "as" in table:
            self.report(table["call"].place, label, "a row has either `as` or `call`")
        if name not in TRANSFORMS:
            where = table["as"].place if "as" in table else place
            self.report(
                where,
                label,
                f"unknown transform {name}: use one of {', '.join(TRANSFORMS)}, or `call: plugin.transform`",
            )
            return None
        options = self._options(table, name, call, label, place, model_path)
        if options is None or form is None:
            return None
        wrong = never_fits(name, form, order=options.get("order", ())) if call is None else None
        if wrong and not is_flag:
            self.report(table["as"].place if "as" in table else place, label, wrong)
            return None
        plain = {word: value.plain for word, value in table.items()}
        return Column(
            path=path,
            steps=steps_of(path) if path else (),
            label=label,
            src=split_source(plain["src"]),
            transform=name,
            options=options,
            direction=plain.get("dir", self.defaults.get("dir", "both")),
            unset=plain.get("unset", self.defaults.get("unset", "keep")),
            required=plain.get("required", False),
            trim=options["trim"],
            severity=plain.get("unknown", "quarantine"),
            place=place,
            max=plain.get("max"),
            check=plain.get("check"),
            call=call,
            form=form,
        )

    def _options(
        self, table: Mapping[str, Node], name: str, call: str | None, label: str, place: Place, path: str | None
    ) -> dict[str, Any] | None:
        options: dict[str, Any] = {
            "trim": table["trim"].value if "trim" in table else self.defaults.get("trim", True),
            "region": self.defaults.get("region", self.outer_region),
            "tz": self.defaults.get("tz", "UTC"),
        }
        if call is not None:
            options["args"] = table["args"].plain if "args" in table else {}
            if not isinstance(call, str) or not isinstance(options["args"], dict):
                self.report(place, label, "call names a plugin's transform, and args is a table")
                return None
            return options
        takes = TRANSFORMS[name].words
        fine = True
        for word in table:
            if word == "args" or (word in _OF_TRANSFORMS and word not in takes):
                owners = [owner for owner, each in TRANSFORMS.items() if word in each.words]
                self.report(
                    table[word].place, label, f"`{word}` belongs to {' and '.join(owners) or 'call'}, not to {name}"
                )
                fine = False
        for word, needed in takes.items():
            if needed and word not in table:
                self.report(place, label, f"{name} needs `{word}`: {vocabulary.ROW_WORDS[word]}")
                fine = False
        if not fine:
            return None
        options |= {word: table[word].plain for word in takes if word in table}
        if name == "phone" and "region" not in table and "region" not in self.defaults:
            self.takes_outer_region = True
        if "format" in options:
            wrong = self._format_mistake(name, options["format"])
            if wrong:
                self.report(table["format"].place, label, f"format: {wrong}")
                return None
        if name == "split_name":
            options["order"] = tuple(str(options["order"]).split())
            if len(set(options["order"])) != len(options["order"]) or not set(options["order"]) <= set(NAME_PARTS):
                self.report(table["order"].place, label, f"order: each of {', '.join(NAME_PARTS)} at most once")
                return None
        if name == "flag" and (type(options["on"]) is not type(options["off"]) or options["on"] == options["off"]):
            self.report(table["on"].place, label, "on and off have to be two values of one type")
        if name == "text" and path is not None:
            options["allowed"] = codes(path, entity=self.entity)
            options["is_zone"] = path.endswith(".time_zone")
            options["is_key"] = is_key(path, entity=self.entity)
        if name == "code":
            return self._value_maps(table, options, label, path)
        return options

    def _format_mistake(self, name: str, given: Any) -> str | None:
        if name == "phone":
            return None if given in ("e164", "digits") else "use e164 or digits"
        return check_format(str(given), moment=name == "datetime")

    def _value_maps(
        self, table: Mapping[str, Node], options: dict[str, Any], label: str, path: str | None
    ) -> dict[str, Any] | None:
        one_way = table["dir"].value if "dir" in table else self.defaults.get("dir", "both")
        found: dict[str, dict[Any, Any]] = {}
        for word in ("values", "write_values"):
            if word not in options:
                continue
            name = options[word]
            if name not in self.maps:
                known = ", ".join(map(str, self.maps)) or "none is given"
                self.report(table[word].place, label, f"no value map {name} under `values:` ({known})")
                return None
            self.used_maps.add(name)
            found[word] = self.maps[name].plain
        allowed = codes(path, entity=self.entity) if path else None
        form = form_at(path, entity=self.entity) if path else None
        node = self.maps[options["values"]]
        for source, canonical in found["values"].items():
            misfits = form.misfits(canonical) if form is not None else ()
            if not isinstance(canonical, str) or misfits:
                reason = "a code is text"
                if misfits and isinstance(canonical, str):
                    reason = f"use one of {some_of(allowed)}" if allowed else misfits[0].message
                self.report(
                    node.value[source].place,
                    f"values.{options['values']}.{source}",
                    f"{canonical} is no code of {label}: {reason}",
                )
        back = found.get("write_values")
        if back is None:
            back = {}
            for source, canonical in found["values"].items():
                if canonical in back and one_way != "read":
                    self.report(
                        node.place_of(source),
                        f"values.{options['values']}.{source}",
                        f"{canonical} is also what {back[canonical]} means, so {label} has no way back: "
                        "give `write_values`, or `dir: read`",
                    )
                back.setdefault(canonical, source)
        else:
            missing = sorted(set(map(str, found["values"].values())) - set(map(str, back)))
            if missing and one_way != "read":
                message = f"no way back for {', '.join(missing)}: add it to values.{options['write_values']}"
                self.report(table["write_values"].place, label, message)
            for canonical, source in back.items():
                if found["values"].get(source) != canonical and one_way == "both" and source not in found["values"]:
                    where = self.maps[options["write_values"]].place_of(canonical)
                    message = (
                        f"{source} would not be understood when it is read again: add it to values.{options['values']}"
                    )
                    self.report(where, f"values.{options['write_values']}.{canonical}", message)
        return {**options, "values": found["values"], "write_values": back}

    def words_known(self, node: Node, words: frozenset[str], label: str) -> bool:
        unknown = [key for key in node.value if key not in words]
        for key in unknown:
            hint = f"use one of {', '.join(sorted(words))}"
            if key in vocabulary.ROW_WORDS:
                hint = f"it does not belong in this place ({vocabulary.ROW_WORDS[str(key)]})"
            self.report(node.place_of(key), label, f"unknown word {key}: {hint}")
        return not unknown

    def check_word(self, word: str, node: Node, label: str) -> None:
        value = node.value
        if word in _CHOICES and not any(
            value is each or (type(value) is type(each) and value == each) for each in _CHOICES[word]
        ):
            choices = ", ".join("null" if each is None else repr(each).lower() for each in _CHOICES[word])
            self.report(node.place, label, f"{word}: use one of {choices}")
        elif word == "max" and (type(value) is not int or value < 1):
            self.report(node.place, label, "max: a whole number of characters, at least 1")
        elif word == "region" and not (isinstance(value, str) and value in phonenumbers.SUPPORTED_REGIONS):
            self.report(node.place, label, "region: a country by two letters of ISO 3166, such as UA")
        elif word == "tz" and not (isinstance(value, str) and known_zone(value)):
            self.report(node.place, label, "tz: a zone of the IANA list, such as Europe/Kyiv")
        elif word == "check" and not _is_stdnum(value):
            self.report(node.place, label, "check: a module of python-stdnum with validate, such as stdnum.ua.rntrc")


def split_source(text: str) -> tuple[str, ...]:
    """``address.street`` → ``("address", "street")``; a backslash keeps a dot within a name."""
    return tuple(piece.replace("\\.", ".") for piece in _DOT.split(text))


def _is_stdnum(name: Any) -> bool:
    if not isinstance(name, str) or not _CHECK.fullmatch(name):
        return False
    try:
        module = importlib.import_module(name)
    except ImportError:
        return False
    return callable(getattr(module, "validate", None))


def some_of(allowed: frozenset[str]) -> str:
    names = sorted(allowed)
    return (
        ", ".join(names) if len(names) <= 12 else f"the {len(names)} codes of its list, such as {', '.join(names[:3])}"
    )
