"""A drop folder as the bridge sees it: the agency's files are read row by row, ours are put there whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crm_bridge.api import (
    BridgeError,
    BrokenRecord,
    Capabilities,
    ConnectorContext,
    ConnectorType,
    EffectSafety,
    Page,
    RawRecord,
    RecordWrite,
    Unreachable,
    WriteMode,
    WriteOutcome,
)

from .handover import content_of, decide, mark_of, put_file
from .inbox import Finished, Inbox, WholeFile
from .settings import VendorFilesSettings
from .table import Layout, Table, read_table


class VendorFiles:
    """A connector for one agency. Implements RecordSource, RecordTarget and FieldLister.

    Files are news, not a base: there is no list of all clients, and no absence means anything. ``read`` gives what
    the agency *said last* of a client, which is not what it holds after it took one of our files.
    """

    def __init__(self, settings: VendorFilesSettings, context: ConnectorContext) -> None:
        self._settings = settings
        self._system = context.system
        self._clock = context.clock
        self._outbox = context.base_dir / settings.outbox
        self._layout = Layout(
            settings.columns, settings.record_id, settings.encoding, settings.delimiter, settings.ends_with_line_end
        )
        self._inbox = Inbox(
            context.base_dir / settings.inbox,
            pattern=settings.pattern,
            settle_seconds=settings.settle_seconds,
            clock=context.clock,
        )
        self._last_words: Mapping[str, RawRecord] = {}
        self._last_words_of: object = None

    def kinds(self) -> Sequence[str]:
        return (self._settings.kind,)

    def capabilities(self, kind: str) -> Capabilities:
        self._known(kind)
        return Capabilities(
            incremental=True,
            reads_back=False,
            write_mode=WriteMode.REPLACE,
            effect_safety=EffectSafety.IDEMPOTENT,
            page_size=self._settings.page_size,
            batch_size=self._settings.batch_size,
        )

    def check(self) -> Sequence[str]:
        """Look at both folders, and at the header of each file."""
        with _named(self._system):
            if not self._outbox.is_dir():
                raise Unreachable("the outbox is not there: is the share mounted?", system=self._system)
            tables = [self._table(file.name, file.content) for file in self._inbox.files()]
        return [f"{piece.position}: {piece.cause}" for table in tables for piece in table.broken if not table.records]

    def fields(self, kind: str) -> frozenset[str]:
        """The columns; a dot in a name gets the backslash that a mapping's ``src`` has there."""
        self._known(kind)
        return frozenset(name.replace(".", "\\.") for name in self._settings.columns)

    def close(self) -> None:
        """There is nothing to give back."""

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        """The rows of files that were not read yet, in the order of names.

        The cursor moves behind a file with its last page: a file is read whole, or again. The same bytes under another
        name are no news, and are told instead.
        """
        self._known(kind)
        with _named(self._system):
            finished = Finished.parse(cursor)
            for file in self._inbox.files():
                if finished.files.get(file.name) == file.seen:
                    continue
                table = self._table(file.name, file.content)
                twin = finished.twin_of(file) if table.records or table.broken else None
                finished.files[file.name] = file.seen
                if twin is not None:
                    yield _repeated(file, twin, finished)
                    continue
                finished.last = file.seen[1]
                yield from self._pages(table, cursor=finished.cursor())

    def read(self, kind: str, record_ids: Sequence[str]) -> Sequence[RawRecord]:
        """What the agency's files said last of these clients."""
        self._known(kind)
        with _named(self._system):
            present = self._inbox.signature()
            if present != self._last_words_of:
                self._last_words = {row[self._layout.record_id].strip(): row for row in self._said()}
                self._last_words_of = present
        return [self._last_words[name] for name in record_ids if name in self._last_words]

    def _said(self) -> Iterator[RawRecord]:
        """The rows of all files, oldest first; of equal files the first one's, as in ``read_changes``."""
        seen = set()
        for file in self._inbox.files():
            if file.seen not in seen:
                seen.add(file.seen)
                yield from self._table(file.name, file.content).records

    def write(self, kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        """One file for all of them. The same batch again finds its file, or puts the same whole rows there again."""
        self._known(kind)
        refuse = self._settings.refuse_formulas
        outcomes = [decide(write, layout=self._layout, refuse_formulas=refuse) for write in writes]
        content = content_of(outcomes, layout=self._layout)
        if content is not None:
            with _named(self._system):
                put_file(self._outbox, content, mark=mark_of(writes), now=self._clock())
        return outcomes

    def _pages(self, table: Table, *, cursor: str) -> Iterator[Page]:
        size = self._settings.page_size
        starts = range(0, len(table.records), size) or range(1)
        for start in starts:
            last = start == starts[-1]
            yield Page(
                records=table.records[start : start + size],
                cursor=cursor if last else None,
                broken=table.broken if last else (),
            )

    def _table(self, file: str, content: bytes) -> Table:
        return read_table(content, file=file, layout=self._layout)

    def _known(self, kind: str) -> None:
        if kind != self._settings.kind:
            raise ValueError(f"these files hold {self._settings.kind}, not {kind!r}")


def _repeated(file: WholeFile, twin: str, finished: Finished) -> Page:
    """The page of a file that was read before under another name: nothing of it counts.

    Where other files came between the two, its rows may be old ones, or the newest word, which sets values back:
    nobody can tell, so a person is asked.
    """
    if finished.last == file.seen[1]:
        note = f"{file.name} holds the same as {twin}, byte for byte: it was not read again"
        return Page((), cursor=finished.cursor(), notes=(note,))
    cause = (
        f"it holds the same as {twin}, byte for byte, and other files were read since: not one row was taken; if the "
        "agency means to set these clients back, let it send the file with an empty line more, else discard this"
    )
    return Page((), cursor=finished.cursor(), broken=(BrokenRecord(file.name, cause, "", "repeated_file"),))


class _named:  # noqa: N801  # reads as a statement: with _named(system)
    """Says which system an error of the folders is about."""

    def __init__(self, system: str) -> None:
        self._system = system

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BridgeError) and error.system is None:
            error.system = self._system


def _rehearsals() -> Sequence[type]:
    from .rehearsal import VendorFilesRehearsal  # late: test gear, which a sync does not load

    return (VendorFilesRehearsal,)


CONNECTOR = ConnectorType(
    name="vendor_files",
    settings=VendorFilesSettings,
    open=VendorFiles,
    summary="A drop folder of an outsourced agency: CSV files in and out, in the agency's own code page.",
    rehearsals=_rehearsals,
)
