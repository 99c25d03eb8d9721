"""The public names are pinned: what authors may rely on changes on purpose, and with a line in the change log."""

from __future__ import annotations

import crm_bridge.api
import crm_bridge.testing
import crm_bridge.testing.simulation

API = """
    Accepted Agreement BadValue BridgeError BrokenRecord Capabilities Client ConfigMistake Connector
    ConnectorContext ConnectorSettings ConnectorType ContactDecision ContactRequest CredentialsRefused
    DataMistake DeliveryReport DuplicatePair EffectSafety Event EventReceiver ExitCode FieldLister Grade HeldNotice
    HttpAnswer HttpCalls
    InboundEvent InboundRequest InvalidClient KeyLister Level Locked LoginMemory MessageAccepted MessageChannel
    MessageOutcome Note Notice Objection Organisation OutboundMessage OutcomeUnknown Page PageView Person Place
    PlannedField PlannedWrite Postponed Proposal ProposalMode RawRecord RecordHint RecordSource RecordTarget
    RecordWrite Refused RejectRecord RetryLater SafetyStop Secret Simulator SimulatorType SourceView Stale
    StaleVersion StopRun Tombstone Traits TransformType Unknown Unreachable UserMistake Verdict WriteLookup
    WriteMode WriteOutcome compare dump_client grade hookimpl known_path match_keys traits
    translate_http_error validate_client
"""

TESTING = """
    EventReceiverContract KeyListerContract MemoryChannel MemoryConnector MemoryReceiver
    MessageChannelContract RecordSourceContract RecordTargetContract Rehearsal Workbench claim_doc event person_doc
    planned_write raw_person source_view
"""

SIMULATION = "Asked KnobValue Knobs LoopbackServer Reply Shelf as_json kept_secret"
DOORS = (crm_bridge.api, crm_bridge.testing, crm_bridge.testing.simulation)


def test_the_door_has_exactly_these_names() -> None:
    """A name that goes breaks somebody's plugin; a name that comes is a promise."""
    assert API.split() == crm_bridge.api.__all__


def test_the_second_door_has_exactly_these_names() -> None:
    """For the tests of authors."""
    assert TESTING.split() == crm_bridge.testing.__all__


def test_the_part_for_simulators_has_exactly_these_names() -> None:
    """It is loaded by who builds a simulator alone."""
    assert SIMULATION.split() == crm_bridge.testing.simulation.__all__


def test_the_lists_are_sorted_and_true() -> None:
    """Every name is there, and none twice."""
    for door in DOORS:
        assert sorted(set(door.__all__)) == door.__all__
        assert [] == [name for name in door.__all__ if not hasattr(door, name)]


def test_every_public_name_says_what_it_is() -> None:
    """What authors use has a docstring; aliases of types have their comment in the source."""
    silent = [
        f"{door.__name__}.{name}"
        for door in DOORS
        for name in door.__all__
        if isinstance(getattr(door, name), type) and not (getattr(door, name).__doc__ or "").strip()
    ]

    assert [] == silent
