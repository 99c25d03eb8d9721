"""crm-bridge: one card for each client, kept in step between CRM, call centre, SMS gateway and agency files.

Authors of plugins and connectors import :mod:`crm_bridge.api`, and :mod:`crm_bridge.testing` in their tests; everything
else in here may change from one release to the next.
"""

__version__ = "0.1.0"
