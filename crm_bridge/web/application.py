"""The routes, on bare Starlette: each hands its work to the bridge in a thread and answers with what came back."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from crm_bridge.connector import InboundRequest, Secret
from crm_bridge.errors import BridgeError, UserMistake
from crm_bridge.hookspecs import PageView
from crm_bridge.web.webhooks import BODY_SECONDS, webhook_routes

_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_FOUND_AT_MOST = 50  # clients in an answer: a screen pop, not a listing
_log = structlog.get_logger("crm_bridge.web")


class Received(Protocol):
    """What became of an inbound request."""

    @property
    def status_code(self) -> int: ...


class WebBridge(Protocol):
    """What the web edge needs of the bridge. Calls come from several threads."""

    def receive(self, system: str, request: InboundRequest) -> Received:
        """Verify and store a request; its answer is durable when it is 2xx."""

    def lookup(
        self,
        *,
        phone: str | None = None,
        email: str | None = None,
        identifier: str | None = None,
        name: str | None = None,
        limit: int = _FOUND_AT_MOST,
    ) -> Sequence[Mapping[str, Any]]:
        """Clients that answer to what is given, ``limit`` at most."""

    def pages(self) -> Sequence[PageView]:
        """Pages of active plugins."""

    def ready(self) -> None:
        """Return when the store answers; raise a :class:`BridgeError` otherwise. Reaches no system."""


def create_app(
    bridge: WebBridge,
    *,
    clock: Callable[[], datetime],
    token: Secret | None = None,
    on_received: Callable[[], None] | None = None,
    body_seconds: float = BODY_SECONDS,
) -> Starlette:
    """The ASGI application.

    Args:
        clock: the current time, UTC and aware: stamps inbound requests.
        token: what ``/lookup`` and ``/pages`` want as a bearer token; ``None``: they answer this machine only.
        on_received: called after each stored request, to wake whoever processes the inbox. Must not block.
        body_seconds: how long a webhook's body may take to arrive.
    """
    guard = _Guard(token)

    async def livez(request: Request) -> Response:
        del request
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        del request
        try:
            await run_in_threadpool(bridge.ready)
        except BridgeError as error:
            _log.warning("not ready", error_type=type(error).__qualname__)
            return JSONResponse({"status": "not ready"}, status_code=503, headers={"Retry-After": "5"})
        return JSONResponse({"status": "ok"})

    async def lookup(request: Request) -> Response:
        if not guard.admits(request):
            return _refused(token)
        asked = {key: _plus_kept(value) for key, value in request.query_params.items()}
        if not asked or asked.keys() - {"phone", "email", "identifier"}:
            return JSONResponse({"error": "ask by phone, email or identifier"}, status_code=400)
        found = list(await run_in_threadpool(lambda: bridge.lookup(**asked, limit=_FOUND_AT_MOST + 1)))
        told = {"clients": found[:_FOUND_AT_MOST], "more": len(found) > _FOUND_AT_MOST}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    async def page(request: Request) -> Response:
        if not guard.admits(request):
            return _refused(token)
        slug = request.path_params["slug"]
        view = next((each for each in bridge.pages() if each.slug == slug), None)
        if view is None:
            return JSONResponse({"error": "no such page"}, status_code=404)
        html = await run_in_threadpool(view.render, dict(request.query_params))
        return HTMLResponse(html, headers=_PAGE_HEADERS)

    async def failed(request: Request, error: Exception) -> Response:
        del request
        if isinstance(error, UserMistake):
            return JSONResponse({"error": str(error)}, status_code=400)
        _log.error("a request failed", error_type=type(error).__qualname__)
        status_code = 503 if isinstance(error, BridgeError) else 500
        return JSONResponse({"error": "failed; see the log"}, status_code=status_code)

    app = Starlette(
        routes=[
            *webhook_routes(bridge.receive, clock=clock, on_received=on_received, body_seconds=body_seconds),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/lookup", lookup),
            Route("/pages/{slug}", page),
        ],
        exception_handlers={BridgeError: failed, Exception: failed},
    )
    app.router.redirect_slashes = False
    return app


class _Guard:
    """Who may read clients over HTTP.

    Without a token only this machine may, directly and by its own name: a forwarded request comes from elsewhere, and
    a foreign ``Host`` is a web page that had its name point here (DNS rebinding).
    """

    def __init__(self, token: Secret | None) -> None:
        self._token = token

    def admits(self, request: Request) -> bool:
        if self._token is not None:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            right = hmac.compare_digest(given.strip().encode(), self._token.reveal().encode())
            return scheme.lower() == "bearer" and right
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
        from_here = request.client is not None and request.client.host in _THIS_MACHINE
        forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
        return from_here and host in _THIS_MACHINE and not forwarded


def _refused(token: Secret | None) -> Response:
    if token is None:
        return JSONResponse({"error": "only for this machine: set web.token_ref to ask from others"}, status_code=403)
    return JSONResponse({"error": "bearer token wanted"}, status_code=401, headers={"WWW-Authenticate": "Bearer"})


def _plus_kept(value: str) -> str:
    """``?phone=+380…`` arrives with a space: a bare plus in a query means one, and few telephone systems escape it."""
    return f"+{value[1:]}" if value.startswith(" ") else value
