"""A secret is found behind its reference, and shows itself to nobody."""

from __future__ import annotations

import pytest

from crm_bridge.config import resolve_secret, secret_resolver
from crm_bridge.connector import Secret
from crm_bridge.errors import ConfigMistake


def test_a_secret_comes_from_the_environment(tmp_path):
    """``env:NAME``."""
    assert Secret("s3") == resolve_secret("env:THE_SECRET", base_dir=tmp_path, environ={"THE_SECRET": "s3"})


def test_a_secret_comes_from_a_file_beside_the_configuration(tmp_path):
    """``file:PATH``, without the line break that editors put at the end."""
    (tmp_path / "secret").write_bytes(b" s3 \r\n")

    assert Secret(" s3 ") == secret_resolver(tmp_path)("file:secret")


@pytest.mark.parametrize("reference", ["env:NOT_SET", "env:EMPTY", "env:", "file:", "file:none", "vault:x", "plain"])
def test_no_secret_behind_a_reference_is_a_config_mistake(tmp_path, reference):
    """Never an empty password sent to a system that then locks the account."""
    with pytest.raises(ConfigMistake):
        resolve_secret(reference, base_dir=tmp_path, environ={"EMPTY": ""})
