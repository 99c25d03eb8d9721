"""``crm-bridge serve``: take webhooks, answer look-ups, show pages."""

from __future__ import annotations

from typing import Annotated

import typer

from crm_bridge.cli.invocation import invocation, open_configured, settings_of, utc_now


def serve(
    context: typer.Context,
    listen: Annotated[
        str | None, typer.Option("--listen", metavar="HOST:PORT", help="Instead of `web.listen` of the configuration.")
    ] = None,
) -> None:
    """Serve HTTP until Ctrl-C or SIGTERM; requests in flight are finished first."""
    import structlog  # late, as all below: --help does not wait for a web server

    from crm_bridge.config import resolve_secret
    from crm_bridge.config.logging import configure_logging
    from crm_bridge.web import InboxWorker, create_app, run_server

    how = invocation(context)
    settings = settings_of(context)
    configure_logging("DEBUG" if how.debug else "INFO", clock=utc_now, bridge=settings.bridge.name)
    web = settings.web if listen is None else type(settings.web).model_validate({"listen": listen})
    reference = settings.web.token_ref
    token = resolve_secret(reference, base_dir=settings.base_dir) if reference else None

    def say(url: str) -> None:
        typer.echo(f"listening on {url}", err=True)
        structlog.get_logger("crm_bridge.web").info("listening", port=web.port)

    with open_configured(settings) as bridge, InboxWorker(bridge.process_inbox) as inbox:
        app = create_app(bridge, clock=utc_now, token=token, on_received=inbox.wake)
        run_server(app, host=web.host, port=web.port, on_listening=say)
