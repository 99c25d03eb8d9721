"""The TLS context of a site with its own authorities or client certificates."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_bridge.api import ConfigMistake, ConnectorContext, Secret
from crm_bridge_siebel.settings import SiebelSettings


def configured_context(settings: SiebelSettings, context: ConnectorContext) -> ssl.SSLContext:
    """The context that the settings ask for.

    Raises:
        ConfigMistake: a file is missing or not what it should be.
    """
    return client_context(
        ca_file=context.base_dir / settings.ca_file if settings.ca_file else None,
        certificate=context.base_dir / settings.client_certificate if settings.client_certificate else None,
        key=context.secret(settings.client_key_ref) if settings.client_key_ref else None,
    )


def client_context(*, ca_file: Path | None, certificate: Path | None, key: Secret | None) -> ssl.SSLContext:
    """A context for calling: TLS 1.2 at least, the peer's certificate and host name are checked.

    Args:
        ca_file: PEM of the authorities to trust, and no others; ``None``: those that the caller adds.
        certificate: PEM of our own certificate, for mutual TLS; with its key when ``key`` is ``None``.
        key: PEM of its private key.

    Raises:
        ConfigMistake: a file is missing or not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            context.load_verify_locations(str(ca_file))
        except (OSError, ssl.SSLError):
            raise ConfigMistake(f"ca_file {ca_file.name} is not a PEM file of certificates", path="ca_file") from None
    if certificate is not None:
        _load(context, certificate, key)
    return context


def _load(context: ssl.SSLContext, certificate: Path, key: Secret | None) -> None:
    mistake: ConfigMistake | None = None
    try:
        if key is None:
            context.load_cert_chain(str(certificate), password=_no_password)
        else:
            with _as_file(key) as place:
                context.load_cert_chain(str(certificate), place, password=_no_password)
    except FileNotFoundError:
        mistake = ConfigMistake(f"there is no file {certificate}", path="client_certificate")
    except (OSError, ValueError):
        mistake = ConfigMistake(
            f"client_certificate {certificate.name} and its key do not fit, or are not PEM without a pass phrase",
            path="client_certificate",
        )
    if mistake is not None:
        raise mistake


def _no_password() -> str:
    """OpenSSL would ask at the terminal for the pass phrase of an encrypted key."""
    raise ValueError("the key is encrypted")


@contextmanager
def _as_file(key: Secret) -> Iterator[str]:
    """OpenSSL's binding reads keys from files only: one that never reaches a disk, where the system has such."""
    content = key.reveal().encode()
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("key", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with tempfile.TemporaryDirectory() as folder:  # readable for us alone
        place = Path(folder) / "key.pem"
        place.touch(mode=0o600)
        place.write_bytes(content)
        yield str(place)
