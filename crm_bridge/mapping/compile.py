"""A document, compiled once: columns bound, rows turned into closures, and all of them written out as one function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crm_bridge.mapping.columns import BoundColumn, Transforms
from crm_bridge.mapping.completeness import missing_in, wholes_of
from crm_bridge.mapping.document import Column, ListRow, MappingDocument
from crm_bridge.mapping.items import BoundListRow, Problems, problem_of
from crm_bridge.mapping.paths import look
from crm_bridge.mapping.reading import Step, field_step, list_step
from crm_bridge.mapping.sources import Source, sources_of
from crm_bridge.mapping.straight import FieldSteps, straight_reader
from crm_bridge.mapping.transforms import printable
from crm_bridge.mapping.values import BadValue, ExplainedPath, Problem, Reading, TransformType, WriteBack
from crm_bridge.mapping.write_back import Writer
from crm_bridge.model.formats import is_blank


def compile_mapping(
    document: MappingDocument, *, transforms: Mapping[str, TransformType] | None = None
) -> CompiledMapping:
    """Compile ``document``.

    Args:
        transforms: what plugins registered, by ``plugin.transform``.

    Raises:
        ConfigMistake: a ``call:`` that no plugin offers, or that has no way back in a row that is written.
    """
    return CompiledMapping(document, transforms or {})


NOTHING: Mapping[str, Any] = {}


class CompiledMapping:
    """Reads raw records of one kind, and says what to write back. Holds no state; threads may share it."""

    def __init__(self, document: MappingDocument, transforms: Transforms) -> None:
        header = document.header
        self.document = document
        self.name = header.name
        self.version = header.version
        self.entity = header.entity
        self.image = header.image
        self._id = BoundColumn(_exact(header.id), transforms)
        self._changed_at = BoundColumn(header.changed_at, transforms) if header.changed_at else None
        self._client = BoundColumn(_exact(header.client), transforms) if header.client else None
        fields = [(*field_step(row, transforms), row) for row in document.fields]
        readable = [
            (FieldSteps(step, bound, bool(row.if_absent) or bound.column.transform == "split_name"), row)
            for step, bound, row in fields
            if bound.readable
        ]
        rows = (_with_exact_id(row, header.id) for row in document.lists)
        self._lists = tuple(BoundListRow(row, transforms, entity=header.entity) for row in rows)
        first = [each for each, row in readable if not row.if_absent]
        last = [each for each, row in readable if row.if_absent]
        self._steps: tuple[Step, ...] = (
            *(each.step for each in first),
            *map(list_step, self._lists),
            *(each.step for each in last),
        )
        self._required = tuple(bound for _, bound, _ in fields if bound.column.required)
        self._wholes = wholes_of((bound for _, bound, _ in fields), entity=header.entity)
        self._fields = tuple((step, bound) for step, bound, _ in fields)
        self._writer = Writer(document, tuple(bound for _, bound, _ in fields), self._lists, self._id)
        self._kind = {} if header.entity == "claim" else {"kind": header.entity}
        self._straight = straight_reader(
            header,
            own_id=self._id,
            changed_at=self._changed_at,
            first=first,
            lists=self._lists,
            last=last,
            required=self._required,
            wholes=self._wholes,
            client_of=self._client_ref if self._client is not None else None,
        )

    @property
    def writes_paths(self) -> frozenset[str]:
        """Heads of the canonical paths that :meth:`write` can write: ``name``, ``contact_points``, …"""
        return self._writer.heads

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every field of the system that the document names, with its place."""
        return sources_of(self.document)

    def read(self, raw: Mapping[str, Any]) -> Reading:
        """Read a raw record. Bad data never raises: it is among the problems."""
        straight = self._straight(raw) if type(raw) is dict else None
        return straight if straight is not None else self.read_by_rows(raw)

    def read_by_rows(self, raw: Mapping[str, Any]) -> Reading:
        """The same row by row, which says what is wrong."""
        problems: Problems = []
        if type(raw) is not dict:
            if not isinstance(raw, Mapping):
                return Reading("", None, None, {}, None, (_shape("", "the record is not an object", raw),))
            raw = dict(raw)
        doc: dict[str, Any] = self._kind.copy()
        record_id = self._identity(raw, problems)
        if record_id is None:
            record_id = ""
            if not problems:
                message = "the record has no id: correct the system, or `record.id` in the mapping"
                problems.append(Problem("record.id", self._id.name, "required", message, self._id.raw(raw)))
        for step in self._steps:
            step(raw, doc, problems)
        for bound in self._required:
            if look(doc, bound.steps) is None and not any(problem.path == bound.label for problem in problems):
                message = "a value is needed here: enter it in the system that holds the record"
                problems.append(Problem(bound.label, bound.name, "required", message, bound.raw(raw)))
        if self._wholes:
            problems += missing_in(doc, self._wholes, record=raw, problems=problems)
        version = self._version(raw, problems)
        changed_at = self._take(self._changed_at, raw, problems) if self._changed_at is not None else None
        client = self._client_ref(raw, problems) if self._client is not None else None
        return Reading(record_id, version, changed_at, doc, client, tuple(problems))

    def record_id(self, raw: Mapping[str, Any]) -> str:
        """The id of a raw record; empty when it has none that can be read."""
        if not isinstance(raw, Mapping):
            return ""
        return self._identity(raw if type(raw) is dict else dict(raw), []) or ""

    def write(
        self, base_raw: Mapping[str, Any] | None, doc: Mapping[str, Any], *, not_kept: Mapping[str, Any] = NOTHING
    ) -> WriteBack:
        """What to write so that the record says what ``doc`` says.

        Args:
            base_raw: the record as last agreed on; ``None``: it is to be created.
            doc: the client's document; neither it nor ``base_raw`` is changed.
            not_kept: unit → value of what is emptied where ``doc`` lacks it, though its row says ``unset: keep``.
        """
        base = self.read(base_raw) if base_raw is not None else None
        return self._writer.write(base_raw, base, doc, not_kept=not_kept)

    def explain(self, raw: Mapping[str, Any]) -> tuple[ExplainedPath, ...]:
        """What each row of the document makes of ``raw``, by itself."""
        whole = self.read(raw).doc
        found = []
        for step, bound in self._fields:
            problems: Problems = []
            own: dict[str, Any] = {}
            step(raw, own, problems)
            result = look(own, bound.steps)
            if result is not None and _contradicted(result, look(whole, bound.steps)):
                result = None  # a row with if_absent whose paths other rows have filled
            place = str(bound.column.place)
            found.append(ExplainedPath(bound.label, place, {bound.name: bound.raw(raw)}, result, tuple(problems)))
        for row in self._lists:
            problems, own = [], {}
            list_step(row)(raw, own, problems)
            columns = [] if row.row.each else [each for each in (row.column, *row.parts, *row.more) if each is not None]
            taken = {each.name: each.raw(raw) for each in columns if not row.row.pattern or each not in row.parts}
            if row.row.each:
                taken = {row.field_prefix: look(raw, row.row.each)}
            found.append(
                ExplainedPath(row.row.label, str(row.row.place), taken, own.get(row.row.head), tuple(problems))
            )
        return tuple(found)

    def _take(self, column: BoundColumn, raw: Any, problems: Problems) -> Any:
        try:
            return column.pull(raw)
        except BadValue as error:
            problems.append(problem_of(error, column, raw))
            return None

    def _identity(self, raw: Any, problems: Problems) -> str | None:
        found: str | None = self._take(self._id, raw, problems)
        return found if found is not None and not is_blank(found) else None

    def _version(self, raw: Any, problems: Problems) -> str | None:
        name = self.document.header.concurrency
        if name is None:
            return None
        value = raw.get(name)
        if type(value) is str:
            try:
                return printable(value) or None
            except BadValue as error:
                problems.append(Problem("record.concurrency", name, error.code, error.message, value))
                return None
        if type(value) is int:
            return str(value)
        if value is not None:
            problems.append(_shape("record.concurrency", "a version token is text or a whole number", value, name))
        return None

    def _client_ref(self, raw: Any, problems: Problems) -> tuple[str, str] | None:
        assert self._client is not None  # noqa: S101  # the caller looked
        before = len(problems)
        value = self._take(self._client, raw, problems)
        if value is None:
            if len(problems) == before:
                message = "the record does not say which client it belongs to: enter it in the system that holds it"
                problems.append(Problem("record.client", self._client.name, "required", message, self._client.raw(raw)))
            return None
        return str(self.document.header.client_system), value


def _exact(column: Column) -> Column:
    """An id is what its system says, blanks included: two that differ by a blank are two records."""
    return replace(column, options={**column.options, "trim": False}) if "trim" in column.options else column


def _with_exact_id(row: ListRow, own: Column) -> ListRow:
    """A record's own id among its identifiers is that id."""
    if row.head != "identifiers" or row.each or row.column is None or row.column.src != own.src:
        return row
    return replace(row, column=_exact(row.column))


def _shape(path: str, message: str, value: Any, field: str = "") -> Problem:
    return Problem(path, field, "bad_shape", f"{message}: correct the system that sent it", value)


def _contradicted(result: Any, whole: Any) -> bool:
    if isinstance(result, dict) and isinstance(whole, dict):
        return any(whole.get(key) != value for key, value in result.items())
    return bool(result != whole)
