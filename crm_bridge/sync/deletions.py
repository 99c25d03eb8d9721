"""Whether the deletion of one record takes its client's other records with it.

A deletion spreads only where that is configured (``on_delete = "spread"``), and never over an edit: a word that one of
the other records said by itself, and that the users of the deleted one had not seen, keeps the client.

What follows from a deletion stands in ``source_records.gone_how``:

==============  ==================================================================================
(nothing)       its system deleted it, and there it ends: it is not created again behind its back
``spread``      it is to be carried to the other systems, as long as nothing speaks against that; also to records
                that we may have created there, and do not know of yet; until then the record speaks
``unseen``      the same, but its system had not been told yet of an edit elsewhere when it was deleted, or, where
                nobody told of the deletion, may not have been
``spent``       that was done, or there was nothing to do
``beaten``      an edit elsewhere kept the client: the record may be created anew, and speaks until it is
``carried``     our own write deleted it; the card has not been looked at since
``ours``        our own write deleted it, and that was taken in
==============  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crm_bridge.sync.claims import Contribution
from crm_bridge.sync.rules import PERSON

SPREAD, UNSEEN, SPENT, BEATEN, CARRIED, OURS = "spread", "unseen", "spent", "beaten", "carried", "ours"
UNDECIDED = (SPREAD, UNSEEN)


def lives(contributions: Sequence[Contribution]) -> bool:
    """Whether any system still has the client; what people decided here is no record of theirs."""
    return any(not each.gone and each.system != PERSON for each in contributions)


def dying(contributions: Sequence[Contribution]) -> Contribution | None:
    """The record whose deletion takes all others of its client with it; ``None``: the client lives.

    A system that still holds another record of the client did not delete the client: it removed a duplicate.
    """
    live = [each for each in contributions if not each.gone]
    for each in contributions:
        since = each.spread_from
        if since is not None and not any(
            other.system == each.system or spoke_after(other, seq=since) for other in live
        ):
            return each
    return None


def spoke_after(contribution: Contribution, *, seq: int) -> bool:
    """Whether the record came, or somebody edited it, after ``seq``. What we wrote there does not count."""
    return contribution.seq > seq or any(mark.echo is None and mark.seq > seq for mark in contribution.marks.values())


def unknown_to(gone: Contribution, others: Iterable[Contribution], *, since: int = 0) -> str | None:
    """Key of a record of another system whose users edited it after all that the deleted record holds was said, and
    after ``since``: up to there it was seen to be there."""
    newest = max([since, gone.seq, *(mark.seq for mark in gone.marks.values())])
    later = [
        (mark.seq, each.key)
        for each in others
        if not each.gone and each.system not in (gone.system, PERSON)
        for mark in each.marks.values()
        if mark.echo is None and mark.seq > newest
    ]
    return max(later)[1] if later else None


def age_of_created(contributions: Sequence[Contribution], *, seq: int) -> int:
    """The count of a record that we created and know of since ``seq``. A deletion that was seen before is newer than
    it: nothing would have been created after that."""
    return min([seq, *(each.spread_from for each in contributions if each.spread_from is not None)])
