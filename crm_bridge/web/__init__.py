"""The HTTP edge: webhooks in, look-ups for screen pops, health, and pages of plugins."""

from crm_bridge.web.application import WebBridge, create_app
from crm_bridge.web.inbox import InboxWorker
from crm_bridge.web.server import run_server, serve_in_thread

__all__ = ["InboxWorker", "WebBridge", "create_app", "run_server", "serve_in_thread"]
