"""WSDLs in other habits than Siebel's generator: each loads, is told, and gives a draft that passes its own test."""

from __future__ import annotations

import pytest
from stranger_wsdls import STRANGERS
from test_inspect import inspected, tried


@pytest.mark.parametrize("name", STRANGERS)
def test_a_strangers_wsdl_is_told_and_drafted(name, tmp_path):
    """Its dialect, its integration object, the fields by their usual names whatever escapes them."""
    made, dialect = STRANGERS[name]
    for file, content in made().items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(content)

    told = inspected(tmp_path / "site.wsdl", "--draft", tmp_path / "draft.yaml")

    (service,) = [each for each in told["services"] if each["object"]]
    assert dialect == service["dialect"]
    assert any("gives" in line for line in service["reads"]), service["reads"]
    assert "1 passed" in tried(tmp_path / "draft.yaml")
    text = (tmp_path / "draft.yaml").read_text(encoding="utf-8")
    assert "  name.family: " in text
    assert "  name.given: " in text
    assert [] == [each["name"] for each in service["object"]["fields"] if each["name"] not in text]
