"""The shipped documents: their inline tests, the bad cases among them, and what they can write."""

from __future__ import annotations

from importlib.resources import files

from crm_bridge.mapping import run_tests

SHIPPED = {
    "siebel/contact.yaml",
    "siebel/claim.yaml",
    "callcenter/client.yaml",
    "sms_gateway/subscriber.yaml",
    "vendor_files/client.yaml",
}
ALWAYS = {"required", "unknown_code", "bad_date"}
BAD_CASES = {
    "siebel.contact": ALWAYS | {"bad_phone", "bad_check", "too_long"},
    "siebel.claim": ALWAYS | {"bad_number"},
    "callcenter.client": ALWAYS | {"bad_phone", "bad_shape", "too_long"},
    "sms_gateway.subscriber": ALWAYS | {"bad_phone", "too_long"},
    "vendor_files.client": ALWAYS | {"bad_phone", "bad_check", "too_long"},
}


def test_every_inline_test_passes(document):
    """As ``crm-bridge mapping test`` says it."""
    assert [] == [(result.name, result.differences) for result in run_tests(document) if not result.passed]


def test_the_bad_cases_are_among_the_tests(document):
    """Unknown code, impossible date, bad phone, missing id, too long: a test for each that can happen."""
    met = set()
    for test in document.document.tests:
        reading = document.read(test.given) if test.given is not None else None
        met |= {problem.code for problem in (reading.problems if reading else ())}
        if test.write_back and "quarantine" in test.write_back:
            met.add("too_long")

    assert set() == BAD_CASES[document.name] - met


def test_no_document_is_left_out():
    """What lies in the package is tested here."""
    package = files("crm_bridge_mappings")
    found = {
        f"{folder.name}/{file.name}"
        for folder in package.iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    }

    assert found == SHIPPED
