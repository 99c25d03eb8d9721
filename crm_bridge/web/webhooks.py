"""What systems send us: capped first, read whole as raw bytes, handed to the bridge, answered without reasons."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from crm_bridge.connector import InboundRequest
from crm_bridge.errors import BridgeError

if TYPE_CHECKING:
    from crm_bridge.web.application import Received

MAX_HEADER_BYTES = 8 * 1024
MAX_BODY_BYTES = 256 * 1024
BODY_SECONDS = 9.0  # under the connection guard's ten, so that the sender gets an answer
RETRY_AFTER_SECONDS = "5"
_log = structlog.get_logger("crm_bridge.web")


class _UnreadableError(Exception):
    """The body did not come as it should; the status says why."""

    def __init__(self, status_code: int) -> None:
        super().__init__(status_code)
        self.status_code = status_code


def webhook_routes(
    receive: Callable[[str, InboundRequest], Received],
    *,
    clock: Callable[[], datetime],
    on_received: Callable[[], None] | None,
    body_seconds: float,
) -> tuple[Route, ...]:
    """``POST|GET /webhooks/{system}/…``: 2xx only when ``receive`` has made the request durable."""

    async def webhook(request: Request) -> Response:
        refusal = _over_caps(request)
        if refusal is not None:
            return _answer(refusal)
        try:
            body = await _read_body(request, seconds=body_seconds)
        except _UnreadableError as error:
            return _answer(error.status_code)
        system = request.path_params["system"]
        inbound = InboundRequest(
            method=request.method,
            path=f"/{request.path_params.get('rest', '')}",
            query=dict(request.query_params),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            received_at=clock(),
        )
        try:
            result = await run_in_threadpool(receive, system, inbound)
        except BridgeError as error:
            # It is not stored, so the sender has to come again.
            _log.warning("webhook not stored", error_type=type(error).__qualname__)
            return _answer(503)
        if on_received is not None and 200 <= result.status_code < 300:
            on_received()
        return _answer(result.status_code)

    # Both spellings, for a redirect would make a sender repeat its request elsewhere, or not at all.
    return tuple(
        Route(path, webhook, methods=["POST", "GET"])
        for path in ("/webhooks/{system}", "/webhooks/{system}/{rest:path}")
    )


def _over_caps(request: Request) -> int | None:
    """The status to refuse with before anything of the body is read, or ``None``."""
    if sum(len(name) + len(value) + 4 for name, value in request.headers.raw) > MAX_HEADER_BYTES:
        return 431
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return 415
    length = request.headers.get("content-length")
    if length is not None and (not length.isdigit() or int(length) > MAX_BODY_BYTES):
        return 413
    return None


async def _read_body(request: Request, *, seconds: float) -> bytes:
    """The raw bytes, which a signature covers."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise _UnreadableError(413)
                chunks.append(chunk)
    except TimeoutError:
        raise _UnreadableError(408) from None
    except ClientDisconnect:
        raise _UnreadableError(400) from None
    return b"".join(chunks)


def _answer(status_code: int) -> Response:
    """Without a text: a sender that fails to prove itself learns nothing from us."""
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if status_code in (429, 503) else {}
    if status_code in (408, 413):
        headers["Connection"] = "close"
    return Response(status_code=status_code, headers=headers)
