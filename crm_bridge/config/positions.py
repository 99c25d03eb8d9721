"""Where each key of a TOML document stands: ``tomllib`` gives the values, this gives their lines.

The document is known to be valid TOML (``tomllib`` has read it), so this scanner need not judge it: it walks keys,
tables and values, and notes the line of each.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import TypeAlias

PathTuple: TypeAlias = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^\s,\]}#]+(?:[ ][^\s,\]}#]+)*")
_BASIC = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL = re.compile(r"'[^']*'")
_MULTILINE = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')', re.DOTALL)
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_BLANK = re.compile(r"[ \t]+")


def find_positions(text: str) -> Mapping[PathTuple, int]:
    """The line (from 1) of each table, key and array item of ``text``, by path. ``text`` must be valid TOML."""
    return _Scanner(text).scan()


class _Scanner:
    """A walk over one document. ``lines`` keeps the first line on which a path was named."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[PathTuple, int] = {}
        self.arrays: dict[PathTuple, int] = {}
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._line = 0

    def scan(self) -> Mapping[PathTuple, int]:
        table: PathTuple = ()
        self._skip(_SPACE)
        while self.at < len(self.text):
            table = self._header() if self.text[self.at] == "[" else self._pair(table)
            self._skip(_SPACE)
        return self.lines

    def _header(self) -> PathTuple:
        line = self._line_here()
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        path: PathTuple = ()
        parts = self._key()
        for part in parts:
            path = self._inside_array((*path, part))
        if is_array:
            bare = self._last_array(path)
            self.arrays[bare] = self.arrays.get(bare, -1) + 1
            path = (*bare, self.arrays[bare])
            self.lines.setdefault(bare, line)
        self._note(path, line=line)
        self.at += 2 if is_array else 1
        return path

    def _inside_array(self, path: PathTuple) -> PathTuple:
        return (*path, self.arrays[path]) if path in self.arrays else path

    def _last_array(self, path: PathTuple) -> PathTuple:
        return path[:-1] if path and isinstance(path[-1], int) else path

    def _pair(self, table: PathTuple) -> PathTuple:
        line = self._line_here()
        path = (*table, *self._key())
        self._note(path, line=line)
        self.at += 1  # the equals sign, which _key has left us at
        self._skip(_BLANK)
        self._value(path)
        return table

    def _value(self, path: PathTuple) -> None:
        start = self.text[self.at]
        if start == "[":
            self._array(path)
        elif start == "{":
            self._inline_table(path)
        else:
            self._skip(_MULTILINE) or self._skip(_BASIC) or self._skip(_LITERAL) or self._skip(_SCALAR)

    def _array(self, path: PathTuple) -> None:
        self.at += 1
        index = 0
        self._skip(_SPACE)
        while self.text[self.at] != "]":
            self._note((*path, index), line=self._line_here())
            self._value((*path, index))
            index += 1
            self._skip(_SPACE)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(_SPACE)
        self.at += 1

    def _inline_table(self, path: PathTuple) -> None:
        self.at += 1
        self._skip(_SPACE)
        while self.text[self.at] != "}":
            self._pair(path)
            self._skip(_SPACE)
            if self.text[self.at] == ",":
                self.at += 1
                self._skip(_SPACE)
        self.at += 1

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            self._skip(_BLANK)
            begin = self.at
            if self._skip(_BARE_KEY):
                parts.append(self.text[begin : self.at])
            else:
                self._skip(_BASIC) or self._skip(_LITERAL)
                parts.append(str(tomllib.loads(f"key = {self.text[begin : self.at]}")["key"]))
            self._skip(_BLANK)
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def _note(self, path: PathTuple, *, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)
        self.lines[path] = min(self.lines[path], line) if path in self.lines else line

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self.text, self.at)
        if match is None:
            return False
        self.at = match.end()
        return True

    def _line_here(self) -> int:
        while self._line + 1 < len(self._line_starts) and self._line_starts[self._line + 1] <= self.at:
            self._line += 1
        return self._line + 1
