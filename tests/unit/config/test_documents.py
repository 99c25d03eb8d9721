"""Mapping documents are found beside the configuration or in an installed package."""

from __future__ import annotations

import pytest

from crm_bridge.config import FoundDocument, find_document
from crm_bridge.errors import ConfigMistake


def test_a_relative_document_stands_beside_the_configuration(tmp_path):
    """Its file name is what messages about it will say."""
    (tmp_path / "m.yaml").write_text("mapping: x\n")

    assert FoundDocument("mapping: x\n", str(tmp_path / "m.yaml")) == find_document("m.yaml", base_dir=tmp_path)


def test_a_document_comes_out_of_a_package(tmp_path):
    """``package:path``."""
    assert "crm_bridge:py.typed" == find_document("crm_bridge:py.typed", base_dir=tmp_path).file


@pytest.mark.parametrize("reference", ["none.yaml", ".", "no_such_package:x.yaml", "crm_bridge:none.yaml"])
def test_a_document_that_is_not_there_is_a_config_mistake(tmp_path, reference):
    """Wherever it was looked for."""
    with pytest.raises(ConfigMistake):
        find_document(reference, base_dir=tmp_path)
