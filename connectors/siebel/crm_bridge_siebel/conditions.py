"""Which rows are wanted, as a value; and that value as a search specification or as a query by example.

Dates in either are in the business component's own format, ``MM/DD/YYYY HH:MM:SS``, whatever the answers carry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SIEBEL_DATETIME = "%m/%d/%Y %H:%M:%S"
_LONGEST = 19  # of a moment without fractions


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison. ``operator`` is one of ``= > >= < <=``; ``is_moment``: the value is a date and time."""

    name: str
    operator: str
    value: str
    is_moment: bool = False

    @property
    def literal(self) -> str:
        """The value as Siebel takes it."""
        return business_format(self.value) if self.is_moment else self.value


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part at least holds."""

    parts: tuple[Condition, ...]


Condition = Compare | AllOf | AnyOf


def spec_text(condition: Condition, *, named: Callable[[str], str]) -> str:
    """``condition`` as a search specification. ``named``: what stands in the brackets for a field.

    Compounds within compounds are bracketed: Siebel's precedence need not be known.
    """
    match condition:
        case Compare():
            return f"[{named(condition.name)}] {condition.operator} {quoted(condition.literal)}"
        case AllOf(parts):
            return " AND ".join(_part(part, named) for part in parts)
        case AnyOf(parts):
            return " OR ".join(_part(part, named) for part in parts)


def example_of(condition: Condition) -> Mapping[str, str] | None:
    """``condition`` as the fields of a query by example; ``None``: it cannot be said that way.

    Fields are joined by AND, and one field may hold several comparisons: ``='1-A' OR ='1-B'``.
    """
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    fields: dict[str, str] = {}
    for part in parts:
        found = _one_field(part)
        if found is None:
            return None
        name, text = found
        fields[name] = f"({fields[name]}) AND ({text})" if name in fields else text
    return fields


def quoted(value: str) -> str:
    """``value`` as a literal of a search specification; quotes inside are doubled."""
    return "'" + value.replace("'", "''") + "'"


def moment(text: str) -> datetime:
    """A date and time as Siebel writes it, as a naive time for comparing; a zone that it names is brought to UTC.

    The form says what it is: ``10/20/2026 08:00:00`` (month first), ``20.10.2026 08:00:00`` (day first), ISO 8601.

    Raises:
        ValueError: it is none of them.
    """
    if "/" in text:
        return _strict(text, SIEBEL_DATETIME)
    if "." in text[:_LONGEST]:
        return _strict(text, "%d.%m.%Y %H:%M:%S")
    if len(text) < _LONGEST:
        raise ValueError("no date and time")
    found = datetime.fromisoformat(text)
    try:
        return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError("beyond year 1 or 9999 in UTC") from None


def siebel_moment(when: datetime) -> str:
    """``when`` as Siebel has it, in the zone that it is in. Its year has four digits: ``%Y`` writes year 1 as ``1``."""
    return f"{siebel_date(when)} {when:%H:%M:%S}"


def siebel_date(day: date) -> str:
    """``day`` as Siebel has it."""
    return f"{day:%m/%d}/{day.year:04d}"


def clock_changes_near(text: str, *, zone: str) -> bool:
    """Whether the clock of ``zone`` is put forward or back within three hours of ``text``, a local time there."""
    if zone == "UTC":
        return False
    local = moment(text).replace(tzinfo=ZoneInfo(zone))
    hours = [(local.replace(tzinfo=None) + timedelta(hours=number)).replace(tzinfo=local.tzinfo) for number in (-3, 3)]
    return hours[0].utcoffset() != hours[1].utcoffset()


def business_format(text: str) -> str:
    """A moment as search specifications take it. Text that is no moment stays as it is.

    A fraction of a second is cut: Siebel keeps whole seconds.
    """
    try:
        return siebel_moment(moment(text))
    except ValueError:
        return text


def all_of(*conditions: Condition | None) -> Condition | None:
    """Rows that fulfil every one of ``conditions`` that is not ``None``."""
    given = tuple(condition for condition in conditions if condition is not None)
    if len(given) < 2:
        return given[0] if given else None
    return AllOf(given)


def any_of(name: str, values: Sequence[str]) -> Condition:
    """Rows whose field is one of ``values``, of which there is at least one, and none is empty."""
    if len(values) == 1:
        return Compare(name, "=", values[0])
    return AnyOf(tuple(Compare(name, "=", value) for value in values))


def names_rows(condition: Condition) -> bool:
    """Whether the condition names its rows one by one, so that the set cannot grow while it is paged."""
    parts = condition.parts if isinstance(condition, AnyOf) else (condition,)
    return all(isinstance(part, Compare) and part.operator == "=" and not part.is_moment for part in parts)


def in_parts(condition: Condition, *, fits: Callable[[Condition], bool]) -> Sequence[Condition]:
    """``condition``, or where it does not fit, several that name its rows in the same order."""
    if fits(condition) or not isinstance(condition, AnyOf) or not names_rows(condition):
        return (condition,)
    middle = len(condition.parts) // 2
    halves = (condition.parts[:middle], condition.parts[middle:])
    return [part for half in halves for part in in_parts(half[0] if len(half) == 1 else AnyOf(half), fits=fits)]


def _part(condition: Condition, named: Callable[[str], str]) -> str:
    text = spec_text(condition, named=named)
    return text if isinstance(condition, Compare) else f"({text})"


def _one_field(condition: Condition) -> tuple[str, str] | None:
    if isinstance(condition, Compare):
        return condition.name, f"{condition.operator}{quoted(condition.literal)}"
    found = [_one_field(part) for part in condition.parts]
    if any(each is None or each[0] != found[0][0] for each in found if found[0]) or not found or found[0] is None:
        return None
    joint = " AND " if isinstance(condition, AllOf) else " OR "
    return found[0][0], joint.join(each[1] for each in found if each is not None)


def _strict(text: str, form: str) -> datetime:
    return datetime.strptime(text, form)  # noqa: DTZ007  # Siebel's text carries no zone; only compared
