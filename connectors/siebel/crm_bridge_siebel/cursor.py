"""The cursor of a drain: how far it came, and which versions it gave out within the overlap window.

The watermark comes from the data, never from a clock. Times carry whole seconds and commits may come late, so each
poll looks back ``overlap_seconds`` and compares (Id, ModId) with what it has already given.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.query import Position, earlier, moment

_PACK_ABOVE = 200  # pairs; below it, readable JSON is worth more than its bytes
_PACKED_LIMIT = 64 * 1024 * 1024
_MORE = ("version", "floor", "children", "children_at")


@dataclass(slots=True)
class Seen:
    """The versions given out of one drain's overlap window: ``{second: {Id: ModId}}``."""

    overlap_seconds: int
    by_second: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, updated: str, row_id: str, version: str) -> None:
        """Remember that this version was given."""
        self.by_second.setdefault(updated, {})[row_id] = version

    def prune(self, watermark: str, *, further: int = 0) -> None:
        """Forget what lies before the window that ends at ``watermark``; ``further``: seconds that it is longer."""
        low = moment(earlier(watermark, seconds=self.overlap_seconds + further))
        for second in [second for second in self.by_second if moment(second) < low]:
            del self.by_second[second]

    def knows(self, updated: str, row_id: str, version: str) -> bool:
        """Whether this very version was given."""
        return self.by_second.get(updated, {}).get(row_id) == version

    def newest(self, count: int) -> dict[str, tuple[str, str]]:
        """The latest ``count`` versions given: Id → (Updated, ModId)."""
        found: dict[str, tuple[str, str]] = {}
        for second in sorted(self.by_second, key=moment, reverse=True):
            for row_id, version in self.by_second[second].items():
                if len(found) >= count:
                    return found
                found.setdefault(row_id, (second, version))
        return found

    def __len__(self) -> int:
        return sum(len(pairs) for pairs in self.by_second.values())


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place to go on from.

    Attributes:
        position: the last record given, in the order of (Updated, Id).
        seen: what was given of the window before it; ``None``: not recorded, so all of it is given again.
        version: ModId of the record at ``position``; empty: not known.
        floor: where the drain found the newest record when it began, if that is before ``position``: commits that came
            later can be as old as that, less the overlap. Empty: as ``position``.
        children: fingerprints of child rows (:mod:`crm_bridge_siebel.children`), packed; empty: none were taken.
        children_at: when, ISO 8601.
    """

    position: Position
    seen: Mapping[str, Mapping[str, str]] | None
    version: str = ""
    floor: str = ""
    children: str = ""
    children_at: str = ""

    @property
    def watermark(self) -> str:
        """From where the next poll looks back."""
        if self.floor and moment(self.floor) < moment(self.position.updated):
            return self.floor
        return self.position.updated

    def dump(self) -> str:
        """The cursor as opaque text."""
        body: dict[str, object] = {"updated": self.position.updated, "id": self.position.row_id}
        body |= {name: value for name in _MORE if (value := getattr(self, name))}
        if self.seen is not None:
            if sum(len(pairs) for pairs in self.seen.values()) > _PACK_ABOVE:
                plain = json.dumps(self.seen, separators=(",", ":")).encode()
                body["packed"] = base64.b64encode(zlib.compress(plain, 6)).decode()
            else:
                body["seen"] = self.seen
        return json.dumps(body, separators=(",", ":"))

    @staticmethod
    def load(text: str, *, system: str) -> Cursor:
        """The cursor that ``dump`` wrote.

        Raises:
            ConfigMistake: it is not one of ours.
        """
        try:
            body = json.loads(text)
            seen = _unpacked(body["packed"]) if "packed" in body else body.get("seen")
            position = Position(updated=str(body["updated"]), row_id=str(body["id"]))
            more = {name: str(body.get(name, "")) for name in _MORE}
            for text in filter(None, (position.updated, more["floor"])):
                moment(text)
        except (ValueError, KeyError, TypeError, zlib.error, binascii.Error) as error:
            raise ConfigMistake(
                f"{system}: the stored cursor is not one of this connector; remove it, and everything is read once more"
            ) from error
        return Cursor(position=position, seen=seen, **more)


def _unpacked(text: str) -> dict[str, dict[str, str]]:
    plain = zlib.decompressobj().decompress(base64.b64decode(text), _PACKED_LIMIT)
    unpacked: dict[str, dict[str, str]] = json.loads(plain)
    return unpacked
