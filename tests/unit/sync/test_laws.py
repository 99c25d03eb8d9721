"""Laws that hold whatever was said, by whom, in which order."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from saying import TRUST, Systems, said

from crm_bridge.model import current_consent
from crm_bridge.sync.rules import Survivorship
from crm_bridge.sync.survivorship import survive
from crm_bridge.sync.units import join, split

NOW = datetime(2026, 10, 20, tzinfo=UTC)
A, B = "a/contact/1", "b/contact/1"
few = settings(max_examples=60, deadline=None)

times = st.sampled_from(["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"])
phones = st.builds(
    lambda number, purpose: {"type": "phone", "value": f"+38050555010{number}", "purpose": purpose},
    st.integers(0, 4),
    st.sampled_from(["mobile", "home"]),
)
consents = st.fixed_dictionaries(
    {
        "purpose": st.sampled_from(["claims", "sales", "any"]),
        "channel": st.sampled_from(["sms", "voice"]),
        "status": st.sampled_from(["granted", "denied", "withdrawn", "pending"]),
    },
    optional={"captured_at": times, "contact_point": st.sampled_from(["cp-1"])},
)
docs = st.fixed_dictionaries(
    {},
    optional={
        "name": st.fixed_dictionaries(
            {"family": st.sampled_from(["Коваль", "Бондар"])}, optional={"given": st.sampled_from(["Anna", "Boris"])}
        ),
        "gender": st.sampled_from(["female", "male"]),
        "birth_date": st.sampled_from(["1985", "1985-03", "1985-03-08", "--03-08", "1986-01-01"]),
        "status": st.sampled_from(["active", "former", "prospect", "deceased"]),
        "job_title": st.sampled_from(["baker", "pilot"]),
        "preferences": st.fixed_dictionaries({}, optional={"languages": st.sampled_from([["uk"], ["en"]])}),
        "contact_points": st.lists(phones, max_size=3, unique_by=lambda item: item["value"]),
        "consents": st.lists(consents, max_size=3),
        "facts": st.lists(
            st.fixed_dictionaries({"key": st.sampled_from(["x", "y"]), "value": st.sampled_from(["1", "2"])}),
            max_size=2,
            unique_by=lambda item: item["key"],
        ),
    },
)
clusters = st.lists(st.tuples(docs, times), min_size=1, max_size=4).map(
    lambda pairs: [said("abcd"[index], seq=index + 1, at=at, **doc) for index, (doc, at) in enumerate(pairs)]
)


def plain(doc):
    return split(doc)


@few
@given(clusters, st.randoms())
def test_the_order_of_contributions_does_not_matter(contributions, random):
    shuffled = list(contributions)
    random.shuffle(shuffled)

    assert plain(survive(contributions, policy=TRUST).doc) == plain(survive(shuffled, policy=TRUST).doc)


@few
@given(clusters)
def test_a_card_survives_itself(contributions):
    """One record that says what the card says gives the card."""
    card = survive(contributions, policy=TRUST).doc

    assert plain(card) == plain(
        survive([said("a", **{k: v for k, v in card.items() if k != "kind"})], policy=TRUST).doc
    )


@few
@given(docs)
def test_a_document_taken_apart_and_put_together_says_the_same(doc):
    again = join(split(doc))

    assert split(doc) == split(again)
    for purpose in ("claims", "sales"):
        for channel in ("sms", "voice"):
            for point in (None, "cp-1"):
                asked = {"purpose": purpose, "channel": channel, "at": NOW, "contact_point": point}
                before = current_consent(doc.get("consents", ()), **asked)
                after = current_consent(again.get("consents", ()), **asked)
                assert before.granted == after.granted


@few
@given(clusters)
def test_merging_never_widens_a_consent(contributions):
    """What the card allows, all statements of all records together allow as well."""
    card = survive(contributions, policy=TRUST).doc
    everything = [item for each in contributions for item in each.doc.get("consents", ())]
    for purpose in ("claims", "sales"):
        for channel in ("sms", "voice"):
            for point in (None, "cp-1"):
                asked = {"purpose": purpose, "channel": channel, "at": NOW, "contact_point": point}
                allowed = current_consent(card.get("consents", ()), **asked).granted
                assert not allowed or current_consent(everything, **asked).granted


@few
@given(docs, docs)
def test_merge_then_unmerge_restores_both_cards(left, right):
    systems = Systems(said("a", seq=1, **left), said("b", seq=2, **right))
    before = [plain(systems.only(key).card().doc) for key in (A, B)]
    systems.carry()
    systems.carry()

    apart = [systems.only(key) for key in (A, B)]

    assert before == [plain(each.card().doc) for each in apart]


@few
@given(docs, docs)
def test_carrying_settles_in_one_round(left, right):
    """After the card was written everywhere there is nothing to write, and the card is what it was."""
    systems = Systems(said("a", seq=1, **left), said("b", seq=2, **right))
    before = plain(systems.card().doc)
    systems.carry()

    assert {} == systems.carry()
    assert before == plain(systems.card().doc)


@few
@given(docs, st.sampled_from(["baker", "pilot", None]), st.sampled_from(["female", "male", None]), st.booleans())
def test_disjoint_edits_commute(doc, job_title, gender, carried):
    def after(order):
        systems = Systems(said("a", seq=1, **doc), said("b", seq=2, **doc), policy=Survivorship(order=("a", "b")))
        if carried:
            systems.carry()
        for edit in order:
            systems.reads(*edit[0], **edit[1])
        return plain(systems.card().doc)

    edits = [((A,), {"job_title": job_title}), ((B,), {"gender": gender})]
    both = after(edits)

    assert both == after(list(reversed(edits)))
    assert (job_title, gender) == (both.get("job_title"), both.get("gender"))
