"""How answers look: one canonical JSON object for programs, tables for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crm_bridge.cli.invocation import Invocation

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Where nobody's window limits it, nothing is cut.
UNLIMITED_WIDTH = 10_000
# Of a column of a table: what is longer, such as a list of fields, goes on in the next line.
COLUMN_WIDTH = 60


def show(answer: Mapping[str, Any], *, how: Invocation, table: Callable[[Console], None]) -> None:
    """Print ``answer`` as JSON where that was asked for, else let ``table`` draw it."""
    if how.json:
        sys.stdout.write(canonical_json(answer))
        sys.stdout.flush()
    else:
        table(console())


def canonical_json(answer: Mapping[str, Any]) -> str:
    """Sorted keys and two spaces: equal answers are equal text."""
    import orjson  # late, like rich below: --help needs neither

    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(answer, default=_plain, option=options).decode()


def console() -> Console:
    """Standard output. What clients are called is text, never markup."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else UNLIMITED_WIDTH
    return Console(
        file=sys.stdout, markup=False, emoji=False, highlight=False, width=width, soft_wrap=width is not None
    )


def table_of(rows: Iterable[Mapping[str, Any]], *, columns: Sequence[str] = ()) -> Table:
    """Rows under ``columns``, or under all that any row has, as they first appear; without those that stay empty."""
    from rich import box
    from rich.table import Table

    rows = list(rows)
    wanted = columns or dict.fromkeys(name for row in rows for name in row)
    names = [name for name in wanted if any(cell(row.get(name)) for row in rows)]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold", max_width=COLUMN_WIDTH)
    for row in rows:
        table.add_row(*(cell(row.get(name)) for name in names))
    return table


def pairs_of(values: Mapping[str, Any]) -> Table:
    """One value a line, nested ones by their path."""
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for path, value in _leaves(values):
        table.add_row(path, cell(value))
    return table


def print_rows(to: Console, rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str] = (), none: str) -> None:
    """A table, or the sentence ``none`` when there is nothing in it."""
    to.print(table_of(rows, columns=columns) if rows else none)


def print_part(to: Console, rows: Sequence[Mapping[str, Any]], *, total: int) -> None:
    """Say that ``rows`` are not all there are, and how to see the others."""
    if rows and len(rows) < total:
        to.print(f"\nshowing {len(rows):,} of {total:,}; `--after {rows[-1]['id']}` goes on, `--limit N` shows more")


def cell(value: Any) -> str:
    """A value as text. Control characters of foreign data must not steer the reader's terminal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {cell(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(cell(one) for one in value)
    return "".join(char if char.isprintable() else "\ufffd" for char in str(value))


def _leaves(values: Mapping[str, Any], *, above: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in values.items():
        path = f"{above}.{name}" if above else str(name)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, above=path)
        elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            for index, one in enumerate(value):
                yield from _leaves(one, above=f"{path}.{index}")
        else:
            yield path, value


def _plain(value: Any) -> Any:
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
