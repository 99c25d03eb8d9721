"""Rows of a mapping document: their words, checked against the vocabulary, the value maps and the canonical model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from crm_bridge.errors import Place
from crm_bridge.mapping import vocabulary
from crm_bridge.mapping.completeness import never_filled
from crm_bridge.mapping.document import Column, FieldRow, ListRow
from crm_bridge.mapping.parse_columns import ColumnParser, some_of, split_source
from crm_bridge.mapping.paths import IDENTITY, VALUE_KEY, Steps, steps_of
from crm_bridge.mapping.patterns import pattern_mistake
from crm_bridge.mapping.yaml_nodes import Node
from crm_bridge.model import codes, known_path
from crm_bridge.model.forms import form_at


def _leaves(item: Mapping[str, Any], above: Steps = ()) -> Iterator[Steps]:
    for name, value in item.items():
        yield (*above, name)
        if isinstance(value, Mapping):
            yield from _leaves(value, (*above, name))


class RowParser(ColumnParser):
    """Parses the rows of ``fields`` and ``lists``."""

    def field_row(self, path: str, node: Node, place: Place) -> FieldRow | None:
        """A row of ``fields``."""
        if path.split(".")[0] in IDENTITY:
            self.report(place, path, f"{path.split('.')[0]} is a list: put it under `lists:`")
            return None
        column = self.column(node, path=path, label=path, words=vocabulary.FIELD_WORDS, place=place)
        absent = node.value.get("if_absent") if isinstance(node.value, dict) else None
        if column is None:
            return None
        paths: list[str] = []
        if absent is not None:
            given = absent.plain if isinstance(absent.value, list) else [absent.plain]
            for each in given:
                if not isinstance(each, str) or not known_path(each, entity=self.entity):
                    self.report(absent.place, path, f"if_absent: {each} is no path of the model")
                else:
                    paths.append(each)
            if column.direction != "read":
                self.report(absent.place, path, "a row with if_absent has no way back: say `dir: read`")
        if column.transform == "phone" and column.call is None:
            self.report(place, path, "a phone is an item of `lists: contact_points`")
            return None
        return FieldRow(column, tuple(steps_of(each) for each in paths))

    def list_row(self, head: str, node: Node) -> ListRow | None:
        """A row of ``lists``."""
        whole = form_at(head, entity=self.entity) if "." not in head else None
        if whole is None or whole.kind != "list":
            self.report(node.place, head, "the model has no list of this name")
            return None
        if not isinstance(node.value, dict):
            self.report(node.place, head, "a row is expected, such as {src: field, item: {…}}")
            return None
        words: dict[str, Node] = node.value
        before = self.told
        if not self.words_known(node, vocabulary.LIST_WORDS, head):
            return None
        item = words["item"].plain if "item" in words else {}
        if not isinstance(item, dict):
            self.report(words["item"].place, head, "item is a table of fixed values")
            return None
        identity = {name: item[name] for name in IDENTITY.get(head, ()) if name in item}
        label = f"{head}[{'/'.join(map(str, identity.values()))}]" if identity else head
        self._check_item(head, words.get("item"))
        plain = "item" not in words and "parts" not in words and head not in VALUE_KEY
        value_key = "" if plain else VALUE_KEY.get(head, "value")
        transform = words["as"].value if "as" in words else "text"
        each = self._each(words, label)
        pattern = self._pattern(words, label)
        split = words["split"].value if "split" in words else None
        direction = words["dir"].value if "dir" in words else self.defaults.get("dir", "both")
        column = None
        if "src" in words:
            own = Node(
                {key: value for key, value in words.items() if key in vocabulary.COLUMN_ONLY},
                node.place,
                node.key_places,
            )
            column = self.column(
                own,
                path=value_key,
                label=f"{label}.{value_key}" if value_key else label,
                model_path=f"{head}.{value_key or 0}",
                is_flag=head == "consents" and transform == "flag" and "parts" not in words,
            )
        parts = self._columns(words.get("parts"), head, label, words)
        more = self._columns(words.get("more"), head, label, words)
        if ("src" in words) == ("parts" in words) and not pattern:
            self.report(node.place, label, "a row of a list has either `src` or `parts`")
            return None
        if split is not None and (not isinstance(split, str) or not split or "src" not in words or each):
            self.report(words["split"].place, label, "split is a text, in a row with `src` and without `each`")
        if "on_remove" in words:
            self.check_word("on_remove", words["on_remove"], label)
        if transform == "address" and "parts" not in words:
            self.report(node.place, label, "an address needs `parts`")
        if pattern and direction != "read":
            self.report(node.place, label, "a pattern has no way back: say `dir: read`")
        row = ListRow(
            head=head,
            label=label,
            item=item,
            identity=identity,
            column=column,
            parts=parts,
            more=more,
            each=each,
            key=str(words["key"].value) if "key" in words else None,
            split=split,
            pattern=pattern,
            on_remove=words["on_remove"].value if "on_remove" in words else "keep",
            is_address=transform == "address",
            plain=plain,
            direction=direction,
            place=node.place,
        )
        if self.told == before:
            self._check_whole(row)
        return row

    def _check_whole(self, row: ListRow) -> None:
        """An item that never has what the model needs can never be read."""
        if row.plain or row.direction == "write":
            return
        is_own = row.column is not None and not row.parts
        is_flag = row.head == "consents" and row.column is not None and row.column.transform == "flag"
        columns = [*row.parts, *row.more, *([row.column] if row.column is not None and is_own and not is_flag else [])]
        fixed = [*_leaves(row.item), *([("value",)] if row.is_address else [])]
        for path, column in never_filled(columns, entity=self.entity, head=row.head, fixed=fixed):
            words = "the model needs a value here, and nothing in this row gives one: add it to `item`, or as a part"
            self.report(column.place if column is not None else row.place, path, words)
        made = [*fixed, *(part.steps for part in row.parts), *([row.column.steps] if is_own and row.column else [])]
        for each in row.more:
            around = each.steps[:-1]
            if around and each.direction != "write" and not any(steps[: len(around)] == around for steps in made):
                where = ".".join(map(str, around))
                words = f"`more` joins where `{where}` is, and nothing in this row makes that: use parts"
                self.report(each.place, each.label, words)

    def _each(self, words: Mapping[str, Node], label: str) -> tuple[str, ...]:
        if "each" not in words:
            for word in ("key", "on_remove"):
                if word in words:
                    self.report(words[word].place, label, f"{word} belongs to rows with `each`")
            return ()
        if not isinstance(words["each"].value, str) or not words["each"].value:
            self.report(words["each"].place, label, "each names where the nested rows stand, such as ListOfChild.Child")
            return ()
        if "key" not in words:
            self.report(words["each"].place, label, "nested rows need `key`: the field that is their own id")
        return split_source(words["each"].value)

    def _pattern(self, words: Mapping[str, Node], label: str) -> str | None:
        if "pattern" not in words:
            return None
        node = words["pattern"]
        wrong = pattern_mistake(str(node.value))
        if wrong:
            self.report(node.place, label, f"pattern: {wrong}")
            return str(node.value)
        groups = set(re.compile(str(node.value)).groupindex)
        if "split" not in words or "parts" not in words:
            self.report(node.place, label, "a pattern needs `split`, and `parts` that name its groups")
            return None
        for path, part in (words["parts"].value if isinstance(words["parts"].value, dict) else {}).items():
            source = part.value["src"].value if isinstance(part.value, dict) and "src" in part.value else part.value
            if source not in groups:
                self.report(part.place, f"{label}.{path}", f"the pattern has no group (?P<{source}>…)")
        return str(node.value)

    def _columns(self, node: Node | None, head: str, label: str, words: Mapping[str, Node]) -> tuple[Column, ...]:
        if node is None:
            return ()
        if not isinstance(node.value, dict):
            self.report(node.place, label, "a table is expected: path within the item → field")
            return ()
        inherited = {word: words[word] for word in ("dir", "unset") if word in words}
        is_address = "as" in words and words["as"].value == "address"
        found = []
        for path, part in node.value.items():
            inner = f"address.{path}" if is_address else str(path)
            if isinstance(part.value, dict):
                part = Node({**inherited, **part.value}, part.place, part.key_places)  # the same row, completed
            elif inherited:
                part = Node({**inherited, "src": part}, part.place, {})  # the short form, written out
            place = node.place_of(path)
            column = self.column(part, path=inner, label=f"{label}.{inner}", model_path=f"{head}.{inner}", place=place)
            if column is not None:
                found.append(column)
        return tuple(found)

    def _check_item(self, head: str, node: Node | None) -> None:
        if node is None:
            return

        def walk(here: Node, path: str) -> None:
            for key, value in here.value.items():
                inner = f"{path}.{key}"
                if not known_path(inner, entity=self.entity):
                    self.report(here.place_of(key), inner, "the model has no such path")
                elif isinstance(value.value, dict):
                    walk(value, inner)
                else:
                    self._check_fixed(inner, value)

        walk(node, head)

    def _check_fixed(self, path: str, node: Node) -> None:
        """A fixed value has the form of its path."""
        form, allowed = form_at(path, entity=self.entity), codes(path, entity=self.entity)
        misfits = form.misfits(node.plain) if form is not None else ()
        if misfits and allowed is not None and not isinstance(node.value, dict):
            given = node.plain if isinstance(node.value, list) else [node.plain]
            shown = ", ".join(str(each) for each in given if str(each) not in allowed)
            self.report(node.place, path, f"{shown} is no code of the model: use one of {some_of(allowed)}")
        elif misfits:
            self.report(node.place, path, f"not of the model's form: {misfits[0].message}")
