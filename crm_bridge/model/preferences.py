"""How the client likes to be spoken to: language, channel, hours. A preference is not a consent."""

from __future__ import annotations

from crm_bridge.model.contact_points import Channel
from crm_bridge.model.formats import Language, QuietHours, Zone
from crm_bridge.model.value import Value


class Preferences(Value):
    """The client's own word; the first of a list is preferred. ``quiet_hours`` are in ``time_zone``."""

    languages: tuple[Language, ...] = ()
    time_zone: Zone | None = None
    channels: tuple[Channel, ...] = ()
    quiet_hours: QuietHours | None = None
