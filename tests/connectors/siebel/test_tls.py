"""TLS on loopback: private authorities, our own certificate, and handshakes that never end."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from crm_bridge.api import ConfigMistake, ConnectorContext, Secret, Unreachable
from crm_bridge_siebel import deadline
from crm_bridge_siebel.connector import SiebelConnector
from crm_bridge_siebel.settings import SiebelSettings

EMPTY = (
    b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><o:CRM_Contact_BSQueryPage_Output xmlns:o='http://siebel.com/CustomUI'>"
    b"<ListOfCrm_Contact_Io xmlns='http://www.siebel.com/xml/CRM_Contact_IO/Data' lastpage='true'/>"
    b"</o:CRM_Contact_BSQueryPage_Output></e:Body>"
    b"</e:Envelope>"
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(EMPTY) + EMPTY
)


@dataclass(frozen=True)
class Papers:
    """An authority, a server that it vouches for, and a client."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path
    stranger_ca: Path
    stranger_key: Path


@pytest.fixture(scope="session")
def papers(tmp_path_factory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    def authority(name: str) -> None:
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
            *("-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}"),
            *("-addext", "keyUsage=critical,keyCertSign", "-addext", "basicConstraints=critical,CA:TRUE"),
        )

    def signed(name: str) -> None:
        openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"),
        )
        (folder / f"{name}.ext").write_text(
            "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n", encoding="ascii"
        )
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2"),
            *("-extfile", f"{name}.ext", "-out", f"{name}.pem"),
        )

    authority("ca")
    authority("stranger")
    signed("server")
    signed("client")
    return Papers(*(folder / name for name in PAPERS))


FDS = Path("/proc/self/fd")
PAPERS = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key", "stranger.pem", "stranger.key")


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A port on loopback; each connection is served by a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=guarded, args=(connection,)))
            threads[-1].start()

    def guarded(connection: socket.socket) -> None:
        with connection:
            try:
                serve(connection)
            except OSError:
                return

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/eai?WSSOAP=1"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for each in [thread, *threads]:
            each.join()


