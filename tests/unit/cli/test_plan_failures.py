"""What a plan lacks because a plugin failed is said with it."""

from types import SimpleNamespace


def test_a_plan_names_the_plugins_that_failed(cli, bridge):
    """In words, as a sync does; such a plan may lack writes."""
    answer = {"writes": [], "blocked": [], "stopped": {}, "plugin_failures": ["plugin bad: enrich_clients: KeyError"]}
    bridge.answers["plan"] = SimpleNamespace(writes=(), as_dict=lambda: answer)

    assert "plugin: plugin bad: enrich_clients: KeyError" in cli("plan").out
