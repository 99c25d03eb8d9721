"""``dedup.exact_keys``: records that share an exact key, compared by the bridge's own rules (its ``matching``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crm_bridge.api import DuplicatePair, Grade, SourceView, compare, grade, hookimpl, traits


@hookimpl
def find_duplicates(
    batch: Sequence[SourceView], candidates: Mapping[str, Sequence[SourceView]]
) -> Iterator[DuplicatePair]:
    """Each record with each of its candidates, once a pair; a pair that is worth nobody's time is left out."""
    compared: set[tuple[str, str]] = set()
    others = {other.key: other for found in candidates.values() for other in found}
    known = {view.key: traits(view.doc) for view in {**others, **{view.key: view for view in batch}}.values()}
    for view in batch:
        for other in candidates.get(view.key, ()):
            pair = (view.key, other.key) if view.key < other.key else (other.key, view.key)
            if view.key == other.key or pair in compared:
                continue
            compared.add(pair)
            agreement = compare(known[pair[0]], known[pair[1]])
            verdict = grade(agreement) if agreement else None
            if verdict:
                yield DuplicatePair(
                    *pair, Grade(verdict.grade), verdict.rule, weight=verdict.weight, evidence=verdict.evidence
                )
