"""A counterexample as a story that a person can read, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crm_bridge.prove.search import Proof


def told(proof: Proof, *, command: str) -> Iterator[str]:
    """Line by line: what was tried, what was found, how to see it again."""
    yield f"Tried {proof.examples} stories, {proof.edits} edits, {proof.syncs} syncs, on {len(proof.paths)} paths:"
    yield f"  {', '.join(proof.paths)}"
    if proof.notes:
        yield "Not tried, or not promised:"
        yield from (f"  {note}" for note in proof.notes)
    found = proof.counterexample
    if found is None:
        yield "It held: no edit was lost, nothing was made twice, nothing was written that nobody said."
        return
    yield "It does not hold:"
    yield from (f"  {wrong}" for wrong in found.wrong)
    yield "The shortest story that was found:"
    yield from (f"  {number}. {sentence}" for number, sentence in enumerate(found.story, start=1))
    yield f"To see it again: {command}"


def as_json(proof: Proof, *, command: str) -> Mapping[str, Any]:
    return {"held": proof.counterexample is None, **asdict(proof), "again": command}
