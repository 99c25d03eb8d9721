"""Look-ups, pages and health over HTTP, and who may ask."""

from __future__ import annotations

import httpx
import pytest

from crm_bridge.connector import Secret
from crm_bridge.errors import RetryLater, UserMistake
from crm_bridge.web import create_app, serve_in_thread

from .conftest import NOW

PHONE = "+380505550101"  # invented


@pytest.mark.parametrize("written", ["%2B380505550101", "+380505550101"])
def test_a_screen_pop_finds_the_client_by_phone(url, bridge, written):
    """With the plus escaped or, as telephone systems do, not."""
    answer = httpx.get(f"{url}/lookup?phone={written}")

    assert {"clients": [{"id": "c-1", "name": "Anna"}], "more": False} == answer.json()
    assert [{"phone": PHONE}] == bridge.asked
    assert "no-store" == answer.headers["cache-control"]


@pytest.mark.parametrize(("there", "more"), [(50, False), (51, True), (80, True)])
def test_a_screen_pop_says_that_there_are_more(url, bridge, there, more):
    """A number that many share, such as an office's: the fifty that come are not all."""
    bridge.known = [{"id": f"c-{number}"} for number in range(there)]

    answer = httpx.get(f"{url}/lookup?phone=%2B380505550101").json()

    assert [f"c-{number}" for number in range(50)] == [client["id"] for client in answer["clients"]]
    assert more == answer["more"]


@pytest.mark.parametrize("query", ["", "?fone=1", "?phone=1&order=1"])
def test_a_question_that_nobody_understands_is_refused(url, bridge, query):
    """Rather than answered with everybody."""
    assert 400 == httpx.get(f"{url}/lookup{query}").status_code
    assert [] == bridge.asked


@pytest.mark.parametrize("path", ["/lookup?phone=1", "/pages/report"])
@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Host": "rebound.example"}]
)
def test_without_a_token_only_this_machine_may_ask(url, bridge, path, headers):
    """A forwarded request comes from elsewhere; a foreign name is a web page that points here."""
    assert 403 == httpx.get(f"{url}{path}", headers=headers).status_code
    assert [] == bridge.asked


@pytest.mark.parametrize(
    ("header", "expected"), [("Bearer t0ken", 200), ("bearer t0ken", 200), ("Bearer no", 401), ("Basic t0ken", 401)]
)
def test_with_a_token_whoever_bears_it_may_ask(serve, bridge, header, expected):
    """From anywhere, and only with it."""
    url = serve(bridge, token=Secret("t0ken"))
    headers = {"Authorization": header, "X-Forwarded-For": "192.0.2.1"}

    assert expected == httpx.get(f"{url}/lookup?phone=1", headers=headers).status_code
    assert 401 == httpx.get(f"{url}/lookup?phone=1").status_code


def test_a_plugins_page_is_shown(url):
    """With its query, and unable to load anything from elsewhere."""
    answer = httpx.get(f"{url}/pages/report?of=today")

    assert "<h1>today</h1>" == answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert 404 == httpx.get(f"{url}/pages/none").status_code


def test_alive_is_not_ready(serve, bridge):
    """A process whose store is away lives, and takes no traffic."""
    url = serve(bridge)
    assert (200, 200) == (httpx.get(f"{url}/livez").status_code, httpx.get(f"{url}/readyz").status_code)

    bridge.unready = RetryLater("the store is locked")
    assert (200, 503) == (httpx.get(f"{url}/livez").status_code, httpx.get(f"{url}/readyz").status_code)


def test_the_server_does_not_say_what_it_is(url):
    """No Server header."""
    assert "server" not in httpx.get(f"{url}/livez").headers


def test_a_taken_port_is_told_in_words(url, bridge):
    """Not a traceback out of a thread."""
    port = int(url.rpartition(":")[2])
    app = create_app(bridge, clock=lambda: NOW)

    with pytest.raises(UserMistake, match=f"cannot listen on 127.0.0.1:{port}"), serve_in_thread(app, port=port):
        pass
