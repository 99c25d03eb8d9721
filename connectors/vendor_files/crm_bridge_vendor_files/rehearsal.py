"""How the drop-folder connector is tried: with the agency's simulator at the other end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from crm_bridge.api import RawRecord
from crm_bridge.testing import Rehearsal

from .simulator.agency import COLUMNS, RECORD_ID, AgencySimulator


class VendorFilesRehearsal(Rehearsal):
    """Rows of the agency's files. Everybody in them is invented."""

    kind = "client"
    id_field = RECORD_ID
    version_field = None
    creates = False  # the agency gives the numbers of contracts
    refuses_strangers = False  # a file is put there for whoever reads it
    refused_change = MappingProxyType({"Місто": "Алматы ұ"})  # a letter that the code page does not have

    def open(self, folder: Path, clock: Callable[[], datetime]) -> tuple[AgencySimulator, Mapping[str, Any]]:
        simulator = AgencySimulator(folder / "agency", clock)
        return simulator, {**simulator.start(), "page_size": 100}

    def new_record(self, number: int) -> RawRecord:
        said = {
            RECORD_ID: f"Д-{number:05}",
            "ПІБ": f"Шевченко Оксана-{number} Іванівна",
            "Телефон": f"+38050555{number % 10000:04}",
            "Стать": "ж",
            "Діти": "Марко 7; Олена",
            "Адреса": 'вул. "Нова", 1',
        }
        return dict.fromkeys(COLUMNS, "") | said

    def change(self, number: int) -> RawRecord:
        return {"Місто": f"Київ-{number}"}
