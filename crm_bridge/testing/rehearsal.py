"""How a connector is tried whole, writing too: on a scratch system that its author brings, by every suite that fits."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from crm_bridge.connector import (
    ConnectorContext,
    ConnectorType,
    EventReceiver,
    KeyLister,
    MessageChannel,
    RecordSource,
    RecordTarget,
    Secret,
)
from crm_bridge.testing.channel_contracts import EventReceiverContract, MessageChannelContract
from crm_bridge.testing.contract import System, Workbench
from crm_bridge.testing.source_contracts import KeyListerContract, RecordSourceContract
from crm_bridge.testing.target_contract import RecordTargetContract
from crm_bridge.testing.trial import BROKEN, HELD, NOT_TRIED, ContractResult, outcome_of, tests_of

# Each protocol with its suite, and what of the suite the rehearsal has to say before it can run.
SUITES: tuple[tuple[type[Any], type[Workbench], tuple[str, ...]], ...] = (
    (RecordSource, RecordSourceContract, ("new_record", "change")),
    (KeyLister, KeyListerContract, ("new_record",)),
    (RecordTarget, RecordTargetContract, ("new_record", "change")),
    (MessageChannel, MessageChannelContract, ("arrived",)),
    (EventReceiver, EventReceiverContract, ("genuine",)),
)
_NO_REHEARSAL = "the connector offers no rehearsal: ConnectorType.rehearsals names one"


class Rehearsal(Workbench):
    """A scratch system, and what the suites have to know of it. An author's own tests can inherit it beside the suites.

    Say ``kind``, ``id_field``, ``version_field`` and whatever else differs, and override ``open``, ``new_record`` and
    ``change``; for a channel ``arrived``, for a receiver ``genuine``, as their suites ask for. One class for each kind.

    Attributes:
        system: what ``open`` returned, while a test runs.
    """

    system: Any = None

    def open(self, folder: Path, clock: Callable[[], datetime]) -> tuple[System, Mapping[str, Any]]:
        """Make a system that is empty and nobody's: a simulator, files in ``folder``, or an emptied sandbox.

        Returns:
            The system as one of its users, and the settings with which the connector reaches it. Relative paths are
            relative to ``folder``. If it has ``close``, or else ``stop``, that is called in the end.
        """
        raise NotImplementedError("override open: an empty system, and the settings that reach it")


def rehearse(
    connector_type: ConnectorType, *, clock: Callable[[], datetime], secrets: Callable[[Path], Callable[[str], Secret]]
) -> Iterator[ContractResult]:
    """Try what the connector promises, each test on a scratch system of its own.

    Args:
        secrets: what resolves references to secrets for a system in that folder.
    """
    offered = connector_type.rehearsals() if connector_type.rehearsals is not None else ()
    if not offered:
        yield ContractResult("all", NOT_TRIED, _NO_REHEARSAL)
    for rehearsal in offered:
        if not (isinstance(rehearsal, type) and issubclass(rehearsal, Rehearsal)):
            yield ContractResult("all", BROKEN, "rehearsals have to be classes of crm_bridge.testing.Rehearsal")
            continue
        stage = _Stage(connector_type, rehearsal, clock, secrets)
        found: list[type[Any]] = []
        outcome, why = outcome_of(partial(stage.play, rehearsal(), partial(_protocols, found)), docstring=None)
        if outcome != HELD:
            yield ContractResult("it_can_be_opened", outcome, why, kind=rehearsal.kind)
            continue
        for protocol, suite, needed in SUITES:
            if protocol in found:
                yield from _tried(stage, suite, needed)


class _Stage:
    """Opens a fresh system and a connector to it, as often as a test needs them."""

    def __init__(
        self,
        connector_type: ConnectorType,
        rehearsal: type[Rehearsal],
        clock: Callable[[], datetime],
        secrets: Callable[[Path], Callable[[str], Secret]],
    ) -> None:
        self.type, self.rehearsal, self._clock, self._secrets = connector_type, rehearsal, clock, secrets

    def play(self, bench: Rehearsal, scene: Callable[[Any], object]) -> None:
        """Run ``scene`` with a connector to a fresh system of ``bench``."""
        with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            bench.system, given = bench.open(folder, self._clock)
            connector: Any = None
            try:
                context = ConnectorContext("rehearsal", folder, self._secrets(folder), self._clock)
                connector = self.type.open(self.type.settings.model_validate(dict(given)), context)
                scene(connector)
            finally:
                if connector is not None:
                    with suppress(Exception):  # what close raises is not what is tried here
                        connector.close()
                _end(bench.system)


def _tried(stage: _Stage, suite: type[Workbench], needed: Sequence[str]) -> Iterator[ContractResult]:
    # the rehearsal first: what it says stands before what the suite only asks for
    whole: type[Any] = type(stage.rehearsal.__name__, (stage.rehearsal, suite), {})
    missing = [name for name in needed if getattr(whole, name) is getattr(suite, name)]
    for name in tests_of(suite):
        if missing:
            why = f"the rehearsal does not say {', '.join(missing)}"
            yield ContractResult(name, NOT_TRIED, why, suite.__name__, stage.rehearsal.kind)
            continue
        bench = whole()
        test = getattr(bench, name)
        scene = partial(stage.play, bench, partial(_called, test, bench))
        outcome, why = outcome_of(scene, docstring=inspect.getdoc(test))
        yield ContractResult(name, outcome, why, suite.__name__, stage.rehearsal.kind)


def _protocols(found: list[type[Any]], connector: Any) -> None:
    found += [protocol for protocol, *_ in SUITES if isinstance(connector, protocol)]


def _called(test: Callable[..., object], bench: Rehearsal, connector: Any) -> object:
    given = {"connector": connector, "channel": connector, "receiver": connector, "system": bench.system}
    return test(**{name: given[name] for name in inspect.signature(test).parameters})


def _end(system: Any) -> None:
    end = getattr(system, "close", None) or getattr(system, "stop", None)
    if callable(end):
        end()
