"""Source records, their links and the keys they are found by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from crm_bridge.store.database import Database, among, looked_up
from crm_bridge.store.schema import links, match_keys, source_records
from crm_bridge.sync.claims import Contribution, Mark, Own
from crm_bridge.sync.deletions import BEATEN, CARRIED, SPREAD, UNDECIDED
from crm_bridge.sync.proposals import Offer, apply


class Known(NamedTuple):
    """What has to be known of a record before it is read: whether it changed, and whose it is."""

    pk: int
    digest: bytes
    client_id: str | None
    gone: bool


class SourceRecord(NamedTuple):
    """One record of one system as the store keeps it: a row, in the order of the table's columns.

    Attributes:
        raw: as last read, or as confirmed by a receipt: JSON bytes.
        doc: ``raw`` mapped to canonical paths: JSON bytes.
        entity: ``client``, or ``claim`` for what lies beside the client.
        refers_to: of such a record: the match key of its client.
        untold: it came as news while its client was not known yet.
        gone_how: what follows from its deletion, of :mod:`crm_bridge.sync.deletions`.
        gone_seq: the bridge's own count when the deletion was seen.
    """

    pk: int
    system: str
    kind: str
    record_id: str
    entity: str
    client_id: str | None
    version: str | None
    digest: bytes
    raw: bytes
    doc: bytes
    marks: bytes | None
    proposals: bytes | None
    seq: int
    observed_at: str
    changed_at: str | None
    mapping: str
    gone_at: str | None = None
    refers_to: str | None = None
    untold: int = 0
    gone_how: str | None = None
    gone_seq: int | None = None

    @property
    def key(self) -> str:
        return f"{self.system}/{self.kind}/{self.record_id}"

    def offers(self) -> tuple[Offer, ...]:
        return tuple(Offer(*fields) for fields in orjson.loads(self.proposals)) if self.proposals else ()

    def effective_doc(self) -> Mapping[str, Any]:
        """What the record says, with the plugins' proposals in it."""
        doc: dict[str, Any] = orjson.loads(self.doc)
        return apply(doc, self.offers()) if self.proposals else doc

    def contribution(self) -> Contribution:
        """The record's part in its client, for :func:`crm_bridge.sync.survivorship.survive`."""
        return Contribution(
            key=self.key,
            system=self.system,
            doc=self.effective_doc(),
            seq=self.seq,
            at=self.changed_at or self.observed_at,
            marks=marks_from(self.marks),
            gone=self.gone_at is not None,
            spread_from=self.gone_seq if self.gone_at is not None and self.gone_how == SPREAD else None,
            kept_from=self.gone_seq if self.gone_at is not None and self.gone_how in (*UNDECIDED, BEATEN) else None,
        )

    def back(self) -> SourceRecord:
        """The record, which its system has again."""
        return self._replace(gone_at=None, gone_how=None, gone_seq=None)


def marks_from(data: bytes | None) -> dict[str, Mark]:
    """The marks in ``data``, as :func:`marks_to` wrote them."""
    if not data:
        return {}
    marks = {}
    for unit, (seq, at, replaced, echo, own, said, *shared) in orjson.loads(data).items():
        word = Own(own[0], own[1], own[2], tuple(own[3])) if own is not None else None
        marks[unit] = Mark(seq, at, tuple(replaced), echo, word, said, *shared)
    return marks


def marks_to(marks: Mapping[str, Mark]) -> bytes | None:
    """``marks`` as bytes; nothing for none."""
    if not marks:
        return None
    return orjson.dumps(
        {
            unit: [
                mark.seq,
                mark.at,
                mark.replaced,
                mark.echo,
                [mark.own.value, mark.own.seq, mark.own.at, mark.own.replaced] if mark.own else None,
                mark.said,
                *([True] if mark.shared else ()),
            ]
            for unit, mark in marks.items()
        }
    )


def offers_to(offers: Sequence[Offer]) -> bytes | None:
    if not offers:
        return None
    return orjson.dumps([[each.path, each.value, each.reason, each.plugin, each.normalise] for each in offers])


def known(connection: Connection, system: str, kind: str, record_ids: Sequence[str]) -> dict[str, Known]:
    """What the store knows of these records, by record id: one statement for a page."""
    table = source_records
    rows = connection.execute(
        select(table.c.record_id, table.c.pk, table.c.digest, table.c.client_id, table.c.gone_at).where(
            table.c.system == system, table.c.kind == kind, among(table.c.record_id, record_ids)
        )
    )
    return {row[0]: Known(row[1], row[2], row[3], row[4] is not None) for row in rows}


