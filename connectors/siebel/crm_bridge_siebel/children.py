"""Finding changes of child rows alone, which need not touch their record: by fingerprints of the child rows.

A phone, an address or a consent has ``Updated`` and ``ModId`` of its own. So the child rows of every record are
looked through, their fingerprints summed into a fixed number of buckets by record id, and where a bucket's sum differs
from the last time, its records are read again. That finds edits, new rows and deleted ones, with no clock involved,
and needs nothing but the rows themselves; its price is one walk over all records and those containers.

The walk is made before changes are read, and its sums are kept only after what differed was read again: so what is
known is never older than its fingerprint.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.shapes import ROW_ID

_BUCKETS = 4_096
_MODULUS = 2**64
_PACKED_LIMIT = 1024 * 1024

Rows = Iterable[Mapping[str, Any]]


def fingerprints(records: Rows, containers: Sequence[str]) -> array[int]:
    """The sums of the child rows in ``containers``, by bucket."""
    sums = array("Q", bytes(8 * _BUCKETS))
    for record in records:
        held = {tag: _rows(record[tag]) for tag in containers if record.get(tag)}
        if any(held.values()):
            at = bucket_of(record[ROW_ID])
            sums[at] = (sums[at] + _print(record[ROW_ID], held)) % _MODULUS
    return sums


def bucket_of(row_id: str) -> int:
    """The bucket that a record's child rows are summed in."""
    return zlib.crc32(row_id.encode()) % _BUCKETS


def differing(before: str, now: array[int], *, system: str) -> frozenset[int]:
    """The buckets whose sums are others than those packed in ``before``; empty text: as if there had been no rows."""
    old = unpacked(before, system=system) if before else array("Q", bytes(8 * _BUCKETS))
    return frozenset(at for at, (was, is_now) in enumerate(zip(old, now, strict=True)) if was != is_now)


def packed(sums: array[int]) -> str:
    """``sums`` as text for the cursor."""
    return base64.b64encode(zlib.compress(sums.tobytes(), 6)).decode()


def unpacked(text: str, *, system: str) -> array[int]:
    """What :func:`packed` wrote.

    Raises:
        ConfigMistake: it is not ours.
    """
    try:
        plain = zlib.decompressobj().decompress(base64.b64decode(text), _PACKED_LIMIT)
        sums = array("Q")
        sums.frombytes(plain)
        if len(sums) != _BUCKETS:
            raise ValueError("another number of buckets")  # noqa: TRY301  # the same answer as for what is no array
    except (ValueError, zlib.error, binascii.Error) as error:
        raise ConfigMistake(
            f"{system}: the stored cursor is not one of this connector; remove it, and everything is read once more"
        ) from error
    return sums


def in_buckets(ids: Iterable[str], buckets: frozenset[int], *, at_once: int) -> Iterator[list[str]]:
    """Those of ``ids`` whose bucket is one of ``buckets``, in lists of at most ``at_once``."""
    chunk: list[str] = []
    for row_id in ids:
        if bucket_of(row_id) in buckets:
            chunk.append(row_id)
        if len(chunk) == at_once:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _rows(container: Mapping[str, Any]) -> list[Any]:
    return sorted((json.dumps(row, sort_keys=True) for rows in container.values() for row in rows), key=str)


def _print(row_id: str, held: Mapping[str, Sequence[Any]]) -> int:
    content = json.dumps([row_id, {tag: rows for tag, rows in held.items() if rows}], sort_keys=True)
    return int.from_bytes(blake2b(content.encode(), digest_size=8).digest())
