"""An agency at the other end of a drop folder, and the connector that reaches it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm_bridge.api import ConnectorContext, RecordWrite
from crm_bridge_vendor_files.connector import CONNECTOR
from crm_bridge_vendor_files.simulator import SIMULATOR
from crm_bridge_vendor_files.simulator.agency import COLUMNS, RECORD_ID

NOW = datetime(2026, 10, 20, 8, 15, tzinfo=UTC)


def row(number, **more):
    """An invented client of the agency, every column said; the numbers belong to nobody."""
    said = {
        RECORD_ID: f"Д-{number:05}",
        "ПІБ": f"Шевченко Оксана-{number} Іванівна",
        "Телефон": f"+38050555{number:04}",
        "Стать": "ж",
        "Діти": "Марко 7; Олена",
        "Адреса": 'вул. "Нова", 1',
    }
    return dict.fromkeys(COLUMNS, "") | said | more


def write_of(record, changes, *, key="w-1"):
    """An update, with the whole row that a target with WriteMode.REPLACE is given."""
    return RecordWrite("client", "update", record[RECORD_ID], changes, {**record, **changes}, None, key)


@pytest.fixture
def system(tmp_path):
    simulator = SIMULATOR.open(tmp_path / "agency", lambda: NOW)
    yield simulator
    simulator.stop()


@pytest.fixture
def inbox(tmp_path, system):
    return tmp_path / "agency" / "inbox"


@pytest.fixture
def out(tmp_path, system):
    return tmp_path / "agency" / "out"


@pytest.fixture
def open_connector(system, tmp_path):
    """Opens connectors to the agency's folders, with changed settings where wanted."""
    reach = system.start()

    def open_(**changes):
        context = ConnectorContext("agency", tmp_path, lambda reference: None, lambda: NOW)
        return CONNECTOR.open(CONNECTOR.settings(**{**reach, **changes}), context)

    return open_


@pytest.fixture
def connector(open_connector):
    return open_connector()
