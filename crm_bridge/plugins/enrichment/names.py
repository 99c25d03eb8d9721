"""``enrichment.names``: names written as people write them. Guesses no gender; leaves what could be meant so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crm_bridge.api import Proposal, ProposalMode, SourceView, hookimpl
from crm_bridge.plugins.enrichment.name_spelling import certain_language, proper_case, split_text

PARTS = ("family", "given", "patronymic")


@hookimpl
def enrich_clients(batch: Sequence[SourceView]) -> Iterator[Proposal]:
    """Proper case for names in one case, parts out of a full name, and the language where letters prove it."""
    for view in batch:
        name = view.doc.get("name")
        if view.doc.get("kind") == "person" and isinstance(name, dict):
            yield from _about(view.key, name)


def _about(key: str, name: dict[str, str]) -> Iterator[Proposal]:
    written = {part: name[part] for part in PARTS if name.get(part)}
    for part, value in written.items():
        better = proper_case(value)
        if better is not None and better != value:
            yield Proposal(key, f"name.{part}", better, "was in one case only", ProposalMode.NORMALISE)
    if not written:
        written = split_text(name.get("text", ""))
        for part, value in written.items():
            yield Proposal(key, f"name.{part}", proper_case(value) or value, "split from name.text by its patronymic")
    language = certain_language(" ".join(written.values()))
    if language and not name.get("lang"):
        yield Proposal(key, "name.lang", language, "letters that only this language has")
