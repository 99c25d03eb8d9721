"""The second door, for the tests of plugin and connector authors: a connector in memory, builders, contract suites.

``crm_bridge.testing.simulation`` is its part for those who build a simulator.
It needs nothing that the bridge itself does not need; the suites are plain classes that pytest collects when inherited.
"""

from crm_bridge.testing.builders import claim_doc, event, person_doc, planned_write, raw_person, source_view
from crm_bridge.testing.channel_contracts import EventReceiverContract, MessageChannelContract
from crm_bridge.testing.contract import Workbench
from crm_bridge.testing.memory_channel import MemoryChannel, MemoryReceiver
from crm_bridge.testing.memory_connector import MemoryConnector
from crm_bridge.testing.rehearsal import Rehearsal
from crm_bridge.testing.source_contracts import KeyListerContract, RecordSourceContract
from crm_bridge.testing.target_contract import RecordTargetContract

__all__ = [
    "EventReceiverContract",
    "KeyListerContract",
    "MemoryChannel",
    "MemoryConnector",
    "MemoryReceiver",
    "MessageChannelContract",
    "RecordSourceContract",
    "RecordTargetContract",
    "Rehearsal",
    "Workbench",
    "claim_doc",
    "event",
    "person_doc",
    "planned_write",
    "raw_person",
    "source_view",
]
