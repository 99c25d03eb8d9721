"""Against Kannel itself, where it is installed: what the simulator claims of it is true."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from crm_bridge.api import ConnectorContext, CredentialsRefused, MessageAccepted, OutboundMessage, Secret
from crm_bridge_sms_gateway.connector import CONNECTOR

from .conftest import NOW

QUIET = subprocess.DEVNULL
pytestmark = pytest.mark.real_peer("kannel")

# A blank line ends a group; an unknown key is fatal.
CONFIGURATION = """\
group = core
admin-port = {admin}
smsbox-port = {smsbox}
admin-password = admin
box-allow-ip = "127.0.0.1"

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
global-sender = 13013

group = sendsms-user
username = bridge
password = secret
max-messages = 10
concatenation = true

group = sms-service
keyword = default
text = "none"
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for_port(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            threading.Event().wait(0.05)
    raise AssertionError("Kannel did not come up")


@pytest.fixture(scope="module")
def sendsms_port(tmp_path_factory):
    """bearerbox, its fake SMSC and smsbox, each on a port of its own."""
    folder = tmp_path_factory.mktemp("kannel")
    names = ("admin", "smsbox", "smsc", "sendsms")
    ports = dict(zip(names, free_ports(4), strict=True))
    (folder / "kannel.conf").write_text(CONFIGURATION.format(**ports), encoding="ascii")
    bearerbox = Path(shutil.which("bearerbox"))
    fakesmsc = bearerbox.parents[1] / "lib/kannel/test/fakesmsc"
    commands = [
        ([bearerbox, "kannel.conf"], ports["smsbox"]),
        ([fakesmsc, "-H", "127.0.0.1", "-r", str(ports["smsc"]), "-m", "0", "1 2 text nop"], None),
        ([shutil.which("smsbox") or bearerbox.with_name("smsbox"), "kannel.conf"], ports["sendsms"]),
    ]
    with ExitStack() as running:
        for command, port in commands:
            running.callback(_end, subprocess.Popen(command, cwd=folder, stdin=QUIET, stdout=QUIET, stderr=QUIET))
            if port:
                wait_for_port(port)
        yield ports["sendsms"]


def _end(process):
    process.kill()  # asked politely, Kannel takes ten seconds
    process.wait()


@pytest.fixture
def kannel(sendsms_port, tmp_path):
    """Opens connectors to it."""
    opened = []

    def open_(username="bridge"):
        settings = CONNECTOR.settings(
            base_url=f"http://127.0.0.1:{sendsms_port}",
            username=username,
            password_ref="env:PASSWORD",
            sender="13013",
            dlr_secret_ref="env:DLR",
        )
        secrets = {"env:PASSWORD": Secret("secret"), "env:DLR": Secret("dlr-secret")}
        opened.append(CONNECTOR.open(settings, ConnectorContext("kannel", tmp_path, secrets.__getitem__, lambda: NOW)))
        return opened[-1]

    yield open_
    for connector in opened:
        connector.close()


def test_kannel_takes_a_message_and_reports_on_it(kannel, catcher):
    """Its reports come to the address that we made, and verify."""
    connector = kannel()
    message = OutboundMessage("n-1", "sms", "+380505550101", "Справу № 42 зареєстровано", report_url=catcher.url)
    outcome = connector.send(message)
    requests = catcher.wait_for(2)
    for request in requests:
        connector.verify(request)

    assert MessageAccepted(parts=1) == outcome
    assert {"n-1"} == {event.message_id for request in requests for event in connector.parse(request)}
    assert {"a b"} == {request.query["tenant"] for request in requests}
    assert {"sent", "delivered"} == {event.status for request in requests for event in connector.parse(request)}


def test_kannel_refuses_another_account(kannel):
    """403."""
    with pytest.raises(CredentialsRefused):
        kannel("somebody").send(OutboundMessage("n-2", "sms", "+380505550101", "Hello"))


def test_checking_kannel_sends_nothing_and_finds_nothing(kannel):
    """It answers 400 to a message without recipient, once the account is right."""
    assert [] == list(kannel().check())
