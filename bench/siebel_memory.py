"""How far a whole ``crm-bridge sync`` grows over one page of Siebel's that is far too large, and over a hostile answer.

    python bench/siebel_memory.py [--short] [--megabytes N]

Each sync is a process of its own, against a server on loopback that is another; what counts is the highest resident
size that the system ever saw of it, less that of the same sync over ten records. A page of 10,000 records of 30 KB is
the largest that can be asked for at once; the hostile answer has ten million empty elements in one record. Records are
invented.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from crm_bridge_siebel.soap import SoapService

READER_GOAL = 64
_MB = 1024 * 1024
_RECORD = 30 * 1024
_HOSTILE = 10_000_000
_STAMPS = {"Id", "Created", "Updated", "ModId", "LastName", "Gender", "BirthDate", "IntegrationId"}
_MAPPING = """mapping: bench.contact
version: 1
client: person
record:
  id: Id
  concurrency: ModId
  image: full
fields:
  name.family: {src: LastName, required: true}
"""


class Site:
    """A Siebel that holds ``count`` contacts, all of one second, in the order of their ids."""

    def __init__(self, count: int, *, size: int, hostile: int = 0) -> None:
        service = SoapService(
            Path(str(files("crm_bridge_siebel"))) / "wsdl" / "contact.wsdl", endpoint="http://127.0.0.1/", system="b"
        )
        self.count, self._hostile = count, hostile
        self._shape, self._output = service.shape.data, service.operations["QueryPage"].output
        texts = [name for name in self._shape.component.fields if name not in _STAMPS]
        filling = "Вигадано " * (size // len(texts) // 17 or 1)
        self._filling = "".join(f"<{name}>{filling}</{name}>" for name in texts)

    def answer(self, asked: str) -> Iterator[bytes]:
        """The page that ``asked`` wants, some records at a time."""
        tag, component = self._shape.tag, self._shape.component
        size = int(next(iter(re.findall(r'pagesize="(\d+)"', asked)), "10"))
        behind = re.findall(r"\[Id\] &gt; '1-(\d+)'|\[Id\] > '1-(\d+)'", asked)
        first = int("".join(behind[-1])) + 1 if behind else 0
        if "DESC" in asked:
            first = max(first, self.count - size)
        last = min(self.count, first + size)
        yield (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>'
            f'<ns:{self._output.tag} xmlns:ns="{self._output.namespace}">'
            f'<{tag} lastpage="{str(last == self.count).lower()}" xmlns="{component.namespace}">'
        ).encode()
        whole = "FavoriteDish" in asked
        for number in range(first, last):
            stamps = f"<Id>1-{number:09}</Id><Updated>10/20/2026 08:00:00</Updated><ModId>0</ModId>"
            inner = f"<LastName>Тест{number}</LastName>{self._filling}" if whole else ""
            if self._hostile and whole:
                inner += "<x/>" * 1000 * (self._hostile // 1000)
            yield f"<{component.tag}>{stamps}{inner}</{component.tag}>".encode()
        yield f"</{tag}></ns:{self._output.tag}></SOAP-ENV:Body></SOAP-ENV:Envelope>".encode()


def serve(site: Site) -> None:
    """Serve ``site`` until the input ends; the port goes to the output."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.end_headers()
            try:
                for piece in site.answer(asked):
                    self.wfile.write(piece)
            except OSError:
                return  # the other side has had enough

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


def highest(folder: Path, *, count: int, hostile: int, page_size: int) -> tuple[float, int, str]:
    """The highest resident size of a sync over that site, in MB; how it ended; what it said."""
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(count), "--hostile", str(hostile)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    folder.mkdir()
    (folder / "contact.yaml").write_text(_MAPPING, encoding="utf-8")
    (folder / "crm-bridge.toml").write_text(
        '[bridge]\nname = "bench"\n[systems.siebel]\nconnector = "siebel"\nsecurity = "none"\n'
        f'endpoint = "http://127.0.0.1:{server.stdout.readline().strip()}/?WSSOAP=1"\npage_size = {page_size}\n'
        f"max_answer_bytes = {2048 * _MB}\n[systems.siebel.timeouts]\ntotal = 600\n"
        '[systems.siebel.records.contact]\nmapping = "contact.yaml"\nwrite = false\n',
        encoding="utf-8",
    )
    run = [sys.executable, "-m", "crm_bridge", "--config", str(folder / "crm-bridge.toml"), "sync", "--json"]
    with (folder / "said").open("w+", encoding="utf-8") as said:
        sync = subprocess.Popen(run, stdout=said, stderr=said)
        _, status, usage = os.wait4(sync.pid, 0)
        sync.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        told = said.read()
    server.communicate("")
    return usage.ru_maxrss / 1024, sync.returncode, told


def main() -> int:
    """Run, print, and fail where a sync did not end as it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a page of 10 MB, for CI")
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--hostile", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(Site(asked.serve, size=_RECORD, hostile=asked.hostile))
        return 0
    megabytes = 10 if asked.short else asked.megabytes
    count = megabytes * _MB // _RECORD
    wrong = []
    with TemporaryDirectory(prefix="siebel-memory-") as name:
        least, _, _ = highest(Path(name) / "least", count=10, hostile=0, page_size=10_000)
        print(f"a sync over 10 records: {least:.0f} MB at its highest\n")
        print("| answer | a sync grows by | it ends with |\n|--|--|--|")
        for what, records, hostile, ends in (
            (f"{count} records, {megabytes} MB, in one page", count, 0, 0),
            ("a record of millions of elements", 1, _HOSTILE // (10 if asked.short else 1), 3),
        ):
            peak, code, told = highest(Path(name) / str(records), count=records, hostile=hostile, page_size=10_000)
            print(f"| {what} | {peak - least:.0f} MB | {code} |", flush=True)
            if code != ends:
                wrong.append(f"{what}: ended with {code}: {told[-600:]}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
