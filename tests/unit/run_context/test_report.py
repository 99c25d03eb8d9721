"""The exit code is the gravest thing that happened."""

import pytest

from crm_bridge.errors import ExitCode
from crm_bridge.run_context.digest import canonical_bytes, digest_of
from crm_bridge.run_context.report import RunReport


def report(*codes, unknown=0, letters=0):
    made = RunReport("r", "t")
    for code in codes:
        made.stop("a", "away", code)
    made.unknown, made.new_dead_letters = unknown, letters
    return made


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (report(), ExitCode.OK),
        (report(letters=1), ExitCode.DEAD_LETTERS),
        (report(letters=1, unknown=1), ExitCode.NEEDS_PERSON),
        (report(4, unknown=1), ExitCode.SAFETY_STOP),
        (report(69, 4), ExitCode.UNAVAILABLE),
        (report(69, 77), ExitCode.CREDENTIALS),
    ],
)
def test_the_gravest_code_wins(made, code):
    assert (code, code) == (made.exit_code, made.as_dict()["exit_code"])


def test_equal_records_have_equal_digests_whatever_the_order_of_their_fields():
    left, right = canonical_bytes({"a": 1, "b": 2}), canonical_bytes({"b": 2, "a": 1})

    assert digest_of(left, fingerprint="m@1") == digest_of(right, fingerprint="m@1")


def test_another_version_of_the_mapping_reads_a_record_anew():
    raw = canonical_bytes({"a": 1})

    assert digest_of(raw, fingerprint="m@1") != digest_of(raw, fingerprint="m@2")
