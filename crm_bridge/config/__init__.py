"""Settings from one ``crm-bridge.toml``, secrets behind references, documents by name, and the logging set-up.

Every mistake is a :class:`~crm_bridge.errors.ConfigMistake` with its file and line, and all of a file come at once.
"""

from crm_bridge.config.connector_options import check_kinds, endpoint_of, endpoints_of, validate_options
from crm_bridge.config.documents import FoundDocument, find_document
from crm_bridge.config.loading import load_settings
from crm_bridge.config.mistakes import ConfigMistakes
from crm_bridge.config.secrets import check_reference, resolve_secret, secret_resolver
from crm_bridge.config.settings import (
    BridgeSettings,
    GuardSettings,
    OutboxSettings,
    PluginsSettings,
    RecordSettings,
    Settings,
    SystemSettings,
    WebSettings,
)
from crm_bridge.config.survivorship import PathRule, SurvivorshipSettings

__all__ = [
    "BridgeSettings",
    "ConfigMistakes",
    "FoundDocument",
    "GuardSettings",
    "OutboxSettings",
    "PathRule",
    "PluginsSettings",
    "RecordSettings",
    "Settings",
    "SurvivorshipSettings",
    "SystemSettings",
    "WebSettings",
    "check_kinds",
    "check_reference",
    "endpoint_of",
    "endpoints_of",
    "find_document",
    "load_settings",
    "resolve_secret",
    "secret_resolver",
    "validate_options",
]
