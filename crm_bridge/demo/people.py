"""Sample people of our own making, the same for the same seed, as many as wanted.

They come by households, because that is where matching goes wrong: couples with one phone, fathers and sons of one
name, twins, several contact persons behind one switchboard. Phones are valid numbers of blocks that begin with 555,
e-mails are at the domains that RFC 2606 reserves for examples, tax ids carry right check digits. All of it is invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from crm_bridge.demo.names import CITIES, DISHES, JOBS, OFFICES, ORGANISATIONS, STOCKS, STREETS, City, GivenName
from crm_bridge.demo.spelling import latin

SAMPLE_DAY = date(2025, 6, 1)
"""The day on which the sample is drawn: ages and consents are counted back from it."""

MOBILE_CODES = tuple(f"+380{code}" for code in (50, 66, 95, 99, 67, 68, 96, 97, 98, 63, 73, 93))
_KAZAKH_CODES = ("+7701", "+7702", "+7705", "+7777")
_DOMAINS = ("example.com", "example.org", "example.net")


@dataclass(frozen=True, slots=True)
class Child:
    """A child named in a parent's card; a minor, and so never a client of the sample."""

    name: str
    birth_date: date


@dataclass(frozen=True, slots=True)
class Consent:
    """The person's word on SMS about claims: ``granted`` yes or no, and when (UTC)."""

    granted: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """One invented person: the truth that the systems know parts of.

    Attributes:
        id: the truth's own id. It stays out of every record.
        language: ``uk``, ``ru``, ``kk`` or ``en``: the stock that the name is from.
        mobile, home, work: E.164. Members of a household may share any of them.
        consent: ``None``: never asked.
        role: the scene of the demo that this person is kept for (see :mod:`crm_bridge.demo.spread`), mostly empty.
    """

    id: str
    household: int
    language: str
    family: str
    given: str
    patronymic: str
    gender: str
    birth_date: date
    mobile: str
    city: City
    street: str
    postal_code: str
    tax_id: str
    job_title: str
    dish: str
    email: str | None = None
    home: str | None = None
    work: str | None = None
    work_ext: str | None = None
    organisation: str | None = None
    children: tuple[Child, ...] = ()
    consent: Consent | None = None
    role: str = ""


ROLES = ("everywhere", "phone", "name", "disjoint", "consent", "no_consent", "long_email")
"""One person is kept for each scene of the demo; they are the first of every sample."""


def make_people(count: int, *, seed: int = 1) -> tuple[SamplePerson, ...]:
    """The first ``count`` people of the sample of ``seed``. A longer sample begins with a shorter one."""
    people: list[SamplePerson] = []
    taken: set[str] = set()
    for person in _stream(seed):
        if len(people) == count:
            break
        number = len(people) + 1
        tax_id = _free_tax_id(person, start=number * 7 + seed, taken=taken)
        email = f"{person.email}{number}@{_DOMAINS[number % 3]}" if person.email else None
        people.append(replace(person, id=f"p-{number:06}", tax_id=tax_id, email=email))
    return tuple(people)


def _stream(seed: int) -> Iterator[SamplePerson]:
    """People without id, tax id and e-mail domain, household by household, without end."""
    for number, role in enumerate(ROLES):
        rng = Random(f"{seed}:{role}")  # noqa: S311  # a repeatable sample, no secret
        home = _Home.draw(number, rng=rng, language="uk")
        person = home.person(rng=rng, mobile=home.mobile(0))
        yield replace(person, role=role, email=person.email or role.replace("_", "."), consent=_word(role, rng=rng))
    number = len(ROLES)
    while True:
        rng = Random(f"{seed}:{number}")  # noqa: S311  # a repeatable sample, no secret
        make = rng.choices(list(_KINDS), weights=list(_KINDS.values()))[0]
        for person in make(_Home.draw(number, rng=rng), rng):
            yield replace(person, consent=_word("", rng=rng))
        number += 1


