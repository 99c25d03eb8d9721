"""docs/reference/plugins.md has every bundled plugin, and every setting with its default and its description."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest

from crm_bridge.plugin_manager import all_entry_points

BUNDLED = {
    plugin.name: importlib.import_module(plugin.target)
    for plugin in all_entry_points()
    if plugin.target.startswith("crm_bridge.plugins.")
}


@pytest.fixture(scope="module")
def sections(root: Path) -> dict[str, str]:
    page = (root / "docs/reference/plugins.md").read_text(encoding="utf-8")
    names, texts = re.findall(r"^## `(.+)`$", page, re.MULTILINE), re.split(r"^## `.+`$", page, flags=re.MULTILINE)[1:]
    return dict(zip(names, texts, strict=True))


def test_every_bundled_plugin_has_its_section(sections: dict[str, str]) -> None:
    """And none is described that is not there."""
    assert sorted(BUNDLED) == sorted(sections)


@pytest.mark.parametrize("name", BUNDLED)
def test_every_setting_is_described(sections: dict[str, str], name: str) -> None:
    """With the default and the words that the settings model has."""
    plugin = getattr(BUNDLED[name], "Plugin", None)
    if plugin is None:
        assert "No settings." in sections[name]
        return
    rows = [
        f"| `{field}` | `{json.dumps(about.get_default(call_default_factory=True))}` | {about.description} |"
        for field, about in plugin.Settings.model_fields.items()
    ]

    assert [] == [row for row in rows if row not in sections[name]]
