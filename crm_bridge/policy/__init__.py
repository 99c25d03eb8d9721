"""Contact policy: whether a client may be contacted now, as data that says which rule decided."""

from crm_bridge.policy.decide import decide
from crm_bridge.policy.decision import Decision, PastContact
from crm_bridge.policy.reachability import usable_points
from crm_bridge.policy.settings import Caps, PolicySettings, QuietHours

__all__ = ["Caps", "Decision", "PastContact", "PolicySettings", "QuietHours", "decide", "usable_points"]
