"""Several writes in one message, where the service takes several. One message is one transaction: all or none.

So a fault means that nothing of a batch took effect, and its writes are sent again one by one, each to its own
outcome. Where a site should not keep that promise, nothing is lost either: a version that was written already is
stale, and a create that arrived already is found by its stamp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_bridge.api import Accepted, RecordWrite, Unknown, WriteOutcome
from crm_bridge_siebel.faults import FaultClass
from crm_bridge_siebel.landing import other, over, was_there_before
from crm_bridge_siebel.shapes import INTEGRATION_ID, ROW_ID, VERSION, ServiceShape
from crm_bridge_siebel.writing import Message, stamped_with

TELLS_OF_ALL = frozenset({FaultClass.LOGIN, FaultClass.TOKEN, FaultClass.BUSY})
"""Classes of faults that are not about one record: sending one by one would meet the same again."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A write, its place among those that were handed over, and its message."""

    place: int
    write: RecordWrite
    message: Message


def batched(parcels: Sequence[Parcel], shape: ServiceShape, *, size: int) -> Iterator[list[Parcel]]:
    """The parcels in their order, together as far as one message can carry them."""
    batch: list[Parcel] = []
    for parcel in parcels:
        if batch and not _fits(parcel, batch, shape, size=size):
            yield batch
            batch = []
        batch.append(parcel)
    if batch:
        yield batch


def told(batch: Sequence[Parcel], answered: Sequence[Mapping[str, Any]]) -> list[WriteOutcome]:
    """The outcomes of a batch of updates and deletes that was carried out; ``answered``: the rows of the answer."""
    versions = {row.get(ROW_ID): row.get(VERSION) for row in answered}
    strange = [str(row_id) for row_id in versions if row_id not in {parcel.write.record_id for parcel in batch}]
    return [
        other(" or ".join(strange))
        if strange and parcel.write.record_id not in versions
        else Accepted(record_id=parcel.write.record_id or "", version=versions.get(parcel.write.record_id))
        for parcel in batch
    ]


def created(batch: Sequence[Parcel], found: Sequence[Mapping[str, Any]]) -> list[WriteOutcome]:
    """The outcomes of a batch of creates that was carried out; ``found``: the records with their stamps.

    The order of an answer is not relied on: a wrong pairing would link two clients to each other's records.
    """
    by_stamp: dict[str, list[Mapping[str, Any]]] = {}
    for record in found:
        by_stamp.setdefault(str(record.get(INTEGRATION_ID)), []).append(record)
    outcomes: list[WriteOutcome] = []
    for parcel in batch:
        mine = by_stamp.get(stamped_with(parcel.write), [])
        if len(mine) == 1 and was_there_before(mine[0]):
            outcomes.append(over(mine[0][ROW_ID]))
        elif len(mine) == 1:
            outcomes.append(Accepted(record_id=mine[0][ROW_ID], version=mine[0].get(VERSION)))
        else:
            outcomes.append(Unknown("Siebel took the message, and the record is not found by its IntegrationId"))
    return outcomes


def _fits(parcel: Parcel, batch: Sequence[Parcel], shape: ServiceShape, *, size: int) -> bool:
    method = batch[0].message.method
    if len(batch) >= size or parcel.message.method != method or method not in shape.several:
        return False
    if parcel.write.operation == "create":
        return INTEGRATION_ID in shape.data.component.fields
    return all(parcel.write.record_id != other.write.record_id for other in batch)
