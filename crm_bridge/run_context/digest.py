"""Whether a record is what it was: its bytes in one canonical form, and their digest."""

from __future__ import annotations

from hashlib import blake2b

import orjson

from crm_bridge.connector import RawRecord


def canonical_bytes(record: RawRecord) -> bytes:
    """The record as JSON with sorted keys: equal records give equal bytes."""
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)


def digest_of(raw: bytes, *, fingerprint: str) -> bytes:
    """Sixteen bytes that change when the record does, or the mapping that read it."""
    return blake2b(raw, digest_size=16, key=fingerprint.encode()[:64]).digest()
