"""Plugins: found by entry point, named in the configuration, called one at a time, and never able to stop a sync.

``discovery`` finds and loads them, ``isolation`` calls one implementation under a time limit and keeps the ledger of
failures, ``answers`` judges what came back, and ``plugins`` is the typed face that the bridge calls.
"""

from crm_bridge.plugin_manager.discovery import AvailablePlugin, all_entry_points, load_plugins
from crm_bridge.plugin_manager.isolation import Limits, PluginFailure
from crm_bridge.plugin_manager.plugins import Plugins, Told

__all__ = ["AvailablePlugin", "Limits", "PluginFailure", "Plugins", "Told", "all_entry_points", "load_plugins"]
