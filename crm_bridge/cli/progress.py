"""Progress on standard error, for a person who watches; silence for everybody else."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class TerminalProgress:
    """Stages of a run as bars. A context manager; outside a terminal it draws nothing."""

    def __init__(self) -> None:
        terminal = Console(file=sys.stderr, markup=False, highlight=False)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=terminal,
            disable=not terminal.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def start(self, stage: str, total: int | None) -> None:
        """A stage begins; ``total`` is ``None`` while nobody knows."""
        self._tasks[stage] = self._bars.add_task(stage, total=total)

    def advance(self, stage: str, n: int) -> None:
        """``n`` more are done."""
        if stage in self._tasks:
            self._bars.advance(self._tasks[stage], n)

    def done(self, stage: str) -> None:
        """A stage is over."""
        task = self._tasks.get(stage)
        if task is not None:
            completed = next(each.completed for each in self._bars.tasks if each.id == task)
            self._bars.update(task, total=completed)
            self._bars.stop_task(task)

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
