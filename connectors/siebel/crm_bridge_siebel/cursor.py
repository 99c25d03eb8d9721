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

from crm_bridge.api import StopRun
from crm_bridge_siebel.query import Position, earlier, moment

_PACK_ABOVE = 200  # pairs; below it, readable JSON is worth more than its bytes
_PACKED_LIMIT = 64 * 1024 * 1024


@dataclass(slots=True)
class Seen:
    """The versions given out of one drain's overlap window: ``{second: {Id: ModId}}``."""

    overlap_seconds: int
    by_second: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, updated: str, row_id: str, version: str) -> None:
        """Remember that this version was given."""
        self.by_second.setdefault(updated, {})[row_id] = version

    def prune(self, watermark: str) -> None:
        """Forget what lies before the window that ends at ``watermark``."""
        low = moment(earlier(watermark, seconds=self.overlap_seconds))
        for second in [second for second in self.by_second if moment(second) < low]:
            del self.by_second[second]

    def knows(self, updated: str, row_id: str, version: str) -> bool:
        """Whether this very version was given."""
        return self.by_second.get(updated, {}).get(row_id) == version

    def __len__(self) -> int:
        return sum(len(pairs) for pairs in self.by_second.values())


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place to go on from.

    Attributes:
        position: the last record given, in the order of (Updated, Id).
        seen: what was given of the window before it; ``None``: not recorded, so all of it is given again.
    """

    position: Position
    seen: Mapping[str, Mapping[str, str]] | None

    def dump(self) -> str:
        """The cursor as opaque text."""
        body: dict[str, object] = {"updated": self.position.updated, "id": self.position.row_id}
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
            StopRun: it is not one of ours.
        """
        try:
            body = json.loads(text)
            seen = _unpacked(body["packed"]) if "packed" in body else body.get("seen")
            position = Position(updated=str(body["updated"]), row_id=str(body["id"]))
            moment(position.updated)
        except (ValueError, KeyError, TypeError, zlib.error, binascii.Error) as error:
            raise StopRun(
                "the stored cursor is not one of this connector; remove it, and everything is read once more",
                system=system,
            ) from error
        return Cursor(position=position, seen=seen)


def _unpacked(text: str) -> dict[str, dict[str, str]]:
    plain = zlib.decompressobj().decompress(base64.b64decode(text), _PACKED_LIMIT)
    unpacked: dict[str, dict[str, str]] = json.loads(plain)
    return unpacked
