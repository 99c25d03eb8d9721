"""From YAML nodes to a checked :class:`MappingDocument`; every mistake is reported at once, with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm_bridge.errors import ConfigMistake, Place
from crm_bridge.mapping import vocabulary
from crm_bridge.mapping.completeness import never_filled
from crm_bridge.mapping.document import NO_REGION, FieldRow, Header, InlineTest, ListRow, MappingDocument
from crm_bridge.mapping.parse_rows import RowParser
from crm_bridge.mapping.parse_tests import parse_test
from crm_bridge.mapping.yaml_nodes import MappingMistakes, Node, load_nodes

_ENTITIES = ("person", "organisation", "claim")


def load_mapping(text: str, *, file: str, region: str | None = None) -> MappingDocument:
    """Read a mapping document.

    Args:
        file: its name, for messages.
        region: the country whose national phone forms are understood where the document names none.

    Raises:
        ConfigMistake: printed as ``file:line:col: path: what to do``, one line a mistake.
    """
    root = load_nodes(text, file=file)
    mistakes: list[ConfigMistake] = []
    document = _Parser(root, file, mistakes, region).document()
    if mistakes or document is None:
        raise MappingMistakes(sorted(mistakes, key=_position))
    return document


def _position(mistake: ConfigMistake) -> tuple[int, int]:
    place = mistake.place
    return (place.line or 0, place.column or 0) if place else (0, 0)


class _Parser:
    def __init__(self, root: Node, file: str, mistakes: list[ConfigMistake], region: str | None) -> None:
        self.region = region or NO_REGION
        self.root = root
        self.file = file
        self.mistakes = mistakes

    def mistake(self, place: Place, path: str, message: str) -> None:
        self.mistakes.append(ConfigMistake(message, place=place, path=path))

    def document(self) -> MappingDocument | None:
        if not isinstance(self.root.value, dict):
            self.mistake(self.root.place, "", "a mapping document is a table: begin with `mapping: system.kind`")
            return None
        top: dict[str, Node] = self.root.value
        self._known(self.root, vocabulary.DOCUMENT_WORDS, "")
        entity = self._entity(top)
        defaults = self._table(top.get("defaults"), "defaults")
        self._known(top.get("defaults"), vocabulary.DEFAULT_WORDS, "defaults")
        maps = {
            name: node for name, node in self._table(top.get("values"), "values").items() if self._is_map(name, node)
        }
        rows = RowParser(
            entity=entity,
            defaults={key: node.plain for key, node in defaults.items()},
            maps=maps,
            region=self.region,
            report=self.mistake,
        )
        rows.check_defaults(defaults)
        header = self._header(top, entity, rows)
        fields = list(self._fields(top.get("fields"), rows))
        lists = list(self._lists(top.get("lists"), rows))
        self._whole_values(fields, lists, entity)
        tests = self._tests(top.get("tests"), entity)
        for name, node in maps.items():
            if name not in rows.used_maps:
                self.mistake(node.place, f"values.{name}", "no row uses this value map: use it or remove it")
        if header is None:
            return None
        outer = self.region if rows.takes_outer_region else None
        return MappingDocument(self.file, header, tuple(fields), tuple(lists), tuple(tests), outer)

    def _entity(self, top: Mapping[str, Node]) -> str:
        given = [key for key in ("client", "entity") if key in top]
        if len(given) != 1:
            self.mistake(
                self.root.place, "client", "say `client: person` or `client: organisation`, or `entity: claim`"
            )
            return "person"
        node = top[given[0]]
        if node.value not in _ENTITIES:
            self.mistake(node.place, given[0], f"unknown entity: use one of {', '.join(_ENTITIES)}")
            return "person"
        return str(node.value)

    def _header(self, top: Mapping[str, Node], entity: str, rows: RowParser) -> Header | None:
        for word in ("mapping", "version", "record"):
            if word not in top:
                self.mistake(self.root.place, word, f"`{word}:` is missing: {vocabulary.DOCUMENT_WORDS[word]}")
        record_node = top.get("record")
        record = self._table(record_node, "record")
        self._known(record_node, vocabulary.RECORD_WORDS, "record")
        if record_node is None:
            return None
        for word in ("id", "image"):
            if word not in record:
                self.mistake(record_node.place, f"record.{word}", f"missing: {vocabulary.RECORD_WORDS[word]}")
        image = record["image"].value if "image" in record else "full"
        if image not in ("full", "partial"):
            self.mistake(record["image"].place, "record.image", "say `full` or `partial`")
        changed_at = client = system = None
        if "changed_at" in record:
            changed_at = rows.header_column("changed_at", record["changed_at"], transform="datetime")
        if "client" in record:
            client, system = rows.client_column(record["client"])
        elif entity == "claim":
            self.mistake(record_node.place, "record.client", "a claim has to say whose it is: {src: …, system: …}")
        identity = rows.header_column("id", record["id"], transform="text") if "id" in record else None
        concurrency = record.get("concurrency")
        if concurrency is not None and not isinstance(concurrency.value, str):
            self.mistake(concurrency.place, "record.concurrency", "the name of a field is text")
        blank = rows.defaults.get("blank", "")
        if identity is None or self.mistakes:
            return None
        return Header(
            name=str(top["mapping"].value),
            version=str(top["version"].value),
            entity=entity,  # type: ignore[arg-type]  # checked against _ENTITIES above
            id=identity,
            concurrency=concurrency.value if concurrency else None,
            changed_at=changed_at,
            client=client,
            client_system=system,
            image="partial" if image == "partial" else "full",
            blank=blank,
            concurrency_place=concurrency.place if concurrency else None,
        )

    def _fields(self, node: Node | None, rows: RowParser) -> Iterable[FieldRow]:
        found = []
        for path, row in self._table(node, "fields").items():
            assert node is not None  # noqa: S101  # a row was found in it
            parsed = rows.field_row(str(path), row, node.place_of(path))
            if parsed is not None:
                found.append(parsed)
        taken: dict[tuple[str, ...], Place] = {}
        for field in found:
            column = field.column
            if column.direction == "read":
                continue
            if column.src in taken:
                self.mistake(
                    column.place,
                    column.path,
                    f"{column.field_name} is already written by the row in line {taken[column.src].line}: "
                    "say `dir: read` here",
                )
            taken.setdefault(column.src, column.place)
        return found

    def _whole_values(self, fields: list[FieldRow], lists: list[ListRow], entity: str) -> None:
        """Rows for a part of a value, such as a sum without its currency, can never be read; nor a claim's for none."""
        if self.mistakes:
            return
        columns = [row.column for row in fields]
        for path, column in never_filled(columns, entity=entity, fixed=[(row.head,) for row in lists]):
            place = column.place if column is not None else self.root.place
            self.mistake(place, path, "the model needs a value here, and no row gives one: add a row for it")

    def _lists(self, node: Node | None, rows: RowParser) -> Iterable[ListRow]:
        found: list[ListRow] = []
        for head, items in self._table(node, "lists").items():
            if not isinstance(items.value, list):
                self.mistake(items.place, f"lists.{head}", "a list of rows is expected: begin each with `- `")
                continue
            for row in items.value:
                parsed = rows.list_row(str(head), row)
                if parsed is None:
                    continue
                for other in found:
                    if _same_row(parsed, other):
                        self.mistake(
                            row.place, parsed.label, f"the same as the row in line {other.place.line}: keep one"
                        )
                found.append(parsed)
        return found

    def _tests(self, node: Node | None, entity: str) -> Iterable[InlineTest]:
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.mistake(node.place, "tests", "a list of tests is expected: begin each with `- name: …`")
            return []
        found = []
        for at, test in enumerate(node.value):
            path = f"tests.{at}"
            table = self._table(test, path)
            self._known(test, vocabulary.TEST_WORDS, path)
            parsed = parse_test(test, table, path=path, entity=entity, report=self.mistake)
            if parsed is not None:
                found.append(parsed)
        return found

    def _table(self, node: Node | None, path: str) -> dict[Any, Node]:
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self.mistake(node.place, path, "a table is expected: `key: value` lines")
            return {}
        return node.value

    def _known(self, node: Node | None, words: Iterable[str], path: str) -> None:
        if node is None or not isinstance(node.value, dict):
            return
        known = sorted(words)
        for key in node.value:
            if key not in known:
                where = f"{path}.{key}" if path else str(key)
                self.mistake(node.place_of(key), where, f"unknown key: use one of {', '.join(known)}")

    def _is_map(self, name: Any, node: Node) -> bool:
        if isinstance(node.value, dict) and all(
            not isinstance(each.value, dict | list) for each in node.value.values()
        ):
            return True
        self.mistake(node.place, f"values.{name}", "a value map is a table: {source: canonical}")
        return False


def _same_row(left: ListRow, right: ListRow) -> bool:
    def source(row: ListRow) -> object:
        return row.each, row.column.src if row.column else tuple(part.src for part in row.parts)

    return left.head == right.head and source(left) == source(right) and left.item == right.item
