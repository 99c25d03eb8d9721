"""What comes from outside is read by parsers that cannot be talked into reading files or growing without end."""

from __future__ import annotations

import ast

import pytest
from lxml import etree

from crm_bridge.api import BridgeError
from crm_bridge_siebel import xml_guard

GUARD = "connectors/siebel/crm_bridge_siebel/xml_guard.py"
XML_ENTRANCES = {"fromstring", "parse", "XML", "iterparse", "XMLParser", "XMLPullParser", "HTMLParser"}
HARMLESS = {"xml.sax.saxutils"}  # escapes text, parses nothing


def _imported_modules(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def _calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func.attr, ast.unparse(node.func.value)


def test_the_standard_library_reads_no_xml(shipped_files):
    """``xml.*`` expands entities; XML is read by lxml with entities and network off."""
    found = [
        f"{file.name}:{line}: {module}"
        for file in shipped_files
        for line, module in _imported_modules(file.tree)
        if module.partition(".")[0] == "xml" and module not in HARMLESS
    ]

    assert [] == found


def test_lxml_is_entered_through_the_guard_alone(shipped_files):
    """One module parses XML from outside; everything else gets elements from it."""
    found = [
        f"{file.name}:{call.lineno}: {owner}.{name}"
        for file in shipped_files
        for call, name, owner in _calls(file.tree)
        if name in XML_ENTRANCES and owner.split(".")[-1] in ("etree", "ET", "objectify") and file.name != GUARD
    ]

    assert [] == found


def test_the_guard_expands_no_entity_and_fetches_nothing():
    """Even a document that got past its refusal of DTDs is read without entities, and from its own bytes only."""
    bomb = b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://crm.example.com/x">]><a>&x;</a>'

    with pytest.raises(BridgeError):
        xml_guard.parse(bomb, system="siebel")
    assert etree.fromstring(bomb, xml_guard.parser()).text is None


def test_no_archive_is_unpacked_blindly(python_files):
    """``extractall`` trusts the names inside the archive: members are taken one by one."""
    found = [
        f"{file.name}:{call.lineno}"
        for file in python_files
        for call, name, _ in _calls(file.tree)
        if name in ("extractall", "unpack_archive")
    ]

    assert [] == found
