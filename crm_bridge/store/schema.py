"""The tables. Rows are plain; documents are JSON bytes, so that reading one costs one parse and no join.

Personal data lives in ``source_records``, ``clients``, ``history``, ``intents``, ``dead_letters``, ``corrections``,
``inbox``, ``notices`` and nowhere else. ``match_keys`` and ``letter_keys`` hold what records are found by.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# SQLite numbers a row's key by itself only where it is an INTEGER, which has 64 bits there.
Number = BigInteger().with_variant(Integer, "sqlite")

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("exit_code", Number),
    Column("report", LargeBinary),
)

# Where reading goes on. `loaded` says that the first whole load was drained: only then do events lead to notices.
cursors = Table(
    "cursors",
    metadata,
    Column("system", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("cursor", Text),
    Column("loaded", Number, nullable=False, default=0),
    Column("mapping", Text),  # the mapping that records were read by; another one reads all of them again
    Column("updated_at", Text, nullable=False),
)

# One record of one system, as last read or as confirmed by a receipt: the base of the next merge.
source_records = Table(
    "source_records",
    metadata,
    Column("pk", Number, primary_key=True),
    Column("system", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("client_id", Text),
    Column("version", Text),
    Column("digest", LargeBinary, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("doc", LargeBinary, nullable=False),
    Column("marks", LargeBinary),
    Column("proposals", LargeBinary),
    Column("seq", Number, nullable=False),
    Column("observed_at", Text, nullable=False),
    Column("changed_at", Text),
    Column("mapping", Text, nullable=False),
    Column("gone_at", Text),
    Column("refers_to", Text),  # of a record beside a client: the match key of its client
    Column("untold", Number, nullable=False, default=0),  # it came as news while its client was not known yet
    Column("gone_how", Text),  # what follows from its deletion: see sync/deletions.py
    Column("gone_seq", Number),  # the bridge's own count when that was seen
    UniqueConstraint("system", "kind", "record_id"),
    Index("source_records_client", "client_id"),
    Index("source_records_seq", "seq"),  # every run begins with the greatest
)
# Of a million records a few are gone: an index of those alone. Its condition names no values: SQLite looks for them in
# the text of a query, where they are parameters, and would read the whole table instead.
Index(
    "source_records_going",
    source_records.c.gone_how,
    sqlite_where=source_records.c.gone_how.is_not(None),
    postgresql_where=source_records.c.gone_how.is_not(None),
)

# Every link that ever was; the current one has no `superseded_at`. A link is never deleted.
links = Table(
    "links",
    metadata,
    Column("id", Number, primary_key=True),
    Column("record_pk", Number, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("superseded_at", Text),
    Index("links_record", "record_pk"),
    Index("links_client", "client_id"),
)

clients = Table(
    "clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Number, nullable=False),
    Column("card", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("replaced_by", Text),
)

match_keys = Table(
    "match_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("record_pk", Number, primary_key=True),
    sqlite_with_rowid=False,
)

# What happened, in order: every observation of every source, every change of every card, claims, merges.
history = Table(
    "history",
    metadata,
    Column("seq", Number, primary_key=True),
    Column("at", Text, nullable=False),
    Column("run_id", Text),
    Column("type", Text, nullable=False),
    Column("client_id", Text),
    Column("record_pk", Number),
    Column("tells", Number, nullable=False, default=0),
    Column("body", LargeBinary, nullable=False),
    Index("history_client", "client_id"),
)

# How far each consumer of `history` has come.
consumers = Table(
    "consumers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", Number, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True),
    Column("system", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Number, nullable=False, default=0),
    Column("since", Text, nullable=False),
    Column("next_attempt_at", Text, nullable=False),
    Column("reason", Text),
    UniqueConstraint("system", "client_id"),
    Index("outbox_due", "system", "state", "next_attempt_at"),
)

# Systems that nobody calls before a time: they asked for it, or answered nothing.
pauses = Table(
    "pauses",
    metadata,
    Column("system", Text, primary_key=True),
    Column("paused_until", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("opened", Number, nullable=False, default=0),
)

# A write, journaled before it is sent, and its receipt.
intents = Table(
    "intents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", Text),
    Column("system", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("record_id", Text),
    Column("client_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("settled_at", Text),
    Column("outcome", Text),
    Index("intents_state", "state", "system"),
    Index("intents_client", "client_id"),
    Index("intents_run", "run_id"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Number, primary_key=True),
    Column("state", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("hint", Text),
    Column("value", LargeBinary),
    Column("raw", LargeBinary),
    Column("client_id", Text),
    Column("run_id", Text),
    Column("first_at", Text, nullable=False),
    Column("last_at", Text, nullable=False),
    Column("count", Number, nullable=False, default=1),
    Column("closed_by", Text),
    Column("closed_reason", Text),
    Index("dead_letters_open", "state", "system", "kind", "record_id"),
    # Holds all that groups are counted by, and pages of one group in order.
    Index("dead_letters_groups", "state", "system", "kind", "stage", "code", "path", "id"),
    Index("dead_letters_pages", "state", "id"),
    Index("dead_letters_client", "client_id", "state"),
)

# What a person says that a record should have said, by field, as long as the source says there what it said then.
corrections = Table(
    "corrections",
    metadata,
    Column("id", Number, primary_key=True),
    Column("system", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("letter_id", Number, nullable=False),
    Column("said", LargeBinary, nullable=False),  # field → what the source says there
    Column("meant", LargeBinary, nullable=False),  # field → what counts instead
    Column("made_by", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("superseded_at", Text),
    Index("corrections_record", "system", "kind", "record_id"),
)

# What could be read of a record that was put aside and that no client has yet: a newcomer may be the same client.
letter_keys = Table(
    "letter_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("letter_id", Number, primary_key=True),
    Index("letter_keys_letter", "letter_id"),
    sqlite_with_rowid=False,
)

review = Table(
    "review",
    metadata,
    Column("id", Number, primary_key=True),
    Column("state", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("left", Text, nullable=False),
    Column("right", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("weight", Text, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("decided_at", Text),
    Column("decided_by", Text),
    UniqueConstraint("kind", "left", "right"),
    Index("review_state", "state"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Number, primary_key=True),
    Column("system", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    UniqueConstraint("system", "digest"),
    Index("inbox_state", "state"),
)

seen_events = Table(
    "seen_events",
    metadata,
    Column("system", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("at", Text, nullable=False),
    sqlite_with_rowid=False,
)

notices = Table(
    "notices",
    metadata,
    Column("key", Text, primary_key=True),
    Column("message_id", Text, nullable=False, unique=True),
    Column("plugin", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("rule", Text),
    Column("reason", Text),
    Column("system", Text),
    Column("address", Text),
    Column("provider_id", Text),
    Column("parts", Number),
    Column("valid_until", Text),
    Column("not_before", Text),
    Column("attempts", Number, nullable=False, default=0),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Index("notices_state", "state"),
    Index("notices_client", "client_id"),
)

message_reports = Table(
    "message_reports",
    metadata,
    Column("id", Number, primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("at", Text),
    Column("received_at", Text, nullable=False),
    Column("detail", Text),
    Index("message_reports_message", "message_id"),
)

# The log-in that a system refused last, as a salted digest that is slow to guess from: it is not tried again.
refused_logins = Table(
    "refused_logins",
    metadata,
    Column("system", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("refused_at", Text, nullable=False),
)

# How often the store had a new owner: a former one that comes back finds a later epoch, and commits nothing.
ownership = Table("ownership", metadata, Column("epoch", Number, primary_key=True, autoincrement=False))
