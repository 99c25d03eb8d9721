"""The drop-folder connector keeps every contract that it claims, with the agency at the other end."""

from __future__ import annotations

import pytest

from crm_bridge.testing import RecordSourceContract, RecordTargetContract
from crm_bridge_vendor_files.simulator.agency import RECORD_ID

from .conftest import row


class TestDropFolder(RecordSourceContract, RecordTargetContract):
    """Source and target."""

    kind = "client"
    id_field = RECORD_ID
    version_field = None
    creates = False  # the agency gives the numbers of contracts

    @pytest.fixture
    def connector(self, open_connector):
        return open_connector(page_size=100)

    def new_record(self, number):
        return row(number)

    def change(self, number):
        return {"Місто": f"Київ-{number}"}

    def test_outcomes_come_in_the_order_of_the_writes(self, connector, system):
        """A file has no 'no such record': the refused one here has a value that the code page does not know."""
        ids = self.fill(system, 3)
        records = connector.read(self.kind, ids)
        changes = [{"Місто": "Київ"}, {"Місто": "Алматы ұ"}, {"Місто": "Львів"}]
        writes = [
            self.update(each, said, key=str(n)) for n, (each, said) in enumerate(zip(records, changes, strict=True))
        ]
        outcomes = connector.write(self.kind, writes)

        assert [ids[0], "unencodable", ids[2]] == [
            getattr(outcome, "record_id", None) or outcome.code for outcome in outcomes
        ]
