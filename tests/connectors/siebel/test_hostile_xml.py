"""XML that means harm, read in processes of their own whose memory and time are watched."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache

import pytest

NAMESPACE = "http://www.siebel.com/xml/CRM_Contact_IO/Data"
HEAD = (
    "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><o:Out xmlns:o='http://siebel.com/CustomUI'>"
    f"<ListOfCrm_Contact_Io xmlns='{NAMESPACE}' lastpage='true'>"
)
TAIL = "</ListOfCrm_Contact_Io></o:Out></e:Body></e:Envelope>"
RECORD = "<Contact><Id>1-1</Id><Updated>10/20/2026 08:00:00</Updated><ModId>0</ModId>{}</Contact>"

DRIVER = """
import json, os, sys, time
from pathlib import Path
from crm_bridge_siebel.records import RecordReader
from crm_bridge_siebel.shapes import Component, ComponentList
from crm_bridge_siebel.soap import SoapService
from crm_bridge.api import BridgeError

HEAD, TAIL, RECORD, NAMESPACE = json.loads(sys.argv[1])

def peak():  # in KB, of this process alone
    try:
        lines = open("/proc/self/status").read().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    except OSError:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

class Stream:
    def __init__(self, pieces):
        self.pieces, self.left = iter(pieces), b""
    def read(self, size=-1):
        while len(self.left) < size and (piece := next(self.pieces, None)) is not None:
            self.left += piece
        part, self.left = self.left[:size], self.left[size:]
        return part

def page(pieces):
    child = ComponentList("ListOfChild", Component("Child", NAMESPACE, ("Id", "FirstName")))
    contact = Component("Contact", NAMESPACE, ("Id", "ModId", "Updated", "LastName"), (child,))
    reader = RecordReader(ComponentList("ListOfCrm_Contact_Io", contact), system="siebel")
    named = {"HEAD": HEAD, "TAIL": TAIL, "RECORD": RECORD}
    exec("def pieces():\\n" + pieces, named)
    def read():
        answer = reader.read(Stream(named["pieces"]()), page_size=10, where="page")
        return ["read", str(len(answer.records)), str(len(answer.broken))]
    return read

def wsdl(file):
    def read():
        SoapService(Path(file), endpoint="http://x.example/", system="siebel")
        return ["read"]
    return read

