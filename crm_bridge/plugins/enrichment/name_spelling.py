"""How names are written: case, order of parts, tell-tale letters. Pure; silent where two readings are possible."""

from __future__ import annotations

import re

# Whether these are capitals differs from family to family: such a name is left as it is.
PARTICLE = re.compile(
    "ван|вон|дер|ден|де|ді|да|дос|дю|дель|фон|цу|ла|ле|аль|ель"
    "|van|von|der|den|de|di|da|dos|du|del|della|la|le|zu|ter|ten|al|el|bin|ibn",
    re.IGNORECASE,
)
# After a father's name: "Мамед огли". Written small, also behind a hyphen.
SONS_AND_DAUGHTERS = frozenset(["огли", "оглы", "оглу", "кизи", "кызы", "кизы", "улы", "ұлы", "қызы"])
PATRONYMIC = re.compile(r"(ович|евич|йович|ілліч|ильич|кузьмич|лукич|хомич|фомич|івна|ївна|овна|евна|инична|ична)$")
ONE_LETTER_PREFIX = re.compile(r"^([ОOДD])(['’ʼ`])(\w)(.*)$", re.IGNORECASE | re.DOTALL)
# "Mcdonald" or "McDonald", "Macey" or "MacEy": only the bearer knows.
GAELIC = re.compile(r"^ma?c[a-z]{2,}", re.IGNORECASE)
SEPARATORS = re.compile(r"([\s-]+)")
LETTERS_OF = {"uk": frozenset("їєґ"), "kk": frozenset("ұ"), "be": frozenset("ў")}


def proper_case(name: str) -> str | None:
    """``name`` with capitals where they belong, or ``None`` when it is mixed already or there is more than one way.

    >>> proper_case("ПЕТРЕНКО-КОВАЛЬ"), proper_case("о’коннор"), proper_case("СОЛОВ'ЙОВ")
    ('Петренко-Коваль', 'О’Коннор', "Солов'йов")
    """
    letters = [letter for letter in name if letter.isalpha()]
    if len(letters) < 2 or any(letter.isdigit() for letter in name):
        return None
    if name not in (name.upper(), name.lower()) or name.upper() == name.lower():
        return None
    pieces = SEPARATORS.split(name)
    words = [piece for piece in pieces if piece and not SEPARATORS.fullmatch(piece)]
    if any(PARTICLE.fullmatch(word) or GAELIC.match(word) or "." in word for word in words):
        return None
    if len(words) > 1 and name.isupper() and any(len(word) == 1 for word in words):
        return None  # an initial without its point
    return "".join(_word(piece) for piece in pieces)


def split_text(text: str) -> dict[str, str]:
    """Family, given and patronymic out of a full name of three words, when exactly one word is a patronymic.

    >>> split_text("Петренко-Коваль Ганна Олегівна")
    {'family': 'Петренко-Коваль', 'given': 'Ганна', 'patronymic': 'Олегівна'}
    """
    words = text.split()
    fathers = [bool(PATRONYMIC.search(word.lower())) for word in words]
    match fathers:
        case [False, False, True]:
            return {"family": words[0], "given": words[1], "patronymic": words[2]}
        case [False, True, False]:
            return {"family": words[2], "given": words[0], "patronymic": words[1]}
        case _:
            return {}  # also "Іван Петрович Маркович": the last may be a family name


def certain_language(text: str) -> str | None:
    """The language whose own letters stand in ``text``; most names have none, and nothing is said of them."""
    letters = set(text.lower())
    found = [language for language, own in LETTERS_OF.items() if own & letters]
    return found[0] if len(found) == 1 else None


def _word(piece: str) -> str:
    if piece.lower() in SONS_AND_DAUGHTERS:
        return piece.lower()
    prefixed = ONE_LETTER_PREFIX.match(piece)
    if prefixed:
        prefix, apostrophe, first, rest = prefixed.groups()
        return f"{prefix.upper()}{apostrophe}{first.upper()}{rest.lower()}"
    return piece[:1].upper() + piece[1:].lower()
