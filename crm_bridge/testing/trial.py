"""One test of a contract suite, tried without a test runner: held, broken, or not tried and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal
from unittest import SkipTest

from crm_bridge.errors import BridgeError

HELD: Final = "held"
BROKEN: Final = "broken"
NOT_TRIED: Final = "not tried"
Outcome = Literal["held", "broken", "not tried"]


@dataclass(frozen=True, slots=True)
class ContractResult:
    """What became of one promise.

    Attributes:
        test: the test's name in its suite.
        why: the reason, where it was not held, without any value of a record.
    """

    test: str
    outcome: Outcome
    why: str = ""
    suite: str = ""
    kind: str = ""


def outcome_of(test: Callable[[], object], *, docstring: str | None) -> tuple[Outcome, str]:
    """What became of ``test``, and why. Whatever the connector raises is its failure, not ours."""
    try:
        test()
    except SkipTest as reason:
        return NOT_TRIED, str(reason)
    except AssertionError as failure:
        return BROKEN, (str(failure) or docstring or "it does not hold").strip().splitlines()[0]
    except BridgeError as failure:
        return BROKEN, f"the connector raised {type(failure).__name__}: {failure.message}"
    except Exception as failure:  # noqa: BLE001  # the connector under test may raise anything: that is a failure
        return BROKEN, f"the connector raised {type(failure).__qualname__}"
    return HELD, ""


def tests_of(suite: type[Any]) -> list[str]:
    """The names of a suite's tests, in order."""
    return sorted(name for name in dir(suite) if name.startswith("test_"))
