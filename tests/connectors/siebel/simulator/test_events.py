"""Notifications leave before the commit, and not for everything."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from lxml import etree


@dataclass
class Receiver:
    """What was posted, and what the simulator held at that moment."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    held: list[object] = field(default_factory=list)
    look: object = None

    def last_names(self):
        return [etree.fromstring(body).findtext(".//LastName") for body in self.bodies]


@pytest.fixture
def receiver(siebel, turn):
    """A listener on loopback to which the simulator's events go."""
    received = Receiver(look=lambda: [row["LastName"] for row in siebel.simulator.records("contact")])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            received.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            received.held.append(received.look())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    received.url = f"http://127.0.0.1:{server.server_address[1]}/siebel"
    turn(notify_url=received.url)
    yield received
    server.shutdown()
    server.server_close()


def test_an_event_leaves_before_its_commit(siebel, soap, receiver):
    """Whoever reads back at once sees the old record."""
    (record_id,) = siebel.load(1)

    siebel.simulator.edit("contact", record_id, {"LastName": "Коваль"})
    soap.adapter("Update", f"<Contact><Id>{record_id}</Id><LastName>Шевченко</LastName></Contact>")

    assert ["Коваль", "Шевченко"] == receiver.last_names()
    assert [["Тест0"], ["Коваль"]] == receiver.held


def test_an_event_is_a_siebel_message(siebel, receiver):
    """Hierarchical, with the record's own key, times in UTC and its child rows."""
    (record_id,) = siebel.load(1, ListOfChild={"Child": [{"FirstName": "Марко"}]})

    siebel.simulator.edit("contact", record_id, {"LastName": "Коваль"})

    root = etree.fromstring(receiver.bodies[0])
    assert ("SiebelMessage", "Siebel Hierarchical") == (root.tag, root.get("IntObjectFormat"))
    assert (record_id, "Марко") == (
        root.findtext("*/Contact/Id"),
        root.findtext("*/Contact/ListOfChild/Child/FirstName"),
    )
    assert root.get("MessageId").startswith("1-")


def test_an_event_may_hold_no_more_than_the_id(siebel, receiver, turn):
    """A hint, to be followed by a read."""
    (record_id,) = siebel.load(1)
    turn(notify_content="id")

    siebel.simulator.edit("contact", record_id, {"LastName": "Коваль"})

    assert [record_id] == [element.text for element in etree.fromstring(receiver.bodies[0]).find("*/Contact")]


def test_what_is_rolled_back_was_announced_all_the_same(siebel, soap, receiver, turn):
    """By a service or by a user."""
    (record_id,) = siebel.load(1)
    turn(rollback_next=2)

    heard = soap.adapter("Update", f"<Contact><Id>{record_id}</Id><LastName>Один</LastName></Contact>")
    siebel.simulator.edit("contact", record_id, {"LastName": "Два"})
    siebel.simulator.roll_back(siebel.simulator.begin("contact", record_id, {"LastName": "Три"}))

    assert ({"SBL-EAI-04376"}, "Тест0") == (heard.codes, siebel.held(record_id)["LastName"])
    assert ["Один", "Два", "Три"] == receiver.last_names()


def test_bulk_changes_and_deletions_send_nothing(siebel, receiver):
    """EIM writes past all events; only the data shows it."""
    (record_id,) = siebel.load(1)

    siebel.simulator.bulk("contact", record_id, {"LastName": "Коваль"})
    changed = siebel.held(record_id)["ModId"]
    siebel.simulator.remove("contact", record_id)

    assert ("1", []) == (changed, receiver.bodies)


def test_a_receiver_that_is_gone_stops_nothing(siebel, turn):
    """And is not told again."""
    (record_id,) = siebel.load(1)
    turn(notify_url="http://127.0.0.1:9/")

    siebel.simulator.edit("contact", record_id, {"LastName": "Коваль"})

    assert "Коваль" == siebel.held(record_id)["LastName"]