for line in sys.stdin:  # each in a fork: a process of its own that need not load everything anew
    child = os.fork()
    if child == 0:
        kind, what = json.loads(line)
        read = {"page": page, "wsdl": wsdl}[kind](what)
        before, began = peak(), time.process_time()
        try:
            told = read()
        except BridgeError as error:
            told = [type(error).__name__, str(error)]
        print(json.dumps([told, (peak() - before) / 1024, time.process_time() - began]), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print(json.dumps([["it fell over"], 0, 0]), flush=True)
"""

ATTACKS = {
    "ten million elements in a record": """
        yield (HEAD + RECORD.split("{}")[0]).encode()
        for _ in range(1000):
            yield b"<a/>" * 10_000
    """,
    "ten million elements before the first record": """
        yield HEAD.encode()
        for _ in range(1000):
            yield b"<a/>" * 10_000
    """,
    "ten million child rows": """
        yield (HEAD + RECORD.split("{}")[0] + "<ListOfChild>").encode()
        for _ in range(1000):
            yield b"<Child><Id>1</Id></Child>" * 10_000
    """,
    "a million attributes": """
        yield (HEAD + "<Contact ").encode()
        for number in range(1_000_000):
            yield b"a%d='' " % number
    """,
    "five million records": """
        yield HEAD.encode()
        for _ in range(1000):
            yield b"<Contact><Id>1</Id></Contact>" * 5_000
    """,
    "two hundred and eighty thousand records in eight megabytes": """
        yield HEAD.encode()
        for _ in range(280):
            yield b"<Contact><Id>1</Id></Contact>" * 1_000
        yield TAIL.encode()
    """,
    "three hundred thousand attributes": """
        yield (HEAD + "<Contact ").encode()
        for number in range(300_000):
            yield b"a%d='' " % number
        yield ("><Id>1</Id></Contact>" + TAIL).encode()
    """,
    "a text of 200 MB": """
        yield (HEAD + RECORD.split("{}")[0] + "<LastName>").encode()
        for _ in range(200):
            yield b"x" * 1_000_000
    """,
    "an attribute of 200 MB": """
        yield (HEAD + "<Contact a='").encode()
        for _ in range(200):
            yield b"x" * 1_000_000
    """,
    "a comment of 200 MB": """
        yield (HEAD + "<!-- ").encode()
        for _ in range(200):
            yield b"x" * 1_000_000
    """,
    "a tag's name of 200 MB": """
        yield (HEAD + "<").encode()
        for _ in range(200):
            yield b"x" * 1_000_000
    """,
    "a hundred thousand levels": """
        yield HEAD.encode()
        for _ in range(100):
            yield b"<a>" * 1_000
    """,
    "entities in entities": """
        yield b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>"
        yield (HEAD + RECORD.format("<LastName>&c;</LastName>") + TAIL).encode()
    """,
    "a DTD behind a long comment": """
        yield b"<!--" + b"x" * 100_000 + b"--><!DOCTYPE x [<!ENTITY a 'aaaa'>]>"
        yield (HEAD + RECORD.format("<LastName>&a;</LastName>") + TAIL).encode()
    """,
    "an external entity": """
        yield b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>"
        yield (HEAD + RECORD.format("<LastName>&a;</LastName>") + TAIL).encode()
    """,
    "an inclusion": """
        inner = "<i:include xmlns:i='http://www.w3.org/2001/XInclude' href='file:///etc/hostname' parse='text'/>"
        yield (HEAD + RECORD.format("<LastName>" + inner + "</LastName>") + TAIL).encode()
    """,
    "a processing instruction": """
        yield (HEAD + RECORD.format("<LastName>x</LastName><?php system('id') ?>") + TAIL).encode()
    """,
    "a stylesheet": """
        yield b"<?xml version='1.0'?><?xml-stylesheet href='http://127.0.0.1:1/x.xsl'?>"
        yield (HEAD + RECORD.format("") + TAIL).encode()
    """,
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Iterator[subprocess.Popen[str]]:
    """The process that forks for each reading; it says nothing beside its answers."""
    said = tmp_path_factory.mktemp("reader") / "stderr"
    with said.open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, json.dumps([HEAD, TAIL, RECORD, NAMESPACE])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        )
    with process:
        yield process
        process.stdin.close()
    assert "" == said.read_text()


@pytest.fixture(scope="module")
def read(reader):
    """What became of it, MB that the process grew by, and seconds of its processor. The same is read once."""

    @cache
    def answer(kind: str, what: str) -> tuple[list[str], float, float]:
        reader.stdin.write(json.dumps([kind, what]) + "\n")
        reader.stdin.flush()
        told, grown, seconds = json.loads(reader.stdout.readline())
        return told, grown, seconds

    return answer


def pieces(source: str) -> str:
    return textwrap.indent(textwrap.dedent(source).strip("\n"), "    ")


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_xml_is_refused_in_bounded_memory_and_time(read, attack):
    """A clear error, no more than 128 MB, no more than five seconds."""
    (told, *_), grown, seconds = read("page", pieces(attack))

    assert "UnreadableAnswer" == told
    print(f"{grown:.1f} MB, {seconds:.1f} s")
    assert 0 <= grown < 128
    assert seconds < 5


LIMITS = {
    "a hundred thousand levels": "deeper than 256 levels",
    "a text of 200 MB": "larger than the parser takes|32 MB",
    "a comment of 200 MB": "larger than the parser takes|32 MB",
    "five million records": "50000 records or more, where 10 were asked for",
    "three hundred thousand attributes": "more than 50000 attributes",
    "ten million child rows": "more than 400000 pieces of markup",
}


@pytest.mark.parametrize(("attack", "limit"), LIMITS.items(), ids=LIMITS.keys())
def test_what_is_refused_says_which_limit_was_exceeded(read, attack, limit):
    """So that an engineer knows whether it was an attack or a large record."""
    (_, message), _, _ = read("page", pieces(ATTACKS[attack]))

    assert re.search(limit, message), message


def test_what_stands_between_records_is_dropped_with_them(read):
    """Ten million elements that no WSDL knows, spread over a page, take no memory."""
    spread = """
        yield HEAD.encode()
        for _ in range(100):
            yield b"<a/>" * 100_000 + RECORD.format("").encode()
        yield TAIL.encode()
    """
    told, grown, _ = read("page", pieces(spread))

    assert ["read", "100", "0"] == told
    assert grown < 128


def test_a_large_honest_page_is_read_whole(read):
    """What bounds an attack does not bound a page: 20,000 records of 30 elements."""
    honest = """
        yield HEAD.encode()
        for _ in range(200):
            yield RECORD.format("<LastName>Коваль</LastName>" + "<Unknown>x</Unknown>" * 26).encode() * 100
        yield TAIL.encode()
    """
    told, grown, _ = read("page", pieces(honest))

    assert ["read", "20000", "0"] == told
    assert grown < 128


WSDLS = {
    "entities": "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><definitions>&a;</definitions>",
    "a DTD from elsewhere": "<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x.dtd'><definitions/>",
    "an inclusion": "<d xmlns:i='http://www.w3.org/2001/XInclude'><i:include href='file:///etc/hostname'/></d>",
    "ten million elements": "<definitions>" + "<a/>" * 10_000_000 + "</definitions>",
    "a hundred thousand levels": "<a>" * 100_000 + "</a>" * 100_000,
    "a text of 40 MB": "<definitions>" + "x" * 40_000_000 + "</definitions>",
}


@pytest.mark.parametrize("content", WSDLS.values(), ids=WSDLS.keys())
def test_a_hostile_wsdl_is_refused_in_bounded_memory_and_time(read, tmp_path, content):
    """The file is named, and what to do."""
    (tmp_path / "bad.wsdl").write_text(content, encoding="utf-8")

    (told, *message), grown, seconds = read("wsdl", str(tmp_path / "bad.wsdl"))

    assert "ConfigMistake" == told
    assert "bad.wsdl" in message[0]
    assert grown < 160
    assert seconds < 5
