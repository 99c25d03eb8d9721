"""The plugins of a run, as the bridge calls them: one typed method a hook.

Order is the configuration's: connectors as ``[systems.*]`` names them, then ``[plugins].active``; ``tryfirst`` and the
order of installation do not matter. What a failing plugin costs:

=================  ==========================================================================================
enrich             its proposals for that page
find_duplicates    its pairs for that page
review_plan        closed: an objection is a safety device, so the whole batch waits in the review queue
clients_changed    its notices; ``Told.failed`` names it, and the events are told again later (at least once)
decide_contact     closed: nobody said yes, so the message is held, and the next run asks again
commands, pages    its own
connectors,        the start: a system or a mapping cannot do without them (:class:`ConfigMistake`)
transforms
=================  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

import orjson
import pluggy

from crm_bridge.connector import ConnectorType, SimulatorType
from crm_bridge.errors import ConfigMistake
from crm_bridge.hookspecs import (
    ContactDecision,
    ContactRequest,
    DuplicatePair,
    Event,
    HeldNotice,
    Notice,
    Objection,
    PageView,
    PlannedWrite,
    Proposal,
    SourceView,
)
from crm_bridge.mapping import TransformType
from crm_bridge.plugin_manager import answers
from crm_bridge.plugin_manager.isolation import Failed, Isolation, Limits, PluginFailure

T = TypeVar("T")

# What a rule or a reason begins with where a plugin that had to agree gave no answer; its name follows.
FAILED_RULE = "plugin_failed:"


@dataclass(frozen=True, slots=True)
class Told:
    """What the plugins made of a batch of events.

    Attributes:
        notices: with the name of the plugin that asks.
        held: notices that cannot be written, for a person.
        failed: plugins that gave no answer; tell them the same events again.
    """

    notices: tuple[tuple[str, Notice], ...]
    held: tuple[tuple[str, HeldNotice], ...]
    failed: tuple[str, ...]


class Plugins:
    """The active plugins. ``load_plugins`` builds it; may be used from several threads.

    Attributes:
        names: in calling order.
    """

    def __init__(
        self,
        manager: pluggy.PluginManager,
        names: Sequence[str],
        *,
        connector_names: Sequence[str] = (),
        limits: Limits | None = None,
    ) -> None:
        self.names = tuple(names)
        self._connector_names = tuple(connector_names)
        self._manager = manager
        self._isolation = Isolation(limits or Limits())
        self._calls: dict[str, tuple[tuple[str, pluggy.HookImpl], ...]] = {}

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """What went wrong so far, counted by plugin, hook and kind."""
        return self._isolation.failures

    @property
    def suspended(self) -> frozenset[str]:
        """Plugins that failed too often and are not called any more in this run."""
        return self._isolation.suspended

    def implements(self, hook: str) -> bool:
        """Whether any active plugin implements ``hook``, so that nobody prepares arguments for none."""
        return bool(self._implementations(hook))

    def implementers(self, hook: str) -> tuple[str, ...]:
        """The active plugins that implement ``hook``, in calling order."""
        return tuple(plugin for plugin, _ in self._implementations(hook))

    def connectors(self) -> Mapping[str, ConnectorType]:
        """Connector types by name.

        Raises:
            ConfigMistake: a plugin could not say what it offers, two offer the same name, or none offers one that the
                configuration names.
        """
        offers = self._offers("register_connectors", ConnectorType, "connector", lambda offer: offer.name)
        for name in self._connector_names:
            if name not in offers:
                raise ConfigMistake(
                    f"the plugin {name!r} registers no connector of its name; registered: {', '.join(offers) or 'none'}"
                )
        return offers

    def simulators(self) -> Mapping[str, SimulatorType]:
        """Simulators by name. Raises as :meth:`connectors` does."""
        return self._offers("register_simulators", SimulatorType, "simulator", lambda offer: offer.name)

    def pages(self) -> tuple[PageView, ...]:
        """Pages for the console; of two with one slug the first stays."""
        pages: dict[str, PageView] = {}
        for plugin, found in self._ask("register_pages", {}, _many(PageView, subjects=1)):
            for page in () if isinstance(found, Failed) else found:
                if pages.setdefault(page.slug, page) is not page:
                    self._isolation.note(plugin, "register_pages", "Dropped", f"the slug {page.slug!r} is taken")
        return tuple(pages.values())

    def commands(self) -> Mapping[str, Callable[..., None]]:
        """Commands by name, for ``crm-bridge x NAME``; of two with one name the first stays."""
        commands: dict[str, Callable[..., None]] = {}
        for plugin, found in self._ask("register_commands", {}, _mapping(callable, "a function")):
            for name, command in () if isinstance(found, Failed) else found.items():
                if commands.setdefault(name, command) is not command:
                    self._isolation.note(plugin, "register_commands", "Dropped", f"the name {name!r} is taken")
        return MappingProxyType(commands)

    def transforms(self) -> Mapping[str, TransformType]:
        """Transforms as ``call:`` names them in mapping documents: ``<plugin>.<transform>``.

        Raises:
            ConfigMistake: a plugin could not say what it offers.
        """
        transforms: dict[str, TransformType] = {}
        is_transform = _mapping(lambda value: isinstance(value, TransformType), "a TransformType")
        for plugin, found in self._ask("register_transforms", {}, is_transform):
            for name, transform in self._needed(plugin, found, "transforms").items():
                transforms[name if name.startswith(f"{plugin}.") else f"{plugin}.{name}"] = transform
        return MappingProxyType(transforms)

    def enrich(self, batch: Sequence[SourceView]) -> tuple[tuple[str, Proposal], ...]:
        """Proposals for a page of records, each with the plugin that made it."""
        found = self._ask("enrich_clients", {"batch": _copies(batch)}, _many(Proposal, subjects=len(batch)))
        return self._kept("enrich_clients", found, lambda items: answers.keep_proposals(items, batch))

    def find_duplicates(
        self, batch: Sequence[SourceView], candidates: Mapping[str, Sequence[SourceView]]
    ) -> tuple[tuple[str, DuplicatePair], ...]:
        """Pairs of records that seem to be of one client, each with the plugin that found it."""
        pairs = len(batch) + sum(len(views) for views in candidates.values())
        arguments = {"batch": _copies(batch), "candidates": candidates}
        found = self._ask("find_duplicates", arguments, _many(DuplicatePair, subjects=pairs))
        return self._kept("find_duplicates", found, lambda items: answers.keep_pairs(items, batch, candidates))

    def review_plan(self, writes: Sequence[PlannedWrite]) -> tuple[tuple[str, Objection], ...]:
        """Objections to planned writes. A plugin that fails objects to all of them: see the module's table."""
        found = self._ask("review_plan", {"writes": writes}, _many(Objection, subjects=len(writes)))
        closed = tuple(
            (plugin, _objection(write, plugin))
            for plugin, result in found
            if isinstance(result, Failed)
            for write in writes
        )
        return self._kept("review_plan", found, lambda items: answers.keep_objections(items, writes)) + closed

    def clients_changed(
        self, events: Sequence[Event], clients: Mapping[str, Mapping[str, Any]], *, only: str | None = None
    ) -> Told:
        """Tell of committed changes; what comes back is a wish, which policy decides on later.

        Args:
            only: the one plugin to tell, so that each can have its own place in the events, and one that fails for
                ever keeps nothing from the others.
        """
        arguments = {"events": events, "clients": {name: _copy(doc) for name, doc in clients.items()}}
        take = _many(Notice, HeldNotice, subjects=len(events))
        found = self._ask("clients_changed", arguments, take, only=only)
        wishes = self._kept("clients_changed", found, lambda items: answers.keep_notices(items, events))
        return Told(
            notices=tuple((plugin, wish) for plugin, wish in wishes if isinstance(wish, Notice)),
            held=tuple((plugin, wish) for plugin, wish in wishes if isinstance(wish, HeldNotice)),
            failed=tuple(plugin for plugin, result in found if isinstance(result, Failed)),
        )

    def decide_contact(self, request: ContactRequest) -> ContactDecision | Failed | None:
        """The first denial, else the first plugin that failed, else the first permission, else ``None``: no plugin has
        an opinion. A denial is final; one that could not answer is asked again by a later run."""
        failed: Failed | None = None
        allowed: ContactDecision | None = None
        for _, decision in self._ask("decide_contact", {"request": request}, answers.take_decision):
            if isinstance(decision, Failed):
                failed = failed or decision
            elif decision is not None and not decision.allowed:
                return decision
            else:
                allowed = allowed or decision
        return failed or allowed

    def close(self) -> None:
        """Let the plugins' threads end."""
        self._isolation.close()

    def _implementations(self, hook: str) -> tuple[tuple[str, pluggy.HookImpl], ...]:
        if hook not in self._calls:
            by_name = {impl.plugin_name: impl for impl in getattr(self._manager.hook, hook).get_hookimpls()}
            self._calls[hook] = tuple((name, by_name[name]) for name in self.names if name in by_name)
        return self._calls[hook]

    def _ask(
        self, hook: str, arguments: Mapping[str, object], take: Callable[[object], T], *, only: str | None = None
    ) -> list[tuple[str, T | Failed]]:
        """Call each implementation by itself. ``take`` runs with it, so that generators are timed too."""
        answered: list[tuple[str, T | Failed]] = []
        for plugin, impl in self._implementations(hook):
            if only is not None and plugin != only:
                continue
            values = [arguments[name] for name in impl.argnames]
            job = _job(impl, values, take)
            answered.append((plugin, self._isolation.call(plugin, hook, job)))
        return answered

    def _kept(
        self,
        hook: str,
        found: Sequence[tuple[str, Sequence[T] | Failed]],
        keep: Callable[[Sequence[T]], answers.Kept[T]],
    ) -> tuple[tuple[str, T], ...]:
        kept: list[tuple[str, T]] = []
        for plugin, items in found:
            if isinstance(items, Failed):
                continue
            sorted_out = keep(items)
            kept.extend((plugin, item) for item in sorted_out.items)
            for reason, count in sorted_out.dropped.items():
                self._isolation.note(plugin, hook, "Dropped", reason, count=count)
        return tuple(kept)

    def _offers(self, hook: str, kind: type[T], noun: str, name_of: Callable[[T], str]) -> Mapping[str, T]:
        offers: dict[str, T] = {}
        owners: dict[str, str] = {}
        for plugin, found in self._ask(hook, {}, _many(kind, subjects=1)):
            for offer in self._needed(plugin, found, f"{noun}s"):
                name = name_of(offer)
                if name in owners:
                    raise ConfigMistake(
                        f"the {noun} {name!r} is offered by two plugins, {owners[name]} and {plugin}: activate one"
                    )
                offers[name], owners[name] = offer, plugin
        return MappingProxyType(offers)

    def _needed(self, plugin: str, found: T | Failed, what: str) -> T:
        if isinstance(found, Failed):
            last = next(failure for failure in reversed(self.failures) if failure.plugin == plugin)
            raise ConfigMistake(
                f"the plugin {plugin!r} could not register its {what}: {last.error} ({last.detail}); update it"
            )
        return found


def _job(impl: pluggy.HookImpl, values: Sequence[object], take: Callable[[object], T]) -> Callable[[], T]:
    return lambda: take(impl.function(*values))


def _many(*kinds: type[Any], subjects: int) -> Callable[[object], tuple[Any, ...]]:
    return lambda answer: answers.take_many(answer, kinds, subjects=subjects)


def _mapping(accepts: Callable[[object], bool], expected: str) -> Callable[[object], dict[str, Any]]:
    return lambda answer: answers.take_mapping(answer, accepts, expected=expected)


def _copies(batch: Sequence[SourceView]) -> list[SourceView]:
    """The views with documents of their own: a plugin that writes into one must not change what the source said."""
    return [replace(view, doc=_copy(view.doc)) for view in batch]


def _copy(doc: Mapping[str, Any]) -> Any:
    return orjson.loads(orjson.dumps(doc, default=dict))  # six times as fast as copy.deepcopy


def _objection(write: PlannedWrite, plugin: str) -> Objection:
    return Objection(
        system=write.system,
        kind=write.kind,
        record_id=write.record_id,
        client_id=write.client_id,
        reason=f"{FAILED_RULE}{plugin}: the write waits until the plugin answers or is taken out of [plugins].active",
    )
