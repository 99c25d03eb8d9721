"""What the shipped documents name is there: each connector says which fields its records have."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.connector import ConnectorContext, FieldLister, Secret
from crm_bridge.mapping import compile_mapping, load_mapping
from crm_bridge.mapping.sources import is_among

AGENCY = (
    "№ договору;ПІБ;ІПН;Телефон;E-mail;Дата народження;Стать;Місто;Індекс;Адреса;Діти;Дата анкети;Згода SMS;"
    "Дата згоди;Улюблена страва"
)
SIEBEL = {"endpoint": "http://127.0.0.1:9", "username": "BRIDGE", "password_ref": "env:X"}
SYSTEMS = [
    ("crm_bridge_siebel.plugin", "siebel/contact.yaml", SIEBEL),
    ("crm_bridge_siebel.plugin", "siebel/claim.yaml", SIEBEL),
    (
        "crm_bridge_callcenter.plugin",
        "callcenter/client.yaml",
        {"base_url": "http://127.0.0.1:9", "token_ref": "env:X"},
    ),
    (
        "crm_bridge_sms_gateway.plugin",
        "sms_gateway/subscriber.yaml",
        {
            "base_url": "http://127.0.0.1:9",
            "register_url": "http://127.0.0.1:9",
            "username": "bridge",
            "password_ref": "env:X",
            "sender": "CRM",
        },
    ),
    (
        "crm_bridge_vendor_files.plugin",
        "vendor_files/client.yaml",
        {"inbox": "in", "outbox": "out", "columns": tuple(AGENCY.split(";")), "record_id": "№ договору"},
    ),
]


@pytest.mark.parametrize(("module", "document", "options"), SYSTEMS, ids=[each[1] for each in SYSTEMS])
def test_every_name_of_a_shipped_document_is_a_field_of_its_system(
    module: str, document: str, options: dict[str, Any], tmp_path: Path
) -> None:
    """And a name that is none is not taken for one."""
    [kind_type] = import_module(module).register_connectors()
    context = ConnectorContext("a", tmp_path, lambda _: Secret("x"), lambda: datetime(2026, 10, 20, tzinfo=UTC))
    connector = kind_type.open(kind_type.settings(**options), context)
    text = resources.files("crm_bridge_mappings").joinpath(document).read_text(encoding="utf-8")
    mapping = compile_mapping(load_mapping(text, file=document))

    with closing(connector):
        assert isinstance(connector, FieldLister)
        fields = connector.fields(Path(document).stem)
    assert fields is not None
    assert [] == [source.name for source in mapping.sources if not is_among(source.name, fields)]
    assert not is_among("LastNam", fields)
