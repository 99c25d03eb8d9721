"""Carrying writes out: in batches, one by one where a batch is refused, and each to its own outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crm_bridge.api import (
    BridgeError,
    CredentialsRefused,
    OutcomeUnknown,
    Postponed,
    RecordWrite,
    Refused,
    RejectRecord,
    RetryLater,
    Unknown,
    Unreachable,
    WriteOutcome,
)
from crm_bridge_siebel.batches import TELLS_OF_ALL, Parcel, batched, created, told
from crm_bridge_siebel.duplicates import resolved
from crm_bridge_siebel.faults import FaultClass, SiebelFaultError, write_outcome
from crm_bridge_siebel.landing import landed
from crm_bridge_siebel.query import BY_ID, Query, any_of
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.shapes import INTEGRATION_ID, ROW_ID, ServiceShape
from crm_bridge_siebel.writing import inserts_only, message_for, stamped_with


class Writer:
    """Writes records of one kind.

    Args:
        send: calls a method with rows; raises SiebelFaultError for a fault.
        find: the records that a query names.
        user_keys: sets of fields that Siebel recognises a record by.
        batch_size: records in one message at most.
    """

    def __init__(
        self,
        shape: ServiceShape,
        *,
        send: Callable[[str, Sequence[Mapping[str, Any]]], Answer],
        find: Callable[[Query], Sequence[dict[str, Any]]],
        user_keys: Sequence[str],
        batch_size: int,
        system: str,
    ) -> None:
        self._shape = shape
        self._send = send
        self._find = find
        self._user_keys = user_keys
        self._batch_size = batch_size
        self._system = system

    def write(self, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        """One outcome for each of ``writes``.

        Raises:
            Unreachable, CredentialsRefused: before anything was sent. Later, the rest is postponed.
        """
        outcomes: dict[int, WriteOutcome] = {}
        parcels = []
        for place, write in enumerate(writes):
            try:
                parcels.append(Parcel(place, write, message_for(write, self._shape)))
            except RejectRecord as error:
                outcomes[place] = Refused(str(error), code=error.code)
        sent = False
        for batch in batched(parcels, self._shape, size=self._batch_size):
            try:
                for place, outcome in self._carried_out(batch):
                    outcomes[place], sent = outcome, True
            except (Unreachable, CredentialsRefused) as error:
                if not sent:
                    raise
                waiting = [parcel.place for parcel in parcels if parcel.place not in outcomes]
                outcomes |= {place: Postponed(f"not sent: {error.message}") for place in waiting}
                break
        return [outcomes[place] for place in range(len(writes))]

    def _carried_out(self, batch: Sequence[Parcel]) -> Iterator[tuple[int, WriteOutcome]]:
        """The outcome of each write of ``batch``, by its place; one by one when the batch as a whole is refused."""
        if len(batch) > 1:
            outcomes: Sequence[WriteOutcome] = ()
            try:
                outcomes = self._together(batch)
            except SiebelFaultError as met:
                if met.fault.kind in TELLS_OF_ALL:
                    outcomes = [write_outcome(met.fault, system=self._system)] * len(batch)
            except RejectRecord:
                pass  # one of them cannot be said; which, is found out one by one
            except OutcomeUnknown as error:
                outcomes = [Unknown(error.message)] * len(batch)
            if outcomes:
                yield from ((parcel.place, outcome) for parcel, outcome in zip(batch, outcomes, strict=True))
                return
        for parcel in batch:
            yield parcel.place, self._alone(parcel)

    def _together(self, batch: Sequence[Parcel]) -> Sequence[WriteOutcome]:
        answer = self._send(batch[0].message.method, [parcel.message.row for parcel in batch])
        if batch[0].write.operation != "create":
            return told(batch, answer.records)
        stamps = [stamped_with(parcel.write) for parcel in batch]
        query = Query(any_of(INTEGRATION_ID, stamps), sort=BY_ID, page_size=2 * len(batch))
        try:
            return created(batch, self._find(query))
        except (RetryLater, RejectRecord, CredentialsRefused) as error:
            return [Unknown(error.message)] * len(batch)

    def _alone(self, parcel: Parcel) -> WriteOutcome:
        try:
            answer = self._send(parcel.message.method, [parcel.message.row])
        except RejectRecord as error:
            return Refused(str(error), code=error.code)
        except SiebelFaultError as met:
            if parcel.write.operation == "create" and met.fault.kind is FaultClass.DUPLICATE:
                return self._resolved_duplicate(parcel.write, met)
            return write_outcome(met.fault, system=self._system)
        except OutcomeUnknown as error:
            return Unknown(error.message)
        named = answer.head.get("primaryrowid")
        written: Mapping[str, Any] | None = {ROW_ID: named} if named else None
        written = next(iter(answer.records), written)
        if written is None:
            return Unknown("Siebel's answer to the write names no record")
        return landed(parcel.write, written, refuses_known=inserts_only(self._shape), look=self._seen)

    def _seen(self, record_id: str) -> Mapping[str, Any] | None:
        try:
            return next(iter(self._find(Query(any_of(ROW_ID, [record_id]), sort=BY_ID, page_size=1))), None)
        except BridgeError:
            return None

    def _resolved_duplicate(self, write: RecordWrite, met: SiebelFaultError) -> WriteOutcome:
        """Our own create, carried out before with its answer lost; or another record, to be read and resolved."""
        try:
            return resolved(
                write,
                self._shape.data.component,
                user_keys=self._user_keys,
                find=lambda condition: self._find(Query(condition, sort=BY_ID, page_size=2)),
                otherwise=write_outcome(met.fault, system=self._system),
            )
        except RetryLater as error:
            return Unknown(error.message)
