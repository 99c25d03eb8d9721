"""What each foreign exception means to us: one table for zeep, requests, urllib3 and lxml.

Classes are named by text, so that the table can be read without any of these packages installed; an exception is
looked up along its bases, so a class that a later release adds under a known base is still covered.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from crm_bridge.api import BridgeError, ConfigMistake, OutcomeUnknown, RejectRecord, Unreachable

_DEEPEST = 20  # causes within causes


class Meaning(Enum):
    """What to do next."""

    NOT_SENT = "nothing was sent"
    ANSWER_LOST = "sent, and the answer was lost"
    UNREADABLE = "an answer came that cannot be read"
    BAD_MESSAGE = "what we were to send does not fit the service's messages"
    NOT_TRUSTED = "TLS was refused, by us or by the peer: a certificate or the address is wrong"
    MISCONFIGURED = "an address, file or certificate in the configuration is wrong"


class UnreadableAnswer(OutcomeUnknown):
    """An answer came that cannot be read: truncated, malformed or hostile XML, or no XML at all."""


class NotSiebelAnswer(OutcomeUnknown):
    """Something before Siebel answered: a busy page, a gateway's 502. Siebel's session is as it was."""


class OtherAnswer(OutcomeUnknown):
    """An answer came that no repetition mends: to another operation than was called, or in an encoding nobody reads."""


TRANSLATION: Mapping[str, Meaning] = MappingProxyType(
    {
        "zeep.exceptions.Error": Meaning.BAD_MESSAGE,
        "zeep.exceptions.Fault": Meaning.UNREADABLE,
        "zeep.exceptions.TransportError": Meaning.ANSWER_LOST,
        "zeep.exceptions.XMLParseError": Meaning.UNREADABLE,
        "zeep.exceptions.XMLSyntaxError": Meaning.MISCONFIGURED,
        "zeep.exceptions.UnexpectedElementError": Meaning.UNREADABLE,
        "zeep.exceptions.WsdlSyntaxError": Meaning.MISCONFIGURED,
        "zeep.exceptions.LookupError": Meaning.MISCONFIGURED,
        "zeep.exceptions.NamespaceError": Meaning.MISCONFIGURED,
        "zeep.exceptions.DTDForbidden": Meaning.MISCONFIGURED,
        "zeep.exceptions.EntitiesForbidden": Meaning.MISCONFIGURED,
        "zeep.exceptions.ExternalReferenceForbidden": Meaning.MISCONFIGURED,
        "zeep.exceptions.IncompleteMessage": Meaning.BAD_MESSAGE,
        "zeep.exceptions.IncompleteOperation": Meaning.BAD_MESSAGE,
        "zeep.exceptions.ValidationError": Meaning.BAD_MESSAGE,
        "zeep.exceptions.SignatureVerificationFailed": Meaning.UNREADABLE,
        "zeep.exceptions.ZeepWarning": Meaning.BAD_MESSAGE,
        "requests.exceptions.RequestException": Meaning.ANSWER_LOST,
        "requests.exceptions.ConnectionError": Meaning.ANSWER_LOST,
        "requests.exceptions.ConnectTimeout": Meaning.NOT_SENT,
        "requests.exceptions.ReadTimeout": Meaning.ANSWER_LOST,
        "requests.exceptions.Timeout": Meaning.ANSWER_LOST,
        "requests.exceptions.ProxyError": Meaning.NOT_SENT,
        "requests.exceptions.SSLError": Meaning.ANSWER_LOST,
        "requests.exceptions.HTTPError": Meaning.ANSWER_LOST,
        "requests.exceptions.ChunkedEncodingError": Meaning.ANSWER_LOST,
        "requests.exceptions.ContentDecodingError": Meaning.UNREADABLE,
        "requests.exceptions.StreamConsumedError": Meaning.ANSWER_LOST,
        "requests.exceptions.RetryError": Meaning.ANSWER_LOST,
        "requests.exceptions.UnrewindableBodyError": Meaning.ANSWER_LOST,
        "requests.exceptions.TooManyRedirects": Meaning.MISCONFIGURED,
        "requests.exceptions.URLRequired": Meaning.MISCONFIGURED,
        "requests.exceptions.MissingSchema": Meaning.MISCONFIGURED,
        "requests.exceptions.InvalidSchema": Meaning.MISCONFIGURED,
        "requests.exceptions.InvalidURL": Meaning.MISCONFIGURED,
        "requests.exceptions.InvalidProxyURL": Meaning.MISCONFIGURED,
        "requests.exceptions.InvalidHeader": Meaning.MISCONFIGURED,
        "requests.exceptions.InvalidJSONError": Meaning.UNREADABLE,
        "requests.exceptions.JSONDecodeError": Meaning.UNREADABLE,
        "requests.exceptions.RequestsWarning": Meaning.MISCONFIGURED,
        "requests.exceptions.FileModeWarning": Meaning.MISCONFIGURED,
        "requests.exceptions.RequestsDependencyWarning": Meaning.MISCONFIGURED,
        "urllib3.exceptions.HTTPError": Meaning.ANSWER_LOST,
        "urllib3.exceptions.NewConnectionError": Meaning.NOT_SENT,
        "urllib3.exceptions.NameResolutionError": Meaning.NOT_SENT,
        "urllib3.exceptions.ConnectTimeoutError": Meaning.NOT_SENT,
        "urllib3.exceptions.ProxyError": Meaning.NOT_SENT,
        "urllib3.exceptions.SSLError": Meaning.ANSWER_LOST,
        "ssl.SSLCertVerificationError": Meaning.NOT_TRUSTED,
        "lxml.etree.Error": Meaning.UNREADABLE,
        "lxml.etree.LxmlError": Meaning.UNREADABLE,
        "lxml.etree.XMLSyntaxError": Meaning.UNREADABLE,
        "zlib.error": Meaning.UNREADABLE,
        "http.client.HTTPException": Meaning.ANSWER_LOST,
        "builtins.OSError": Meaning.ANSWER_LOST,
        "builtins.ValueError": Meaning.BAD_MESSAGE,
        "builtins.TypeError": Meaning.BAD_MESSAGE,
    }
)
"""Dotted name of an exception class to what it means."""


_UNKNOWN_AUTHORITY = (
    "the server's certificate is signed by an authority that is not trusted here: name the PEM file of that authority "
    "as ca_file"
)
_OTHER_HOST = (
    "the server's certificate is for another host name than the endpoint's: write the name that stands in it into "
    "endpoint, or have it issued for this one"
)
_WANTS_OURS = (
    "the server wants a certificate of ours: name it as client_certificate, and its key as client_key_ref, unless it "
    "stands in the same file"
)
_DISTRUSTS_OURS = (
    "the server does not accept our certificate: mend client_certificate (its authority, its dates), or let the "
    "server's administrator trust it"
)
_NO_TLS = "the server speaks no TLS there: mend the port or the scheme (http://) of endpoint"

TLS: Mapping[str, str] = MappingProxyType(
    {
        "verify 18": _UNKNOWN_AUTHORITY,
        "verify 19": _UNKNOWN_AUTHORITY,
        "verify 20": _UNKNOWN_AUTHORITY,
        "verify 21": _UNKNOWN_AUTHORITY,
        "verify 62": _OTHER_HOST,
        "verify 64": _OTHER_HOST,
        "verify 10": "the server's certificate has expired, or this machine's clock is wrong: have it renewed",
        "verify 9": "the server's certificate is not valid yet, or this machine's clock is wrong",
        "verify": "the server's certificate is not accepted: look at it, and at ca_file",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED": _WANTS_OURS,
        "SSLV3_ALERT_HANDSHAKE_FAILURE": f"the server refused the handshake; perhaps {_WANTS_OURS}",
        "SSLV3_ALERT_BAD_CERTIFICATE": _DISTRUSTS_OURS,
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _DISTRUSTS_OURS,
        "SSLV3_ALERT_CERTIFICATE_REVOKED": _DISTRUSTS_OURS,
        "SSLV3_ALERT_CERTIFICATE_EXPIRED": _DISTRUSTS_OURS,
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _DISTRUSTS_OURS,
        "TLSV1_ALERT_UNKNOWN_CA": _DISTRUSTS_OURS,
        "TLSV1_ALERT_ACCESS_DENIED": _DISTRUSTS_OURS,
        "TLSV1_ALERT_PROTOCOL_VERSION": "the server wants a version of TLS below 1.2, or one that is not known here",
        "UNSUPPORTED_PROTOCOL": "the server offers no TLS of 1.2 or later",
        "WRONG_VERSION_NUMBER": _NO_TLS,
        "HTTP_REQUEST": _NO_TLS,
        "RECORD_LAYER_FAILURE": _NO_TLS,
    }
)
"""What OpenSSL says (the code of a verification, or a reason) to what has to be mended. Such calls had no effect: TLS
refuses before what was sent is handed on."""


def meaning_of(error: BaseException) -> Meaning | None:
    """What ``error`` means; ``None``: it is not a foreign exception that we expect.

    requests wraps the reason why a connection failed, and only the innermost tells whether anything was sent.
    """
    if _mistrust(error) is not None:
        return Meaning.NOT_TRUSTED
    inner = _cause(error)
    if inner is not None and (found := meaning_of(inner)) is Meaning.NOT_SENT:
        return found
    for base in type(error).__mro__:
        if (found := TRANSLATION.get(f"{base.__module__}.{base.__qualname__}")) is not None:
            return found
    return None


def translated(error: Exception, *, system: str, doing: str) -> BridgeError:
    """Our error for ``error``. Only its class is named: its text may hold addresses with secrets, or client data.

    Raises:
        Exception: ``error`` itself, when the table does not know it: that is a bug of ours.
    """
    what = f"{doing}: {type(error).__name__}"
    match meaning_of(error):
        case Meaning.NOT_SENT:
            return Unreachable(f"{what}: no connection; is Siebel up, and the endpoint right?", system=system)
        case Meaning.ANSWER_LOST:
            return OutcomeUnknown(f"{what}: the answer was lost", system=system)
        case Meaning.UNREADABLE:
            return UnreadableAnswer(f"{what}: {_exceeded(error) or 'the answer cannot be read'}", system=system)
        case Meaning.BAD_MESSAGE:
            return RejectRecord(f"{what}: it does not fit the service's messages", system=system, code="bad_message")
        case Meaning.NOT_TRUSTED:
            return ConfigMistake(f"{system}: {what}: {_mistrust(error) or TLS['verify']}")
        case Meaning.MISCONFIGURED:
            return ConfigMistake(f"{system}: {what}: mend the address or the WSDL file in the configuration")
        case None:
            raise error


def _exceeded(error: Exception) -> str | None:
    """Which of libxml2's limits an answer went beyond; ``None``: none. Of its text only its own words are looked at."""
    text = str(error)
    if text.startswith("Excessive depth"):
        return "the answer is nested deeper than 256 levels, and is refused"
    if "XML_PARSE_HUGE" in text or text.startswith(("Name too long", "Comment too big", "AttValue length too long")):
        return "a text, name, attribute or comment of the answer is larger than the parser takes (10 MB): refused"
    return None


def _mistrust(error: BaseException) -> str | None:
    """What has to be mended, where TLS was refused for good: OpenSSL's reason, however deep it is wrapped."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        part = waiting.pop()
        if part is None or any(part is each for each in seen) or len(seen) > _DEEPEST:
            continue
        seen.append(part)
        if isinstance(part, ssl.SSLCertVerificationError):
            return TLS.get(f"verify {part.verify_code}", TLS["verify"])
        if isinstance(part, ssl.SSLError) and part.reason in TLS:
            return TLS[part.reason]
        waiting += [part.__cause__, part.__context__, _cause(part)]
    return None


def _cause(error: BaseException) -> BaseException | None:
    """urllib3's reason inside requests' exception."""
    for candidate in (*error.args, getattr(error, "reason", None)):
        if isinstance(candidate, BaseException) and candidate is not error:
            return candidate
    return None
