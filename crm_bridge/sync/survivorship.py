"""Survivorship: which of the claims on a unit stands on the card, and why.

This is the place where "the card shows this phone because …" is decided. Claims that an edit superseded fall out first
(:mod:`crm_bridge.sync.claims`); among the rest, the rule of the path decides. The defaults are the table
"Survivorship defaults" of the documentation (``docs/reference/survivorship.md``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_bridge.sync.claims import (
    ABSENT,
    ERASED,
    REMEMBERED,
    Claim,
    Contribution,
    by_key,
    canonical,
    claims_of,
    is_part,
)
from crm_bridge.sync.consents import force
from crm_bridge.sync.contests import Contender, contender, lost
from crm_bridge.sync.further_addresses import edited_beside, second
from crm_bridge.sync.item_parts import follow_renames, is_named_thing, is_unseen, merged
from crm_bridge.sync.lost_edits import drop_what_they_replaced
from crm_bridge.sync.own_rules import SPECIAL
from crm_bridge.sync.rules import Rule, Survivorship, completeness, preference
from crm_bridge.sync.units import Doc, head, is_value_keyed, join, split
from crm_bridge.sync.verdict import Verdict

FINAL = frozenset({ERASED, "deceased"})  # no edit of another record takes their place


@dataclass(frozen=True, slots=True)
class Card:
    """The computed card: its document, without identity and version, and the verdict on every unit, found lazily."""

    doc: Mapping[str, Any]
    verdicts: Mapping[str, Verdict]

    def origins(self) -> dict[str, str]:
        """Unit → key of the record whose claim stands; cleared units too."""
        return {unit: verdict.origin for unit, verdict in self.verdicts.items()}


def survive(contributions: Sequence[Contribution], *, policy: Survivorship, current: Doc | None = None) -> Card:
    """The card of one client from the contributions of its linked records. Pure: the same input, the same card.

    Args:
        current: the card as it stands; only ``manual`` rules look at it.
    """
    cluster = by_key(contributions)
    by_unit: dict[str, list[Claim]] = {}
    for contribution in contributions:
        for unit, claim in claims_of(contribution, cluster=cluster):
            by_unit.setdefault(unit, []).append(claim)
    drop_what_they_replaced(by_unit, contributions, cluster=cluster)
    along = follow_renames(by_unit, {key: each.doc for key, each in cluster.items()})
    standing = split(current) if current is not None else {}
    verdicts = {
        unit: decide(unit, claims, policy=policy, standing=standing.get(unit))
        for unit, claims in by_unit.items()
        if claims
    }
    verdicts.update(_contested(verdicts, by_unit, policy=policy, standing=standing))
    _gone_along(verdicts, by_unit, along, policy=policy, standing=standing)
    for unit, edit, beside in edited_beside(by_unit, contributions):
        _put_beside(verdicts, by_unit, unit, edit, beside)
    said = {unit: verdict.value for unit, verdict in verdicts.items() if verdict.value is not ABSENT}
    return Card(doc={"kind": _kind(contributions), **join(said)}, verdicts=verdicts)


def _kind(contributions: Iterable[Contribution]) -> str:
    return next((str(each.doc["kind"]) for each in contributions if "kind" in each.doc), "person")


def _put_beside(
    verdicts: dict[str, Verdict], claims: Mapping[str, Sequence[Claim]], unit: str, edit: Claim, beside: Sequence[str]
) -> None:
    """``edit`` of a first address takes the place of those ``beside`` in the lists of others; see there."""
    for name in beside:
        former = claims.get(name, ())
        if former and all(claim.seq < edit.seq for claim in former):
            verdicts[name] = _by(edit, name, "edit", superseded=tuple(former))._replace(value=ABSENT)
    first = verdicts[unit]
    if edit in first.losers:
        losers = tuple(claim for claim in first.losers if claim != edit)
        verdicts[unit] = first._replace(losers=losers, conflict=first.conflict and bool(losers))
        new = second(unit, edit.value)
        verdicts.setdefault(new, _by(edit, new, "edit", replaced=edit.replaced))


def decide(unit: str, claims: Sequence[Claim], *, policy: Survivorship, standing: Any = None) -> Verdict:
    """Decide one unit. ``claims`` holds at most one claim of each record."""
    if len(claims) == 1:
        only = claims[0]
        reason = "edit" if only.replaced else "only"
        return _by(only, unit, reason, replaced=only.replaced)
    if head(unit) == "consents":
        return _strictest_newest(unit, claims)
    value = claims[0].value
    if value is not ABSENT and all(claim.value == value and not claim.replaced for claim in claims):
        rule = policy.rule(unit)  # nothing to weigh and nothing below it: only whose word it is
        first = min(claims, key=lambda claim: preference(claim, rule, policy))
        return _by(first, unit, "agreed")
    verdict = _decide(unit, claims, policy, standing)
    return verdict._replace(replaced=_below(verdict.value, claims))


def _by(
    claim: Claim,
    unit: str,
    reason: str,
    losers: tuple[Claim, ...] = (),
    superseded: tuple[Claim, ...] = (),
    replaced: tuple[str, ...] = (),
) -> Verdict:
    """The verdict that ``claim`` stands."""
    return Verdict(
        unit, claim.value, claim.key, reason, losers, superseded, at=claim.at, seq=claim.seq, replaced=replaced
    )


def _below(value: Any, claims: Sequence[Claim]) -> tuple[str, ...]:
    """Everything that was said of the unit and does not stand, oldest first."""
    texts: list[str] = []
    for claim in sorted(claims, key=lambda claim: (claim.seq, claim.key)):
        texts.extend(claim.replaced)
        if claim.value is not ABSENT:
            texts.append(canonical(claim.value))
    stands = None if value is ABSENT else canonical(value)
    return tuple(dict.fromkeys(text for text in texts if text != stands))[-REMEMBERED:]


def _decide(unit: str, claims: Sequence[Claim], policy: Survivorship, standing: Any) -> Verdict:
    live, superseded = _without_superseded(unit, claims)
    valued = [claim for claim in live if claim.value is not ABSENT]
    if not valued:
        last = max(live, key=lambda claim: claim.seq)
        return _by(last, unit, "cleared", superseded=superseded)
    rule = policy.rule(unit)
    ranked = sorted(valued, key=lambda claim: preference(claim, rule, policy))
    winner, reason = ranked[0], rule.kind
    special = SPECIAL.get(unit)
    if special is not None:
        winner, reason = special(ranked, reason)
    elif rule.kind != "newest":
        winner, reason = _fuller(winner, ranked, reason)
    losers = tuple(claim for claim in ranked if claim.value != winner.value)
    if not losers:
        agreed = "edit" if superseded else "agreed" if len(valued) > 1 else "only"
        return _by(winner, unit, agreed, superseded=superseded)
    if is_value_keyed(unit):
        return _of_parts(unit, ranked, rule, superseded, standing)
    if rule.kind == "manual" and standing is not None:
        kept = next((claim for claim in ranked if claim.value == standing), winner)
        if all(is_part(claim.value, kept.value) for claim in ranked if claim.value != kept.value):
            return _by(kept, unit, reason, superseded=superseded)  # who says less says nothing against it
        losers = tuple(claim for claim in ranked if claim.value != kept.value)
        verdict = _by(kept, unit, "manual", losers, superseded)
        return verdict._replace(conflict=True, ask=True, words=_words(ranked))
    if all(is_part(claim.value, winner.value) for claim in losers):
        return _by(winner, unit, reason, losers, superseded)
    ask = rule.kind == "manual" or (unit == "birth_date" and reason == "contradiction")
    verdict = _by(winner, unit, reason, losers, superseded)._replace(conflict=True)
    return verdict._replace(ask=True, words=_words(ranked)) if ask else verdict


def _of_parts(unit: str, ranked: Sequence[Claim], rule: Rule, superseded: tuple[Claim, ...], standing: Any) -> Verdict:
    """One item that several describe, each part by the edits of that part."""
    value, holder, losers, givers = merged(unit, ranked, holders=ranked)
    verdict = _by(holder, unit, rule.kind, losers, superseded)._replace(value=value, givers=givers)
    return _clash(verdict, ranked, rule, standing) if losers else verdict


def _clash(verdict: Verdict, ranked: Sequence[Claim], rule: Rule, standing: Any) -> Verdict:
    """``verdict`` on an item, where edits of one of its parts met."""
    if rule.kind != "manual":
        return verdict._replace(conflict=True, reason="precedence" if rule.kind == "union" else rule.kind)
    value = verdict.value if standing is None else standing
    return verdict._replace(value=value, conflict=True, ask=True, words=_words(ranked))


def _gone_along(
    verdicts: dict[str, Verdict],
    claims: Mapping[str, Sequence[Claim]],
    along: Mapping[str, Sequence[Claim]],
    *,
    policy: Survivorship,
    standing: Mapping[str, Any],
) -> None:
    """Edits of renamed things (``along``), and those that came with a name which lost, go into what stands."""
    edits: dict[str, list[Claim]] = {}
    for former, found in along.items():
        standing_now = (unit for unit, each in verdicts.items() if each.value is not ABSENT and former in each.replaced)
        unit = min(standing_now, default=None)
        if unit is None:
            verdicts[former] = decide(former, [*claims[former], *found], policy=policy)
            continue
        edits.setdefault(unit, []).extend(found)
        gone = Verdict(former, ABSENT, verdicts[unit].origin, "edit", seq=verdicts[unit].seq, at=verdicts[unit].at)
        verdicts.setdefault(former, gone)
    for unit, verdict in verdicts.items():
        if verdict.against and is_named_thing(unit):
            edits.setdefault(unit, []).extend(claim for name in verdict.against for claim in verdicts[name].losers)
    for unit, found in edits.items():
        verdicts[unit] = _with_edits(verdicts[unit], claims[unit], found, along, policy, standing.get(unit))


def _with_edits(
    verdict: Verdict,
    claims: Sequence[Claim],
    edits: Sequence[Claim],
    along: Iterable[str],
    policy: Survivorship,
    standing: Any,
) -> Verdict:
    rule = policy.rule(verdict.unit)

    def best_first(those: Iterable[Claim]) -> list[Claim]:
        return sorted(those, key=lambda claim: preference(claim, rule, policy))

    live = best_first(claim for claim in _without_superseded(verdict.unit, claims)[0] if claim.value is not ABSENT)
    ranked = best_first([*live, *edits])
    value, _, losers, givers = merged(verdict.unit, ranked, holders=live)
    below = [*verdict.replaced, *(text for claim in edits for text in (*claim.replaced, canonical(claim.value)))]
    found = verdict._replace(
        value=value,
        losers=(*verdict.losers, *(claim for claim in losers if claim not in verdict.losers)),
        former=tuple(name for name in along if name in verdict.replaced),
        givers=givers,
        replaced=tuple(dict.fromkeys(text for text in below if text != canonical(value)))[-REMEMBERED:],
    )
    return _clash(found, ranked, rule, standing) if losers and not verdict.conflict else found


def _contested(
    verdicts: Mapping[str, Verdict],
    claims: Mapping[str, Sequence[Claim]],
    *,
    policy: Survivorship,
    standing: Mapping[str, Any],
) -> dict[str, Verdict]:
    """New verdicts on items that took the place of the same item in the same slot: one of them stands."""
    lists: dict[str, list[Contender]] = {}
    for unit, verdict in verdicts.items():
        if verdict.replaced and verdict.value is not ABSENT and is_value_keyed(unit):
            live = [each for each in claims[unit] if each.value is not ABSENT and each not in verdict.superseded]
            found = contender(unit, live)
            if found is not None:
                lists.setdefault(head(unit), []).append(found)
    decided: dict[str, Verdict] = {}
    for contenders in lists.values():
        if len(contenders) > 1:
            rule = policy.rule(contenders[0].unit)
            best_first = sorted(contenders, key=lambda each: _place(each, rule, policy, standing))
            for loser, winner in lost(best_first):
                against = decided.get(winner.unit, verdicts[winner.unit])
                decided[winner.unit] = _won(against, winner, loser, rule)
                decided[loser.unit] = Verdict(
                    loser.unit,
                    ABSENT,
                    against.origin,
                    decided[winner.unit].reason,
                    losers=tuple(loser.edits),
                    at=against.at,
                    seq=against.seq,
                    replaced=_below(ABSENT, claims[loser.unit]),
                )
    return decided


def _place(each: Contender, rule: Rule, policy: Survivorship, standing: Mapping[str, Any]) -> tuple[Any, ...]:
    waits = rule.kind == "manual" and each.unit not in standing  # until a person decides the card keeps what it has
    return waits, min(preference(claim, rule, policy) for claim in each.edits)


def _won(verdict: Verdict, winner: Contender, loser: Contender, rule: Rule) -> Verdict:
    """``verdict``, when its item took the slot from ``loser`` as well."""
    below = [*verdict.replaced, *(text for claim in loser.edits for text in claim.replaced), loser.unit]
    losers = (*verdict.losers, *loser.edits)
    ask = rule.kind == "manual"
    return verdict._replace(
        reason="precedence" if rule.kind == "union" else rule.kind,
        losers=losers,
        conflict=True,
        against=(*verdict.against, loser.unit),
        ask=ask,
        words=_words([*winner.edits, *losers]) if ask else (),
        replaced=tuple(dict.fromkeys(text for text in below if text != verdict.unit))[-REMEMBERED:],
    )


def _words(claims: Iterable[Claim]) -> tuple[str, ...]:
    """For each value the word that said it first."""
    first: dict[str, str] = {}
    for claim in sorted(claims, key=lambda claim: (claim.seq, claim.key)):
        first.setdefault(canonical(claim.value), f"{claim.key}, word {claim.seq}")
    return tuple(sorted(first.values()))


def _fuller(winner: Claim, ranked: Sequence[Claim], reason: str) -> tuple[Claim, str]:
    """A group (a name, an address) that says all that the winner says, and more: nobody's word is against it."""
    agreeing = [claim for claim in ranked if claim.value != winner.value and is_part(winner.value, claim.value)]
    if not agreeing:
        return winner, reason
    return max(agreeing, key=lambda claim: completeness(claim.value)), "fuller"


