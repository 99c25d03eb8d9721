"""The bundled connectors keep every promise that they make, each tried on its simulator as `plugin check` does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import crm_bridge_callcenter.connector
import crm_bridge_sms_gateway.connector
import crm_bridge_vendor_files.connector
from crm_bridge.config import secret_resolver
from crm_bridge.testing.rehearsal import rehearse

NO_DELETES = ("a_delete_takes_the_record_away", "a_stale_delete_is_refused")
NOT_MADE = {
    crm_bridge_callcenter.connector.CONNECTOR: {
        *NO_DELETES,
        "a_created_record_can_be_asked_for",
        "deletions_are_told_where_promised",
    },
    crm_bridge_sms_gateway.connector.CONNECTOR: {
        *NO_DELETES,
        "a_nested_row_that_is_added_leaves_the_others",
        "deletions_are_told_where_promised",
        "nested_rows_stay_when_something_else_changes",
        "the_same_create_again_has_one_effect",
        "the_same_id_again_has_one_effect",
        "the_same_write_again_does_not_undo_what_came_between",
        "the_same_write_again_has_one_effect",
        "what_is_not_named_stays",
    },
    crm_bridge_vendor_files.connector.CONNECTOR: {
        *NO_DELETES,
        "a_create_gives_an_id",
        "a_created_record_can_be_asked_for",
        "a_nested_row_that_is_added_leaves_the_others",
        "a_record_that_is_not_there_is_not_made_by_an_update",
        "a_stale_write_is_refused_and_changes_nothing",
        "deletions_are_told_where_promised",
        "nested_rows_stay_when_something_else_changes",
        "the_receipt_names_the_next_version",
        "the_same_create_again_has_one_effect",
        "the_same_write_again_does_not_undo_what_came_between",
        "what_is_not_named_stays",
    },
}


@pytest.mark.parametrize("connector", NOT_MADE, ids=lambda connector: connector.name)
def test_what_it_promises_it_keeps(connector):
    """And nothing else is left untried than what it does not promise."""
    found = list(rehearse(connector, clock=lambda: datetime(2026, 10, 20, 8, 15, tzinfo=UTC), secrets=secret_resolver))

    assert [] == [(each.test, each.why) for each in found if each.outcome == "broken"]
    assert NOT_MADE[connector] == {each.test.removeprefix("test_") for each in found if each.outcome == "not tried"}
    assert {"held", "not tried"} == {each.outcome for each in found}