def _record(row: Any) -> SourceRecord:
    return SourceRecord(*row)


def by_pks(connection: Connection, pks: Iterable[int]) -> dict[int, SourceRecord]:
    wanted = list(pks)
    if not wanted:
        return {}
    rows = connection.execute(select(source_records).where(among(source_records.c.pk, wanted)))
    return {row.pk: _record(row) for row in rows}


def one(connection: Connection, system: str, kind: str, record_id: str) -> SourceRecord | None:
    table = source_records
    row = connection.execute(
        select(table).where(table.c.system == system, table.c.kind == kind, table.c.record_id == record_id)
    ).one_or_none()
    return _record(row) if row else None


def of_clients(connection: Connection, client_ids: Iterable[str]) -> dict[str, list[SourceRecord]]:
    """All records linked to these clients, claims and the like included, in the order of their first reading."""
    wanted = list(client_ids)
    grouped: dict[str, list[SourceRecord]] = {client_id: [] for client_id in wanted}
    if wanted:
        rows = connection.execute(
            select(source_records).where(among(source_records.c.client_id, wanted)).order_by(source_records.c.pk)
        )
        for row in rows:
            grouped[row.client_id].append(_record(row))
    return grouped


def read_by_another_mapping(
    connection: Connection, system: str, kind: str, mapping: str, *, after: int, limit: int
) -> list[tuple[int, str, bytes]]:
    """(pk, id, raw) of records that an earlier mapping read, in the order of their first reading."""
    table = source_records
    rows = connection.execute(
        select(table.c.pk, table.c.record_id, table.c.raw)
        .where(
            table.c.system == system,
            table.c.kind == kind,
            table.c.mapping != mapping,
            table.c.gone_at.is_(None),
            table.c.pk > after,
        )
        .order_by(table.c.pk)
        .limit(limit)
    )
    return [(pk, record_id, raw) for pk, record_id, raw in rows]


def last_pk(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(source_records.c.pk), 0))).scalar_one())


def page_of_clients(connection: Connection, *, after: int, limit: int) -> list[SourceRecord]:
    """Records of clients, by number: those behind ``after``."""
    rows = connection.execute(
        select(source_records)
        .where(source_records.c.entity == "client", source_records.c.pk > after)
        .order_by(source_records.c.pk)
        .limit(limit)
    )
    return [_record(row) for row in rows]


def waiting_for_client(connection: Connection) -> list[SourceRecord]:
    """Records beside a client whose client has not been seen yet."""
    rows = connection.execute(
        select(source_records).where(source_records.c.entity != "client", source_records.c.client_id.is_(None))
    )
    return [_record(row) for row in rows]


def going(connection: Connection) -> list[SourceRecord]:
    """Records whose deletion is to be carried on, or was carried out by us and not looked at since."""
    rows = connection.execute(
        select(source_records).where(source_records.c.gone_how.in_([*UNDECIDED, CARRIED])).order_by(source_records.c.pk)
    )
    return [_record(row) for row in rows]


def going_since(connection: Connection, client_id: str) -> int | None:
    """The bridge's own count when the first deletion was seen that is to be carried to the client's other records."""
    query = select(func.min(source_records.c.gone_seq)).where(
        source_records.c.client_id == client_id, source_records.c.gone_how == SPREAD
    )
    found: int | None = connection.execute(query).scalar()
    return found


def set_gone_how(connection: Connection, rows: Sequence[tuple[int, str | None]]) -> None:
    """(pk, what follows from its deletion)."""
    if rows:
        connection.execute(
            update(source_records).where(source_records.c.pk == bindparam("_pk")).values(gone_how=bindparam("_how")),
            [{"_pk": pk, "_how": how} for pk, how in rows],
        )


COLUMNS = SourceRecord._fields


def insert_all(database: Database, connection: Connection, rows: Sequence[SourceRecord]) -> None:
    database.insert_many(connection, source_records, COLUMNS, rows)


_UPDATE = (
    update(source_records)
    .where(source_records.c.pk == bindparam("_pk"))
    .values({name: bindparam(f"_{name}") for name in COLUMNS if name != "pk"})
)


def update_all(connection: Connection, rows: Sequence[SourceRecord]) -> None:
    if rows:
        connection.execute(_UPDATE, [{f"_{name}": getattr(row, name) for name in COLUMNS} for row in rows])


