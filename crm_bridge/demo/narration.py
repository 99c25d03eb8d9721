"""Telling the story on a terminal: numbered steps, progress bars, plain sentences; or nothing at all for ``--json``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text


class StageBars:
    """Shows the bridge's stages as bars; fulfils :class:`crm_bridge.run_context.progress.Progress`.

    A stage may be started again, with a further total; it then goes on in its bar.
    """

    def __init__(self, bars: Bars | None) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def start(self, stage: str, total: int | None) -> None:
        if self._bars is None:
            return
        if stage in self._tasks:
            self._bars.update(self._tasks[stage], total=total, visible=True)
        else:
            self._tasks[stage] = self._bars.add_task(stage, total=total)

    def advance(self, stage: str, number: int) -> None:
        if self._bars is not None and stage in self._tasks:
            self._bars.advance(self._tasks[stage], number)

    def done(self, stage: str) -> None:
        if self._bars is None or stage not in self._tasks:
            return
        task = self._tasks[stage]
        done = next(each.completed for each in self._bars.tasks if each.id == task)
        if done:
            self._bars.update(task, total=done)
        else:
            self._bars.update(task, visible=False)  # nothing to do is not worth a line


class Narrator:
    """Tells what happens. ``console=None``: silently."""

    def __init__(self, console: Console | None) -> None:
        self._console = console
        self._steps = 0

    def step(self, title: str) -> None:
        """A new step begins."""
        self._steps += 1
        if self._console is not None:
            self._console.print()
            self._console.print(Text(f"{self._steps}. {title}", style="bold"))

    def say(self, sentence: str) -> None:
        """A sentence under the step; square brackets are text."""
        if self._console is not None:
            self._console.print(Text(f"   {sentence}"))

    def show(self, what: RenderableType) -> None:
        """A table or the like."""
        if self._console is not None:
            self._console.print(what)

    def farewell(self, commands: Sequence[str]) -> None:
        """What to try next."""
        if self._console is not None:
            self._console.print("\nTry next:")
            for command in commands:
                self._console.print(Text(f"   {command}"), soft_wrap=True)

    @contextmanager
    def bars(self) -> Iterator[StageBars]:
        """Progress bars for what runs inside."""
        if self._console is None:
            yield StageBars(None)
            return
        columns = (TextColumn("   {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Bars(*columns, console=self._console) as bars:
            yield StageBars(bars)
