"""uvicorn as the edge needs it: guarded connections, no access log (it would hold phones), no trust in proxies."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from crm_bridge.errors import UserMistake
from crm_bridge.web.connection_guard import GuardedProtocol

MAX_CONNECTIONS = 1000
DRAIN_SECONDS = 30
START_SECONDS = 30


@contextmanager
def serve_in_thread(
    app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, protocol: type[GuardedProtocol] = GuardedProtocol
) -> Iterator[str]:
    """Serve ``app`` in a background thread while the block runs.

    Args:
        port: 0: any free one.

    Yields:
        The base URL, such as ``http://127.0.0.1:8090``.

    Raises:
        UserMistake: the address cannot be listened on.
    """
    listening = _listen(host, port=port)
    server = _Server(_config(app, protocol=protocol))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="crm-bridge-web", daemon=True)
    thread.start()
    try:
        if not server.ready.wait(START_SECONDS):
            raise UserMistake("the web server did not start: see its log")
        yield _url(listening)
    finally:
        server.should_exit = True
        thread.join(DRAIN_SECONDS)
        listening.close()


def run_server(app: ASGIApp, *, host: str, port: int, on_listening: Callable[[str], None]) -> None:
    """Serve ``app`` in this thread until SIGTERM or Ctrl-C; requests in flight are finished first.

    Args:
        on_listening: called once with the base URL, when requests are answered.

    Raises:
        UserMistake: the address cannot be listened on.
    """
    listening = _listen(host, port=port)
    try:
        server = _Server(_config(app, protocol=GuardedProtocol), on_ready=lambda: on_listening(_url(listening)))
        server.run(sockets=[listening])
    finally:
        listening.close()


class _Server(uvicorn.Server):
    """Says when it has started."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None] | None = None) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but a signal that was obeyed is not raised again: whoever called us still has to close."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()
        if self._on_ready is not None:
            self._on_ready()


def _config(app: ASGIApp, *, protocol: type[GuardedProtocol]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=16 * 1024,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _listen(host: str, *, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise UserMistake(f"cannot listen on {host}:{port} ({error.strerror}): choose another port") from None
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
