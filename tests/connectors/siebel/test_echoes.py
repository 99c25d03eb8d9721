"""Our own writes come back: recognised by content elsewhere, and counted here by who saved them."""

from __future__ import annotations

import logging
from importlib.resources import files
from pathlib import Path

import pytest

ASI = str(Path(str(files("crm_bridge_siebel"))) / "wsdl" / "contact_asi.wsdl")


@pytest.mark.parametrize(
    ("named", "told"), [({}, True), ({"integration_user": "bridge"}, True), ({"integration_user": "0-1"}, False)]
)
def test_the_log_says_how_many_records_are_our_own(siebel, drain, update, caplog, named, told):
    """By the login, or by whatever name UpdatedBy has for it; every record is given all the same."""
    ours, other = siebel.load(2)
    connector = siebel.connector(kinds={"contact": {"wsdl": ASI, "children": []}}, **named)
    _, cursor = drain(connector)
    siebel.clock.move(1)
    connector.write("contact", [update(ours, JobTitle="лікарка")])
    siebel.simulator.edit("contact", other, {"JobTitle": "інженерка"})

    with caplog.at_level(logging.INFO, "crm_bridge_siebel"):
        pages, _ = drain(connector, cursor)

    assert {ours, other} == {record["Id"] for page in pages for record in page.records}
    assert told == ("contact: 1 of 2 records were last saved by the integration user" in caplog.messages)


def test_a_hint_that_cannot_be_had_is_noted(siebel):
    """The plain services do not publish UpdatedBy."""
    findings = siebel.connector(integration_user="0-1").check()

    assert 2 == len([finding for finding in findings if "no UpdatedBy" in finding])
