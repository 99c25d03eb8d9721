"""What is taken from a WSDL and what is not: its tree, never its address, and nothing from elsewhere."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from lxml import etree
from pydantic import ValidationError

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.simulator.services import BY_FILE
from crm_bridge_siebel.simulator.wsdl_text import wsdl
from crm_bridge_siebel.soap import SoapService

BUNDLED = Path(str(files("crm_bridge_siebel"))) / "wsdl"


def service(path):
    return SoapService(path, endpoint="http://127.0.0.1:1/", system="siebel")


@pytest.mark.parametrize("file", sorted(BY_FILE))
def test_the_simulator_keeps_to_its_wsdl(file):
    """What the simulator serves is what the bundled WSDL says, field by field and in its order."""
    assert wsdl(BY_FILE[file]) == (BUNDLED / f"{file}.wsdl").read_text(encoding="utf-8")


def test_the_configured_endpoint_wins(siebel, drain):
    """The address in the WSDL is a placeholder or a trap; calls go to the configured one."""
    siebel.load(2)
    text = (BUNDLED / "contact.wsdl").read_text(encoding="utf-8")
    assert 'location="http://webserver.invalid/' in text
    (siebel.folder / "own.wsdl").write_text(text.replace("webserver.invalid", "127.0.0.1:1"), encoding="utf-8")

    pages, _ = drain(siebel.connector(wsdl={"contact": "own.wsdl"}))

    assert 2 == len(pages[0].records)


def test_a_wsdl_without_an_address_works(siebel, drain):
    """Some sites cut it out."""
    siebel.load(2)
    text = (BUNDLED / "contact.wsdl").read_text(encoding="utf-8")
    cut = "\n".join(line for line in text.splitlines() if "soap:address" not in line)
    (siebel.folder / "own.wsdl").write_text(cut, encoding="utf-8")

    assert 2 == len(drain(siebel.connector(wsdl={"contact": "own.wsdl"}))[0][0].records)


@pytest.mark.parametrize(
    ("insert", "reason"),
    [
        ('<import namespace="urn:x" location="http://127.0.0.1:1/other.wsdl"/>', "outside its own folder"),
        ('<import namespace="urn:x" location="file:///etc/hostname"/>', "outside its own folder"),
        ('<import namespace="urn:x" location="../../secret.wsdl"/>', "outside its own folder"),
    ],
)
def test_imports_from_elsewhere_are_refused(tmp_path, insert, reason):
    """No network and no other folder is read for a WSDL."""
    text = (BUNDLED / "contact.wsdl").read_text(encoding="utf-8").replace("  <types>", f"  {insert}\n  <types>", 1)
    (tmp_path / "own.wsdl").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigMistake, match=reason):
        service(tmp_path / "own.wsdl")


@pytest.mark.parametrize(
    "text", ["", "<html/>", "not xml", "<!DOCTYPE d [<!ENTITY a 'b'>]><definitions>&a;</definitions>"]
)
def test_a_file_that_is_no_wsdl_is_a_mistake_in_the_configuration(tmp_path, text):
    """The message says which file, and what to do."""
    (tmp_path / "own.wsdl").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigMistake, match=r"own\.wsdl"):
        service(tmp_path / "own.wsdl")


def test_another_dialect_is_refused_before_anything_is_sent(tmp_path):
    """A service that pages by elements would take every query for one without limits."""
    text = (
        (BUNDLED / "contact.wsdl")
        .read_text(encoding="utf-8")
        .replace('<xsd:attribute name="pagesize"', '<xsd:attribute name="size"')
    )
    (tmp_path / "own.wsdl").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigMistake, match="UI Data Adapter dialect"):
        service(tmp_path / "own.wsdl")


def test_a_missing_wsdl_is_a_mistake_in_the_configuration(tmp_path):
    """The message names the file."""
    with pytest.raises(ConfigMistake, match=r"own\.wsdl does not exist"):
        service(tmp_path / "own.wsdl")


@pytest.mark.parametrize(
    "endpoint",
    [
        "siebel.example",
        "ftp://siebel.example/",
        "http://u:p@siebel.example/",
        "http://siebel.example/?UserName=u&Password=p",
    ],
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused(endpoint):
    """Passwords in addresses end up in logs."""
    with pytest.raises(ValidationError):
        SiebelSettings(endpoint=endpoint, username="u", password_ref="env:X")


def test_without_zeep_the_plugin_loads_and_opening_says_what_to_install():
    """The rest of the bridge works without the extra; the connector's absence is told in words."""
    program = """
import sys
for name in ("zeep", "lxml", "requests"):
    sys.modules[name] = None
from crm_bridge_siebel.plugin import register_connectors, register_simulators
register_simulators()
(kind,) = register_connectors()
try:
    kind.open(kind.settings(endpoint="http://127.0.0.1/", username="u", password_ref="env:X"), None)
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("ConfigMistake")
    assert "pip install crm-bridge[siebel]" in done.stdout


def test_with_zeep_alone_missing_the_message_names_it():
    """soap.py is the only place that imports zeep."""
    program = """
import sys
sys.modules["zeep"] = None
try:
    import crm_bridge_siebel.soap
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert (
        "ConfigMistake connector siebel needs the package zeep: pip install crm-bridge[siebel]" == done.stdout.strip()
    )


def test_zeep_is_imported_in_one_place():
    """The seam to another SOAP library stays one file."""
    root = Path(str(files("crm_bridge_siebel")))
    users = sorted(path.name for path in root.rglob("*.py") if "import zeep" in path.read_text(encoding="utf-8"))

    assert ["soap.py"] == users


def test_the_bundled_files_are_well_formed():
    """And their addresses lead nowhere."""
    for path in sorted(BUNDLED.glob("*.wsdl")):
        assert "webserver.invalid" in etree.tostring(etree.parse(path)).decode()