def siebel(
    papers: Papers, *, wants_client: bool = False, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    context.load_cert_chain(papers.server, papers.server_key)
    if wants_client:
        context.load_verify_locations(papers.ca)
        context.verify_mode = ssl.CERT_REQUIRED

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            received = b""
            while b"</soap-env:Envelope>" not in received:
                part = secured.recv(65536)
                if not part:
                    return
                received += part
            secured.sendall(ANSWER)

    return serve


@contextmanager
def connected(endpoint: str, folder: Path, **more) -> Iterator[SiebelConnector]:
    settings = SiebelSettings(endpoint=endpoint, username="u", password_ref="env:X", retry_wait_seconds=0.0, **more)
    context = ConnectorContext(
        system="siebel",
        base_dir=folder,
        secret=lambda reference: Secret(
            Path(reference.removeprefix("file:")).read_text(encoding="utf-8") if reference.startswith("file:") else "p"
        ),
        clock=lambda: None,
    )
    connector = SiebelConnector(settings, context)
    try:
        yield connector
    finally:
        connector.close()


def test_a_private_authority_is_trusted_when_it_is_named(papers, tmp_path):
    """And only then."""
    with listening(siebel(papers)) as endpoint, connected(endpoint, tmp_path, ca_file=str(papers.ca)) as connector:
        assert [] == list(connector.read("contact", ["1-1"]))


@pytest.mark.parametrize("named", [None, "stranger_ca"])
def test_any_other_authority_is_not(papers, tmp_path, named):
    """Nothing was sent, the password least of all; and nothing is tried again, since no time mends it."""
    more = {"ca_file": str(getattr(papers, named))} if named else {}
    calls = []
    with (
        listening(lambda connection: (calls.append(1), siebel(papers)(connection))) as endpoint,
        connected(endpoint, tmp_path, **more) as connector,
        pytest.raises(ConfigMistake, match=r"authority .* ca_file"),
    ):
        connector.read("contact", ["1-1"])
    assert [1] == calls


def test_a_certificate_for_another_host_is_told(papers, tmp_path):
    """It is the address or the certificate that is wrong, and no authority."""
    with (
        listening(siebel(papers)) as endpoint,
        connected(endpoint.replace("127.0.0.1", "localhost"), tmp_path, ca_file=str(papers.ca)) as connector,
        pytest.raises(ConfigMistake, match="another host name"),
    ):
        connector.read("contact", ["1-1"])


def test_a_peer_that_speaks_no_tls_is_told(tmp_path):
    """`https` and a port for `http`."""
    with (
        listening(
            lambda connection: (connection.recv(4096), connection.sendall(b"HTTP/1.1 400 no\r\n\r\n"))
        ) as endpoint,
        connected(endpoint, tmp_path) as connector,
        pytest.raises(ConfigMistake, match="speaks no TLS"),
    ):
        connector.read("contact", ["1-1"])


def test_our_certificate_opens_mutual_tls(papers, tmp_path):
    """The key comes by reference and is in no setting."""
    more = {
        "ca_file": str(papers.ca),
        "client_certificate": str(papers.client),
        "client_key_ref": f"file:{papers.client_key}",
    }
    with (
        listening(siebel(papers, wants_client=True)) as endpoint,
        connected(endpoint, tmp_path, **more) as connector,
    ):
        assert [] == list(connector.read("contact", ["1-1"]))
        assert "PRIVATE KEY" not in repr(vars(connector))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_without_our_certificate_mutual_tls_stays_shut(papers, tmp_path, version):
    """TLS 1.3 tells so only behind the first bytes that we send, and it is no lost answer."""
    with (
        listening(siebel(papers, wants_client=True, version=version)) as endpoint,
        connected(endpoint, tmp_path, ca_file=str(papers.ca)) as connector,
        pytest.raises(ConfigMistake, match="client_certificate"),
    ):
        connector.read("contact", ["1-1"])


def test_a_peer_that_went_before_we_sent_anything_is_heard_all_the_same(papers, tmp_path, monkeypatch):
    """It refused our missing certificate and closed the connection, and only then we come to send."""
    gone, connect = threading.Semaphore(0), deadline._WatchedHTTPSConnection.connect

    def serve(connection: socket.socket) -> None:
        try:
            siebel(papers, wants_client=True)(connection)
        finally:
            connection.close()
            gone.release()

    def slowly(self) -> None:
        connect(self)
        assert gone.acquire(timeout=30)

    monkeypatch.setattr(deadline._WatchedHTTPSConnection, "connect", slowly)
    with (
        listening(serve) as endpoint,
        connected(endpoint, tmp_path, ca_file=str(papers.ca)) as connector,
        pytest.raises(ConfigMistake, match="client_certificate"),
    ):
        connector.read("contact", ["1-1"])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_of_ours_that_the_peer_does_not_trust_is_told(papers, tmp_path, version):
    """Signed by an authority that the peer does not know."""
    more = {"client_certificate": str(papers.stranger_ca), "client_key_ref": f"file:{papers.stranger_key}"}
    with (
        listening(siebel(papers, wants_client=True, version=version)) as endpoint,
        connected(endpoint, tmp_path, ca_file=str(papers.ca), **more) as connector,
        pytest.raises(ConfigMistake, match="client_certificate"),
    ):
        connector.read("contact", ["1-1"])


@pytest.mark.parametrize(
    "more",
    [
        {"ca_file": "absent.pem"},
        {"ca_file": "nonsense.pem"},
        {"client_certificate": "absent.pem"},
        {"client_certificate": "CLIENT"},
        {"client_certificate": "CLIENT", "client_key_ref": "file:SERVER_KEY"},
        {"client_certificate": "CLIENT", "client_key_ref": "file:ENCRYPTED"},
    ],
)
def test_papers_that_do_not_fit_are_a_mistake_of_the_configuration(papers, tmp_path, more):
    """Told by name; nobody is asked for a pass phrase, and no key is in the message."""
    (tmp_path / "nonsense.pem").write_text("nonsense", encoding="ascii")
    encrypted = tmp_path / "encrypted.key"
    subprocess.run(
        ["openssl", "ec", "-in", papers.client_key, "-aes256", "-passout", "pass:x", "-out", encrypted],
        check=True,
        capture_output=True,
    )
    places = {"CLIENT": papers.client, "SERVER_KEY": papers.server_key, "ENCRYPTED": encrypted}
    for name, place in places.items():
        more = {setting: value.replace(name, str(place)) for setting, value in more.items()}

    with (
        connected("https://127.0.0.1:1/eai", tmp_path, **more) as connector,
        pytest.raises(ConfigMistake) as caught,
    ):
        connector.read("contact", ["1-1"])

    assert "PRIVATE" not in str(caught.value)
    assert ("absent.pem" in str(more.get("client_certificate"))) == ("there is no file" in str(caught.value))


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        continue


def dripping_handshake(connection: socket.socket) -> None:
    """A record of TLS whose 16 KB come one byte at a time: each renews a read timeout."""
    connection.recv(4096)
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
    for _ in range(0x4000):
        connection.sendall(b"\x00")
        if PAUSE.wait(0.02):
            return


PAUSE = threading.Event()  # never set: a wait without a sleep


@pytest.mark.parametrize("serve", [silent, dripping_handshake])
def test_a_handshake_that_never_ends_meets_the_total_deadline(tmp_path, serve):
    """Nothing was sent, so even a write may be repeated."""
    with (
        listening(serve) as endpoint,
        connected(endpoint, tmp_path, timeouts={"connect": 5, "read": 5, "total": 1.0}) as connector,
    ):
        began = time.monotonic()
        with pytest.raises(Unreachable):
            connector.read("contact", ["1-1"])

        assert time.monotonic() - began < 1.1 + 0.2  # and the making of the first message


def test_a_name_that_does_not_resolve_meets_the_total_deadline(tmp_path, monkeypatch):
    """The resolver cannot be interrupted, so nobody waits for it."""
    waiting = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: waiting.wait(3) and [])
    with connected("http://siebel.invalid/eai", tmp_path, timeouts={"total": 0.5}) as connector:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            connector.read("contact", ["1-1"])

        assert time.monotonic() - began < 0.55 + 0.2
    waiting.set()


def test_no_descriptor_is_left_behind(papers, tmp_path):
    """The watchdog's second descriptor ends with its call."""
    with listening(siebel(papers)) as endpoint, connected(endpoint, tmp_path, ca_file=str(papers.ca)) as connector:
        connector.read("contact", ["1-1"])
        before = len(list(FDS.iterdir())) if FDS.exists() else 0
        for _ in range(5):
            connector.read("contact", ["1-1"])
        after = len(list(FDS.iterdir())) if before else 0

    assert after <= before + 1