def touch_all(connection: Connection, rows: Sequence[tuple[int, bytes, bytes, str | None]]) -> None:
    """The record's bytes changed and its meaning did not (a new version token): keep (pk, digest, raw, version)."""
    if rows:
        connection.execute(
            update(source_records)
            .where(source_records.c.pk == bindparam("_pk"))
            .values(
                digest=bindparam("_digest"),
                raw=bindparam("_raw"),
                version=bindparam("_version"),
                gone_at=None,
                gone_how=None,
                gone_seq=None,
            ),
            [{"_pk": pk, "_digest": digest, "_raw": raw, "_version": version} for pk, digest, raw, version in rows],
        )


def name_rows(connection: Connection, rows: Sequence[tuple[int, bytes]]) -> None:
    """The system told the ids of nested rows that we had added: keep (pk, doc). The record says what it said."""
    if rows:
        table = source_records
        connection.execute(
            update(table).where(table.c.pk == bindparam("_pk")).values(doc=bindparam("_doc")),
            [{"_pk": pk, "_doc": doc} for pk, doc in rows],
        )


def with_link(record: SourceRecord, client_id: str) -> SourceRecord:
    return record._replace(client_id=client_id)


def relink(connection: Connection, pk: int, client_id: str | None, *, at: str, by: str, rule: str) -> None:
    """Supersede the record's link by one to ``client_id``. The old one stays, with its end."""
    connection.execute(
        update(links).where(links.c.record_pk == pk, links.c.superseded_at.is_(None)).values(superseded_at=at)
    )
    connection.execute(update(source_records).where(source_records.c.pk == pk).values(client_id=client_id))
    if client_id is not None:
        connection.execute(insert(links).values(record_pk=pk, client_id=client_id, made_at=at, made_by=by, rule=rule))


def link_all(
    database: Database, connection: Connection, rows: Sequence[tuple[int, str, str]], *, at: str, by: str
) -> None:
    """First links of new records: (pk, client id, rule)."""
    columns = ("record_pk", "client_id", "made_at", "made_by", "rule")
    database.insert_many(connection, links, columns, [(pk, client, at, by, rule) for pk, client, rule in rows])


def former_clients(connection: Connection, pk: int) -> list[str]:
    """The clients by way of which the record came to its present one, oldest first; what was taken back is no way."""
    way: list[str] = []
    for client_id in connection.execute(
        select(links.c.client_id).where(links.c.record_pk == pk).order_by(links.c.id)
    ).scalars():
        if client_id in way:  # it came back to where it was
            del way[way.index(client_id) :]
        way.append(client_id)
    return way[:-1]


def links_of(connection: Connection, client_id: str) -> list[Mapping[str, Any]]:
    """Every link that the client ever had, with the record it is of."""
    query = (
        select(links, source_records.c.system, source_records.c.kind, source_records.c.record_id)
        .join(source_records, source_records.c.pk == links.c.record_pk)
        .where(links.c.client_id == client_id)
        .order_by(links.c.id)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def joined_between(
    connection: Connection, client_ids: Sequence[str], since: str, until: str
) -> list[Mapping[str, Any]]:
    """The records that the rules linked to one of these clients then, and that are still linked so."""
    query = (
        select(
            links.c.client_id,
            links.c.rule,
            source_records.c.system,
            source_records.c.kind,
            source_records.c.record_id,
        )
        .join(source_records, source_records.c.pk == links.c.record_pk)
        .where(
            among(links.c.client_id, client_ids),
            links.c.made_at.between(since, until),
            links.c.superseded_at.is_(None),
            links.c.made_by == "resolver",
            links.c.rule != "new",
        )
        .order_by(links.c.id)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def put_keys(database: Database, connection: Connection, rows: Sequence[tuple[str, int]]) -> None:
    """Add (key, pk)."""
    database.insert_many(connection, match_keys, ("key", "record_pk"), rows)


def drop_all_keys(connection: Connection) -> None:
    connection.execute(delete(match_keys))


def drop_keys(connection: Connection, rows: Sequence[tuple[str, int]]) -> None:
    if rows:
        connection.execute(
            delete(match_keys).where(
                and_(match_keys.c.key == bindparam("_key"), match_keys.c.record_pk == bindparam("_pk"))
            ),
            [{"_key": key, "_pk": pk} for key, pk in rows],
        )


def pks_by_key(connection: Connection, keys: Sequence[str]) -> dict[str, list[int]]:
    """Key → records that have it: one statement for a page. Each key is given once."""
    found: dict[str, list[int]] = {}
    if keys:
        table = match_keys
        rows = connection.execute(looked_up(connection, table.c.key, keys, table.c.key, table.c.record_pk))
        for key, pk in rows:
            found.setdefault(key, []).append(pk)
    return found
