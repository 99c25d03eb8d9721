"""Telling how far long work has come, without knowing who shows it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Implemented by the terminal, the demo, or nobody."""

    def start(self, stage: str, total: int | None) -> None:
        """A stage begins; ``total`` where it is known."""

    def advance(self, stage: str, number: int) -> None:
        """``number`` more are done."""

    def done(self, stage: str) -> None:
        """The stage is over."""


class Silence:
    """Shows nothing."""

    def start(self, stage: str, total: int | None) -> None:
        pass

    def advance(self, stage: str, number: int) -> None:
        pass

    def done(self, stage: str) -> None:
        pass
