"""What plugins proposed, laid over what a source said."""

import pytest

from crm_bridge.sync.proposals import Offer, apply, still_true

DOC = {"kind": "person", "name": {"family": "КОВАЛЬ"}, "gender": "female"}


def offer(path, value, *, normalise=False):
    return Offer(path, value, "because", "a plugin", normalise)


def test_a_fill_never_replaces_what_the_source_said():
    assert "female" == apply(DOC, [offer("gender", "male")])["gender"]


def test_a_fill_says_what_the_source_did_not():
    assert {"family": "КОВАЛЬ", "given": "Anna"} == apply(DOC, [offer("name.given", "Anna")])["name"]


def test_a_normalised_value_replaces_the_spelling():
    assert "Коваль" == apply(DOC, [offer("name.family", "Коваль", normalise=True)])["name"]["family"]


def test_of_two_offers_for_one_path_the_first_counts():
    offers = [offer("job_title", "baker"), offer("job_title", "pilot")]

    assert "baker" == apply(DOC, offers)["job_title"]


def test_nothing_is_offered_to_an_item_that_is_not_there():
    assert "contact_points" not in apply(DOC, [offer("contact_points[phone/+1].features", ["sms"])])


def test_the_document_that_came_in_stays_as_it_is():
    apply(DOC, [offer("name.given", "Anna")])

    assert {"family": "КОВАЛЬ"} == DOC["name"]


def test_an_offer_about_a_value_that_changed_is_not_true_any_more():
    offers = [offer("name.family", "Коваль", normalise=True), offer("job_title", "baker")]

    assert ["job_title"] == [each.path for each in still_true(offers, ["name"])]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("facts[visit.last].value", "tomorrow", "2026-01-02"),
        ("facts[visit.last].value", "2026-03-04", "2026-03-04"),
        ("facts[visit.last].type", "number", "2026-01-02"),
    ],
)
def test_an_offer_that_does_not_fit_what_the_source_said_is_passed_over(path, value, expected):
    """A plugin's word is held to the model as a source's is: here to the type of the fact that it is about."""
    doc = {"kind": "person", "facts": [{"key": "visit.last", "type": "date", "value": "2026-01-02"}]}
    (fact,) = apply(doc, [Offer(path, value, "tidied", "acme.tidy", normalise=True)])["facts"]

    assert {"key": "visit.last", "type": "date", "value": expected} == fact
