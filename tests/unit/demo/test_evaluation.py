"""Judging merges against the truth."""

from __future__ import annotations

import pytest

from crm_bridge.demo.evaluation import evaluate, evaluate_queue

TRUTH = {"a1": "anna", "a2": "anna", "a3": "anna", "b1": "boris"}


def test_a_perfect_merge_scores_one_throughout() -> None:
    """Clients are the persons under other names."""
    result = evaluate({"a1": 1, "a2": 1, "a3": 1, "b1": 2}, truth=TRUTH)

    assert (1.0, 1.0, 1.0, 1.0) == (result.precision, result.recall, result.f1, result.b3_f1)
    assert (2, 2, 0) == (result.persons, result.clients, result.mixed_clients)


def test_nothing_merged_is_precise_and_finds_nothing() -> None:
    """Precision 1, recall 0; B³ still credits each record with itself."""
    result = evaluate({"a1": 1, "a2": 2, "a3": 3, "b1": 4}, truth=TRUTH)

    assert (None, 0.0, None) == (result.precision, result.recall, result.f1)
    assert (3, 0, 0) == (result.true_pairs, result.found_pairs, result.right_pairs)
    assert result.b3_recall == pytest.approx((1 / 3 * 3 + 1) / 4)


def test_everything_merged_finds_all_and_mixes() -> None:
    """3 of 6 pairs are right, and one client holds two people."""
    result = evaluate(dict.fromkeys(TRUTH, 1), truth=TRUTH)

    assert (0.5, 1.0) == (result.precision, result.recall)
    assert 1 == result.mixed_clients
    assert result.b3_precision == pytest.approx((3 * 3 / 4 + 1 / 4) / 4)


def test_records_that_the_bridge_could_not_take_do_not_count() -> None:
    """Dead letters are counted elsewhere."""
    assert 2 == evaluate({"a1": 1, "a2": 1}, truth=TRUTH).records


def test_nothing_at_all_is_no_division_by_zero() -> None:
    """Nor is it perfect: over nothing there is no figure."""
    result = evaluate({}, truth={})

    assert {None} == {result.precision, result.recall, result.f1, result.b3_precision, result.b3_recall, result.b3_f1}


def test_a_queue_is_judged_by_its_answers_and_by_what_it_leaves_out() -> None:
    """One question of two is answered yes; of three missed pairs, the question about two clients covers two."""
    clients = {"a1": 1, "a2": 1, "a3": 3, "b1": 4}
    truth = TRUTH | {"b2": "boris"}
    result = evaluate_queue([("a1", "a3"), ("a2", "b1")], clients=clients | {"b2": 5}, truth=truth)

    assert (2, 1, 0.5) == (result.asked, result.yes, result.precision)
    assert (3, 2, 2 / 3) == (result.missed_pairs, result.missed_asked, result.recall)


def test_a_queue_without_questions_has_no_precision() -> None:
    """Records that the truth does not know count nowhere."""
    result = evaluate_queue([("a1", "x")], clients={"a1": 1, "x": 2}, truth=TRUTH)

    assert (0, None, None) == (result.asked, result.precision, result.recall)
