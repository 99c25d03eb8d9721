"""Where `crm-bridge siebel inspect` reads from, and where it does not: addresses, imports, redirects."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from inspecting import inspected, run
from site_wsdls import asi


class Site:
    """A web server with documents; it notes what it was asked."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append((self.path, dict(self.headers)))
                status, headers, body = site.pages.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site():
    one = Site()
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_a_wsdl_is_read_from_an_address(site):
    """As Siebel serves it, without credentials."""
    site.pages["/eai?WSDL"] = (200, {}, asi(operations=[("ContactQueryPage", ["PageSize"], ["LastPage"])]).encode())

    told = inspected(f"{site.root}/eai?WSDL")

    assert "ASI" == told["services"][0]["dialect"]
    assert [] == [headers for _, headers in site.asked if "Authorization" in headers or "Cookie" in headers]


@pytest.mark.parametrize(
    "place",
    ["file:///etc/hostname", "http://localhost:1/other.wsdl", "https://{host}/other.wsdl", "http://u:p@{host}/x"],
)
def test_an_address_leads_nowhere_else(site, place):
    """What it imports comes from the same scheme, host and port."""
    place = place.format(host=site.root.removeprefix("http://"))
    text = asi(operations=[("ContactQueryPage", ["PageSize"], ["LastPage"])])
    text = text.replace("<types>", f'<import namespace="urn:x" location="{place}"/><types>', 1)
    site.pages["/eai?WSDL"] = (200, {}, text.encode())

    done = run("siebel", "inspect", f"{site.root}/eai?WSDL")

    assert 78 == done.returncode
    assert "outside its own folder or host" in done.stderr
    assert ["/eai?WSDL"] == [path for path, _ in site.asked]


def _apart(place: str) -> tuple[str, str]:
    """A WSDL whose objects are in a schema at ``place``, and that schema."""
    text = asi(operations=[("ContactQueryPage", ["PageSize"], ["LastPage"])])
    start = text.rindex("<xsd:schema ")
    end = text.rindex("</xsd:schema>") + len("</xsd:schema>")
    ns = 'namespace="http://www.siebel.com/xml/Contact%20Interface"'
    schema = text[start:end].replace("<xsd:schema ", f"<xsd:schema {_PREFIXES} ", 1)
    whole = text[:start] + text[end:]
    return whole.replace(f"<xsd:import {ns}/>", f'<xsd:import {ns} schemaLocation="{place}"/>', 1), schema


_PREFIXES = 'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:io="http://www.siebel.com/xml/Contact%20Interface"'


@pytest.mark.parametrize(
    "place", ["contact.xsd", "/wsdl/contact.xsd", "{root}/wsdl/contact.xsd", "../wsdl/contact.xsd"]
)
def test_what_an_address_imports_from_its_own_host_is_read(site, place):
    """Many sites keep the integration object's schema in a file of its own."""
    text, schema = _apart(place.format(root=site.root))
    site.pages |= {"/wsdl/w.wsdl": (200, {}, text.encode()), "/wsdl/contact.xsd": (200, {}, schema.encode())}

    (told,) = inspected(f"{site.root}/wsdl/w.wsdl")["services"]

    assert "ListOfContactInterface" == told["object"]["container"]
    assert ["/wsdl/w.wsdl", "/wsdl/contact.xsd"] == [path for path, _ in site.asked]


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/hostname",
        "http://localhost:1/other.xsd",
        "https://{host}/other.xsd",
        "http://u:p@{host}/x",
        "//x.example/x",
    ],
)
def test_a_schema_from_elsewhere_is_refused(site, place):
    """As a WSDL's own imports are."""
    text, _ = _apart(place.format(host=site.root.removeprefix("http://")))
    site.pages["/w.wsdl"] = (200, {}, text.encode())

    done = run("siebel", "inspect", f"{site.root}/w.wsdl")

    assert (78, ["/w.wsdl"]) == (done.returncode, [path for path, _ in site.asked])
    assert "outside its own folder or host" in done.stderr


def test_a_schema_that_redirects_is_refused(site):
    """It could lead anywhere."""
    text, _ = _apart("contact.xsd")
    elsewhere = (302, {"Location": f"{site.root}/elsewhere"}, b"")
    site.pages |= {"/w.wsdl": (200, {}, text.encode()), "/contact.xsd": elsewhere}

    done = run("siebel", "inspect", f"{site.root}/w.wsdl")

    assert (78, ["/w.wsdl", "/contact.xsd"]) == (done.returncode, [path for path, _ in site.asked])
    assert "redirect" in done.stderr


@pytest.mark.parametrize(
    "place", ["file:///etc/hostname", "/etc/hostname", "http://127.0.0.1:1/x.xsd", "../outside.xsd"]
)
def test_what_a_file_imports_comes_from_its_own_folder(saved, tmp_path, place):
    """And what is there is read."""
    (tmp_path / "contact.xsd").write_text(_apart("contact.xsd")[1], encoding="utf-8")

    refused = run("siebel", "inspect", saved(_apart(place)[0]))

    assert 78 == refused.returncode
    assert "outside its own folder or host" in refused.stderr
    assert "ASI" == inspected(saved(_apart("contact.xsd")[0]))["services"][0]["dialect"]


def test_a_redirect_is_not_followed(site):
    """It could lead anywhere."""
    site.pages["/eai?WSDL"] = (302, {"Location": f"{site.root}/elsewhere"}, b"")

    done = run("siebel", "inspect", f"{site.root}/eai?WSDL")

    assert 78 == done.returncode
    assert "redirect" in done.stderr
    assert 1 == len(site.asked)


@pytest.mark.parametrize(
    "address", ["http://u:p@127.0.0.1/x", "http://127.0.0.1/x?UserName=u&Password=p", "ftp://127.0.0.1/x"]
)
def test_an_address_with_a_password_is_refused(address):
    """Command lines are seen by others."""
    assert 64 == run("siebel", "inspect", address).returncode


def test_a_document_over_the_limit_is_told_in_words_that_fit_a_wsdl(site):
    """There are no settings yet that could be raised."""
    site.pages["/eai?WSDL"] = (200, {}, b" " * (33 * 1024 * 1024))

    done = run("siebel", "inspect", f"{site.root}/eai?WSDL")

    assert done.returncode
    assert "save the WSDL and name the file" in done.stderr
    assert "max_answer_bytes" not in done.stderr
