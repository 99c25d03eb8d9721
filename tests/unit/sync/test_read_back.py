"""What a record that is read back says of a write to it that nobody settled."""

import pytest

from crm_bridge.sync.read_back import may_have_been_seen, typed_over

OLD, OURS, THEIRS = ({"type": "phone", "value": f"+38050555010{n}", "purpose": "mobile"} for n in range(3))
UNIT = "contact_points[phone/{value}]"


def person(**fields):
    return {"kind": "person", **fields}


def phones(*items):
    return person(contact_points=list(items))


@pytest.mark.parametrize(
    ("holds", "seen", "over"),
    [
        (person(job_title="teacher"), {"job_title": "teacher"}, {}),
        (person(job_title="pupil"), {}, {}),
        (person(job_title="headmaster"), {"job_title": "teacher"}, {"job_title": "headmaster"}),
        (person(), {"job_title": "teacher"}, {"job_title": None}),
    ],
    ids=["it arrived", "it did not", "something else stands there", "nothing stands there"],
)
def test_a_field(holds, seen, over):
    before, written, wrote = person(job_title="pupil"), person(job_title="teacher"), {"job_title": "teacher"}

    found = may_have_been_seen(before, written, holds, wrote=wrote)

    assert (seen, over) == (found, typed_over(found, before, holds))


@pytest.mark.parametrize(
    ("holds", "over"),
    [
        (phones(OURS), {}),
        (phones(THEIRS), {UNIT.format(**OURS): THEIRS}),
        (phones(), {UNIT.format(**OURS): None}),
    ],
    ids=["it arrived", "another number took the place", "the place is empty"],
)
def test_a_number_in_the_place_of_another(holds, over):
    wrote = {UNIT.format(**OLD): None, UNIT.format(**OURS): OURS}

    found = may_have_been_seen(phones(OLD), phones(OURS), holds, wrote=wrote)

    assert (wrote, over) == (found, typed_over(found, phones(OLD), holds))
