"""Every word that a document may use, with what it says, for the parser, its messages and the reference page."""

from __future__ import annotations

from collections.abc import Mapping

DOCUMENT_WORDS: Mapping[str, str] = {
    "mapping": "Name of the document, such as `siebel.contact`.",
    "version": "Version of the document; raise it when rows change.",
    "client": "`person` or `organisation`: what a record becomes.",
    "entity": "`claim` in place of `client`: what a record becomes when it is no client.",
    "record": "What identifies a record and its state.",
    "defaults": "Values of row words for all rows.",
    "values": "Value maps by name, source: canonical.",
    "fields": "Rows for single values: canonical path → row.",
    "lists": "Rows for canonical lists: list → rows.",
    "tests": "Inline tests.",
}
RECORD_WORDS: Mapping[str, str] = {
    "id": "Field with the record's id. Required.",
    "concurrency": "Field with the version token; goes back with every write.",
    "changed_at": "Field (or row) with the moment of the last change.",
    "image": "`full`: an empty or missing field retracts what this source said; `partial`: it says nothing. Required.",
    "client": "For a claim: `{src, system}` of the identifier of the client that it belongs to.",
}
DEFAULT_WORDS: Mapping[str, str] = {
    "trim": "`true` (default) strips blanks around text.",
    "unset": "Default of the row word `unset`; `keep` when not given.",
    "region": "Country whose national phone forms are understood; that of `[bridge]` when not given.",
    "tz": "Zone of moments without one; `UTC` when not given.",
    "dir": "Default of the row word `dir`; `both` when not given.",
    "blank": 'What an emptied field is written as: `""` (default) or `null`.',
}
ROW_WORDS: Mapping[str, str] = {
    "src": "The system's field. A dot goes one level down; `\\.` is a dot in the name.",
    "as": "The transform; `text` when not given.",
    "call": "A plugin's transform, `plugin.transform`, in place of `as`.",
    "args": "Arguments for `call`.",
    "dir": "`both`, `read` or `write`.",
    "required": "`true`: the client must have a value at this path. In `more`: once the object around it is there.",
    "trim": "Overrides the default for this row.",
    "max": "Most characters; a longer value is stopped, in both directions, and never cut.",
    "unset": "On write, when the client has no value: `keep` the field, `blank` it, or stop with an `error`.",
    "unknown": "What a code outside the value map does, in both directions: `quarantine` (default) or `warn`.",
    "check": "A validator of python-stdnum, such as `stdnum.ua.rntrc`.",
    "format": "Of a date, moment or phone.",
    "values": "Name of the value map.",
    "write_values": "Name of the value map for the way back, canonical: source.",
    "on": "The value of a flag that says yes.",
    "off": "The value of a flag that says no.",
    "order": "Order of the parts of a full name.",
    "decimal": "Decimal sign of a number.",
    "region": "Overrides the default for this row.",
    "tz": "Overrides the default for this row.",
    "if_absent": "In `fields`: fill in from this row only when these paths have no value; what other rows said stays.",
    "each": "In `lists`: where nested rows stand; each row is one item.",
    "key": "In `lists`, with `each`: the field of a nested row that is its own id.",
    "item": "In `lists`: fixed values of the item. Those that identify it choose what is written back.",
    "parts": "In `lists`: several fields of one item, path within the item → row.",
    "more": "In `lists`: further fields beside the row's own, path within the item → row.",
    "split": "In `lists`: the field holds several items, separated by this text.",
    "pattern": "In `lists`, with `split`: a regular expression over each piece; `parts` name its groups. Read only.",
    "on_remove": "In `lists`, with `each`: what a removed item does to its nested row, `keep` (default) or `delete`.",
}
COLUMN_ONLY = frozenset(ROW_WORDS) - {
    "if_absent",
    "each",
    "key",
    "item",
    "parts",
    "more",
    "split",
    "pattern",
    "on_remove",
}
FIELD_WORDS = COLUMN_ONLY | {"if_absent"}
LIST_WORDS = frozenset(ROW_WORDS) - {"if_absent"}
TEST_WORDS: Mapping[str, str] = {
    "name": "A sentence: what holds.",
    "given": "A raw record; `null` for a create.",
    "expect": "The client document that comes of it. `kind` and an item's `id` are compared only where given.",
    "change": "Canonical path → new value, applied to the document before it is written back; `null` removes.",
    "write_back": "What is written, exactly; `{}` for nothing; `{quarantine: path}` when the write is stopped.",
    "quarantine": "The path, or list of paths, that stops the record.",
}
