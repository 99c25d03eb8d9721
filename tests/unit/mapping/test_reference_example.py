"""The specification's complete example passes as it is."""

from __future__ import annotations

from crm_bridge.mapping import compile_mapping, load_mapping, run_tests


def test_every_inline_test_of_the_specification_passes(reference):
    """Six tests: there and back, changed fields only, nested rows, too long, split only when missing, unknown code."""
    results = run_tests(compile_mapping(load_mapping(reference, file="contact.yaml")))

    assert [] == [(result.name, result.differences) for result in results if not result.passed]
    assert 6 == len(results)


def test_an_inline_test_that_is_wrong_fails_with_the_difference(reference):
    """A runner that passes everything would be worse than none."""
    wrong = reference.replace("gender: female\n", "gender: male\n", 1).replace("quarantine: gender", "quarantine: name")

    failed = [result for result in run_tests(compile_mapping(load_mapping(wrong, file="c.yaml"))) if not result.passed]

    assert [("gender: expected 'male', found 'female'",)] == [each.differences for each in failed[:1]]
    assert failed[1].differences[0].startswith("quarantine: expected ['name'], found gender (Gender, unknown_code")


def test_what_the_document_writes_is_known_by_heads(reference):
    """The sync asks which parts of a client a system can hold at all."""
    compiled = compile_mapping(load_mapping(reference, file="contact.yaml"))

    assert {
        "name", "gender", "birth_date", "marital_status", "job_title", "status", "preferences",
        "identifiers", "contact_points", "consents", "relationships", "facts",
    } == compiled.writes_paths  # fmt: skip


def test_explain_names_row_raw_and_result(reference):
    """Each path with the line of its row, what stood there, and what came of it."""
    compiled = compile_mapping(load_mapping(reference, file="contact.yaml"))

    rows = compiled.explain(
        {"Id": "1", "LastName": "Ткач", "FullName": "Інший Іван", "Gender": "?", "CellularPhone": "050 555 01 01"}
    )

    by_path = {row.path: row for row in rows}
    assert ("Ткач", {"LastName": "Ткач"}) == (by_path["name.family"].result, by_path["name.family"].raw)
    assert by_path["name.family"].row.startswith("contact.yaml:26:3")
    assert ["unknown_code"] == [problem.code for problem in by_path["gender"].problems]
    assert "+380505550101" == by_path["contact_points[phone/mobile]"].result[0]["value"]