def _word(role: str, *, rng: Random) -> Consent | None:
    said = rng.choices((True, False, None), weights=(45, 20, 35))[0]
    if role:
        said = role != "no_consent"
    if said is None:
        return None
    minutes = rng.randrange(60, 2 * 365 * 24 * 60)
    day = datetime(SAMPLE_DAY.year, SAMPLE_DAY.month, SAMPLE_DAY.day, tzinfo=UTC)
    return Consent(granted=said, at=day - timedelta(minutes=minutes))


@dataclass(frozen=True, slots=True)
class _Home:
    """What the members of one household share."""

    number: int
    language: str
    city: City
    street: str
    postal_code: str
    family: tuple[str, str]

    @classmethod
    def draw(cls, number: int, *, rng: Random, language: str | None = None) -> _Home:
        language = language or rng.choices(("uk", "ru", "kk", "en"), weights=(60, 22, 9, 9))[0]
        city = rng.choice(CITIES)
        street = f"{rng.choice(STREETS)}, {rng.randint(1, 120)}, кв. {rng.randint(1, 90)}"
        return cls(
            number=number,
            language=language,
            city=city,
            street=street,
            postal_code=f"{city.postal}{rng.randint(0, 99):02}",
            family=rng.choice(STOCKS[language].families),
        )

    def mobile(self, member: int) -> str:
        """A mobile number of this household: distinct for each (household, member below 4), in a block 555 or lower."""
        codes = _KAZAKH_CODES if self.language == "kk" else MOBILE_CODES
        serial = self.number * 4 + member
        block, tail = divmod(serial // len(codes), 10_000)
        line = f"{(555 - block) % 556:03}{tail * 7919 % 10_000:04}"  # 7919 is coprime to 10,000: a permutation
        return f"{codes[serial % len(codes)]}{line}"

    def landline(self) -> str:
        tail = self.number * 7919 % 10_000
        return f"+380{self.city.area}{'555'[: 5 - len(self.city.area)]}{tail:04}"

    def person(self, *, rng: Random, mobile: str, woman: bool | None = None, age: int | None = None) -> SamplePerson:
        stock = STOCKS[self.language]
        woman = rng.random() < 0.5 if woman is None else woman
        given = rng.choice(stock.women if woman else stock.men)
        father = rng.choice(stock.men)
        age = rng.randint(19, 78) if age is None else age
        born = SAMPLE_DAY - timedelta(days=age * 365 + rng.randint(1, 364))
        latin_name = latin(f"{given.text}.{self.family[woman]}", language=self.language).lower()
        return SamplePerson(
            id="",
            household=self.number,
            language=self.language,
            family=self.family[woman],
            given=given.text,
            patronymic=father.daughter if woman else father.son,
            gender="female" if woman else "male",
            birth_date=born,
            mobile=mobile,
            city=self.city,
            street=self.street,
            postal_code=self.postal_code,
            tax_id="",
            job_title=rng.choice(JOBS),
            dish=rng.choice(DISHES) if rng.random() < 0.3 else "",
            email="".join(c for c in latin_name if c.isascii() and (c.isalnum() or c == "."))
            if rng.random() < 0.7
            else None,
        )


def _single(home: _Home, rng: Random) -> Sequence[SamplePerson]:
    return [home.person(rng=rng, mobile=home.mobile(0))]


def _couple(home: _Home, rng: Random) -> Sequence[SamplePerson]:
    """Husband and wife with a landline and, some of them, one mobile; perhaps with children."""
    age = rng.randint(26, 60)
    husband = home.person(rng=rng, mobile=home.mobile(0), woman=False, age=age)
    mobile = home.mobile(0) if rng.random() < 0.25 else home.mobile(1)
    wife = home.person(rng=rng, mobile=mobile, woman=True, age=max(20, age - rng.randint(0, 4)))
    children = _children(home.language, rng=rng, most=min(3, (age - 20) // 4))
    return [replace(spouse, home=home.landline(), children=children) for spouse in (husband, wife)]


def _pensioners(home: _Home, rng: Random) -> Sequence[SamplePerson]:
    """An elderly couple with one mobile between them and no e-mail."""
    pair = [
        home.person(rng=rng, mobile=home.mobile(0), woman=woman, age=rng.randint(66, 84)) for woman in (False, True)
    ]
    return [replace(person, job_title="пенсіонер", email=None) for person in pair]


def _namesakes(home: _Home, rng: Random) -> Sequence[SamplePerson]:
    """A father and a grown-up son of one name, address and phone; some born on the same day of the year."""
    stock = STOCKS[home.language]
    name: GivenName = rng.choice(stock.men)
    age = rng.randint(44, 62)
    father = replace(home.person(rng=rng, mobile=home.mobile(0), woman=False, age=age), given=name.text)
    gap = rng.randint(20, 24)
    same_day = father.birth_date.day < 29 and rng.random() < 0.3
    born = (
        father.birth_date.replace(year=father.birth_date.year + gap)
        if same_day
        else father.birth_date + timedelta(days=gap * 365 + rng.randint(1, 300))
    )
    return [father, replace(father, patronymic=name.son, birth_date=born, job_title=rng.choice(JOBS), email=None)]


def _twins(home: _Home, rng: Random) -> Sequence[SamplePerson]:
    """Two of one birth date, family name, patronymic, address and phone; only the given name tells them apart."""
    first = home.person(rng=rng, mobile=home.mobile(0), woman=rng.random() < 0.5, age=rng.randint(19, 30))
    stock = STOCKS[home.language]
    names = [name.text for name in (stock.women if first.gender == "female" else stock.men)]
    other = rng.choice([name for name in names if name[:2] != first.given[:2]])
    return [first, replace(first, given=other, email=None)]


def _office(home: _Home, rng: Random) -> Sequence[SamplePerson]:
    """Contact persons of one organisation behind one switchboard, each with an extension."""
    organisation = ORGANISATIONS[home.number % len(ORGANISATIONS)]
    size = rng.randint(2, 3)
    staff = [home.person(rng=rng, mobile=home.mobile(member)) for member in range(size)]
    return [
        replace(
            person,
            work=home.landline(),
            work_ext=str(100 + member),
            job_title=OFFICES[member],
            organisation=organisation,
        )
        for member, person in enumerate(staff)
    ]


_KINDS: dict[Callable[[_Home, Random], Sequence[SamplePerson]], int] = {
    _single: 52, _couple: 22, _pensioners: 8, _namesakes: 6, _twins: 5, _office: 7,
}  # fmt: skip


def _children(language: str, *, rng: Random, most: int) -> tuple[Child, ...]:
    stock = STOCKS[language]
    names = rng.sample([name.text for name in stock.men + stock.women], k=rng.randint(0, max(0, most)))
    return tuple(Child(name, SAMPLE_DAY - timedelta(days=rng.randint(200, 17 * 365))) for name in names)


def _free_tax_id(person: SamplePerson, *, start: int, taken: set[str]) -> str:
    """A number of the Ukrainian register (РНОКПП) that fits birth date and gender and that nobody else here has."""
    serial = start
    while (number := _tax_id(person.birth_date, serial=serial % 1000, male=person.gender == "male")) in taken:
        serial += 1
    taken.add(number)
    return number


def _tax_id(born: date, *, serial: int, male: bool) -> str:
    """Days since 31.12.1899, a serial whose last digit is odd for men, and the check digit."""
    body = f"{(born - date(1899, 12, 31)).days:05}{serial:03}{(serial % 5) * 2 + male}"
    weights = (-1, 5, 7, 9, 4, 6, 10, 5, 7)
    check = sum(weight * int(digit) for weight, digit in zip(weights, body, strict=True)) % 11 % 10
    return f"{body}{check}"