def _without_superseded(unit: str, claims: Sequence[Claim]) -> tuple[list[Claim], tuple[Claim, ...]]:
    """Drop every claim whose value an edit took the place of: a later one, or any, of a record as it was first read."""
    edits, presence = [claim for claim in claims if claim.replaced], is_value_keyed(unit)
    if not edits:
        return list(claims), ()
    live: list[Claim] = []
    superseded: list[Claim] = []
    for claim in claims:
        text = None if claim.value is ABSENT else canonical(claim.value)
        beaten = (
            not (unit == "status" and claim.value in FINAL)
            and text is not None
            and any(
                edit is not claim
                and (edit.seq > claim.seq or claim.first)
                and (
                    text in edit.replaced
                    or (not (presence and claim.replaced) and _is_part_of_any(claim.value, edit.replaced))
                    or (presence and edit.value is ABSENT and edit.seq > claim.seq and not is_unseen(unit, claim, edit))
                )
                for edit in edits
            )
        )
        (superseded if beaten else live).append(claim)
    return live, tuple(superseded)


def _is_part_of_any(value: Any, replaced: Iterable[str]) -> bool:
    """Whether a group (a name, an address) says nothing but what one of the replaced ones said: who replaced that one
    had seen all of it."""
    if not isinstance(value, Mapping):
        return False
    return any(text.startswith("{") and is_part(value, json.loads(text)) for text in replaced)


def _strictest_newest(unit: str, claims: Sequence[Claim]) -> Verdict:
    """Consents: the newest dated word; a refusal wins ties, and an undated refusal wins over all (ISO/IEC TS 27560).

    No edit supersedes another system's refusal here: withdrawing one flag must not widen what another source refused.
    """
    valued = [claim for claim in claims if claim.value is not ABSENT]
    if not valued:
        return Verdict(unit, ABSENT, claims[0].key, "cleared")

    winner = max(valued, key=lambda claim: (force(claim.value), claim.key))
    losers = tuple(claim for claim in valued if claim.value != winner.value)
    return _by(winner, unit, "newest consent" if losers else "agreed", losers)
