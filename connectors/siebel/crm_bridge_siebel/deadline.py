"""One end for a whole HTTP call: looking the name up, connecting, TLS, sending, and reading head and body.

Timeouts of single operations are renewed by every byte, so a peer that drips could hold a call for ever, in the TLS
handshake and the head as in the body. A watchdog therefore shuts the call's socket when its time is over.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError


class Watch:
    """The watchdog of one call.

    Attributes:
        expired: the time is over; whatever failed since failed for that reason.
        sent: at least a part of the request may have left: repeating is no longer safe for every effect.
    """

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self.sent = False
        self._ends = time.monotonic() + seconds
        self._held: socket.socket | None = None
        self._lock = threading.Lock()

    def remaining(self) -> float:
        """Seconds that are left; never below a millisecond, so that it can serve as a timeout."""
        return max(0.001, self._ends - time.monotonic())

    def hold(self, connection_socket: object) -> None:
        """Take charge of the call's socket: a plain one, or the one below TLS."""
        if not isinstance(connection_socket, socket.socket):
            return
        # A second descriptor of the same connection: TLS takes the first one away from its socket object, and the
        # number of a closed one could be given to another connection meanwhile.
        held = socket.socket(connection_socket.family, connection_socket.type, 0, os.dup(connection_socket.fileno()))
        with self._lock:
            before, self._held = self._held, held
            expired = self.expired
        if before is not None:
            before.close()
        if expired:
            self._shut()

    def expire(self) -> None:
        """The time is over: end the connection."""
        with self._lock:
            self.expired = True
        self._shut()

    def release(self) -> None:
        """The call is over: let go of its socket."""
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            held.close()

    def _shut(self) -> None:
        with self._lock:
            if self._held is not None:
                try:
                    self._held.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return


_current = threading.local()


@contextmanager
def deadline(seconds: float) -> Iterator[Watch]:
    """Everything that this thread asks of a :class:`WatchedAdapter` meanwhile ends within ``seconds``."""
    watch = Watch(seconds)
    timer = threading.Timer(seconds, watch.expire)
    timer.daemon = True
    _current.watch = watch
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        _current.watch = None
        watch.release()


class _Watched:
    """What both kinds of connection do differently. It stands before urllib3's class in each."""

    def _new_conn(self) -> socket.socket:
        watch = _watch()
        # Any: urllib3's attributes, which this mixin cannot declare
        own: Any = self
        if watch is None:
            fresh: socket.socket = super()._new_conn()  # type: ignore[misc]  # urllib3's class follows
            return fresh
        found = _resolved(own, watch)
        failed: OSError | None = None
        for family, kind, protocol, _, place in found:
            opened = socket.socket(family, kind, protocol)
            try:
                for option in own.socket_options or ():
                    opened.setsockopt(*option)
                wanted = own.timeout if isinstance(own.timeout, (int, float)) else watch.remaining()
                opened.settimeout(min(wanted, watch.remaining()))
                opened.connect(place)
                watch.hold(opened)
            except OSError as error:
                opened.close()
                failed = error
            else:
                return opened
        if isinstance(failed, TimeoutError):
            raise ConnectTimeoutError(own, "no connection in time")
        raise NewConnectionError(own, "no connection")

    def send(self, data: Any) -> None:  # Any: http.client's own signature, handed through
        own: Any = self  # Any: see above
        if own.sock is None and own.auto_open:
            own.connect()
        watch = _watch()
        if watch is not None:
            if not watch.sent:
                watch.hold(own.sock)  # a pooled connection was opened in an earlier call
            watch.sent = True
        try:
            super().send(data)  # type: ignore[misc]  # urllib3's class follows
        except OSError as error:
            told = _last_word(own.sock)
            if told is not None:
                raise told from error
            raise


def _last_word(connection_socket: object) -> ssl.SSLError | None:
    """Why the peer ended TLS, where it said so before it went: who only sends does not hear it."""
    if not isinstance(connection_socket, ssl.SSLSocket):
        return None
    try:
        connection_socket.recv(1)
    except ssl.SSLError as error:
        return error
    except OSError:
        return None
    return None


def _watch() -> Watch | None:
    watch: Watch | None = getattr(_current, "watch", None)
    return watch


def _resolved(connection: Any, watch: Watch) -> list[Any]:  # Any: urllib3's connection; getaddrinfo's tuples
    """The addresses of the connection's host. The resolver cannot be interrupted, so a thread waits for it."""
    answer: list[list[Any]] = []
    failed: list[OSError | UnicodeError] = []

    def look_up() -> None:
        try:
            answer.append(socket.getaddrinfo(connection._dns_host, connection.port, 0, socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(watch.remaining())
    if answer:
        return answer[0]
    if failed and isinstance(failed[0], socket.gaierror):
        raise NameResolutionError(connection.host, connection, failed[0])
    raise ConnectTimeoutError(connection, "the name was not resolved in time")


class _WatchedHTTPConnection(_Watched, HTTPConnection):
    pass


class _WatchedHTTPSConnection(_Watched, HTTPSConnection):
    pass


class _WatchedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTPConnection


class _WatchedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPSConnection


class WatchedAdapter(HTTPAdapter):
    """A requests adapter whose connections obey :func:`deadline`."""

    def __init__(self, *, ssl_context: Any = None) -> None:  # Any: ssl.SSLContext; None: requests' own
        self._ssl_context = ssl_context
        super().__init__(max_retries=0, pool_maxsize=16)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # Any: requests' own signature, handed through
        if self._ssl_context is not None:
            kwargs["ssl_context"] = self._ssl_context
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _WatchedHTTPPool, "https": _WatchedHTTPSPool}
