"""A name in a mapping that its system does not have stops a run before it begins."""

from __future__ import annotations

import pytest
from memory_world import PERSON, Peer, World

from crm_bridge.errors import ConfigMistake

FIELDS = frozenset(
    [
        "id",
        "version",
        "last_name",
        "first_name",
        "gender",
        "birth_date",
        "job_title",
        "marital_status",
        "mobile_phone",
        "home_phone",
        "email",
        "dish",
        "consents.id",
        "consents.purpose",
        "consents.channel",
        "consents.status",
        "consents.captured_at",
        "number",
        "status",
        "owner",
    ]
)


class _Telling(Peer):
    """A system that says which fields it has."""

    def fields(self, kind: str) -> frozenset[str]:
        """Of every kind together."""
        del kind
        return FIELDS


def test_a_mistyped_field_erases_nothing_and_is_named_with_its_line(world: World) -> None:
    """An image that is full would take the field that is never there as a retraction."""
    world.person("a", "b", job_title="лікар")
    world.settle()
    world.opened["b"] = _retold(world["b"])
    text = PERSON.format(system="b", image="full").replace("src: job_title", "src: job_titel")
    world.write_mapping("b", text)
    line = text.splitlines().index("  job_title: {src: job_titel}") + 1

    with pytest.raises(
        ConfigMistake, match=rf"b.yaml:{line}:.*job_title.*no field job_titel.*did you mean 'job_title'"
    ):
        world.sync()
    with pytest.raises(ConfigMistake, match="job_titel"):
        world.ask("plan")
    assert ["config"] == [finding.code for each in world.ask("check") for finding in each.findings]
    assert ["лікар"] == [each["job_title"] for each in world["a"].records("person")]


def test_a_mistyped_field_of_nested_rows_is_found_too(world: World) -> None:
    """Also the place of the rows, their key and their parts."""
    world.opened["b"] = _retold(world["b"])
    text = (
        PERSON.format(system="b", image="full").replace("key: id", "key: ident").replace("src: channel", "src: chanel")
    )
    world.write_mapping("b", text)

    messages = [finding.message for each in world.ask("check") for finding in each.findings]

    assert 2 == len(messages)
    assert any("consents.ident" in message for message in messages)
    assert any("did you mean 'consents.channel'" in message for message in messages)


def test_documents_without_mistakes_pass(world: World) -> None:
    """All names are known."""
    world.opened["b"] = _retold(world["b"])

    assert [] == [finding for each in world.ask("check") for finding in each.findings]
    assert 0 == world.sync().written


def _retold(peer: Peer) -> Peer:
    peer.__class__ = _Telling
    return peer
