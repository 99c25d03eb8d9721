"""A world of the tests as something to be proved."""

from dataclasses import replace
from types import SimpleNamespace

from memory_world import INSTALLED, PERSON, Handed

from crm_bridge.api import ConnectorSettings, ConnectorType, hookimpl
from crm_bridge.prove.declared import declared
from crm_bridge.prove.search import prove

TAX_ID = "    - {src: tax_id, item: {system: ua.rnokpp, type: tax}, check: stdnum.ua.rntrc}\n  contact_points:"


def with_tax_ids(world):
    """``world``, whose systems all hold a tax identifier."""
    for name in world.peers:
        text = PERSON.format(system=name, image="full")
        world.write_mapping(name, text.replace("  contact_points:", TAX_ID))
    return world


def declared_in(world, **capabilities):
    """What the world declares; ``capabilities`` by system in place of what its connectors say."""

    @hookimpl
    def register_connectors():
        return [ConnectorType("memory", ConnectorSettings, lambda _settings, to: world.opened[to.system], "memory")]

    handed = Handed("memory", SimpleNamespace(register_connectors=register_connectors))
    found = declared(world.settings(), clock=lambda: world.now, installed=[*INSTALLED, handed])
    kinds = {
        name: replace(kind, capabilities=replace(kind.capabilities, **capabilities.get(name, {})))
        for name, kind in found.kinds.items()
    }
    return replace(found, kinds=kinds)


def proof_of(what, *, examples=30, seed=1, strict=False):
    return prove(what, examples=examples, seed_of_chance=seed, strict=strict)
