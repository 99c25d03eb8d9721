"""What comes from outside is read by parsers that cannot be talked into reading files or growing without end."""

from __future__ import annotations

import ast

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


def test_lxml_never_reads_with_its_default_parser(shipped_files):
    """Every entrance into lxml names a parser; every parser switches entities off."""
    found = []
    for file in shipped_files:
        for call, name, owner in _calls(file.tree):
            if name not in XML_ENTRANCES or owner.split(".")[-1] not in ("etree", "ET"):
                continue
            keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            safe = (
                keywords.get("resolve_entities") == "False"
                or "parser" in keywords
                or (name in ("fromstring", "parse", "XML") and len(call.args) > 1)
            )
            if not safe:
                found.append(f"{file.name}:{call.lineno}: {owner}.{name} without parser= or resolve_entities=False")

    assert [] == found


def test_no_archive_is_unpacked_blindly(python_files):
    """``extractall`` trusts the names inside the archive: members are taken one by one."""
    found = [
        f"{file.name}:{call.lineno}"
        for file in python_files
        for call, name, _ in _calls(file.tree)
        if name in ("extractall", "unpack_archive")
    ]

    assert [] == found
