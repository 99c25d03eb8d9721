"""Full names and one-line addresses: taking them apart where that is certain, and putting them together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from crm_bridge.mapping.values import BadValue

NAME_PARTS = ("prefix", "family", "given", "patronymic", "suffix")
_LINE_ENDS = re.compile(r"[\r\n]+")
# Words that belong to the patronymic before them (Turkic names in Cyrillic and Latin script).
_PATRONYMIC_TAILS = frozenset(["огли", "оглы", "оглу", "кизи", "кызы", "гызы", "ogly", "oglu", "kyzy", "gyzy", "qizi"])


def split_name(text: str, *, order: Sequence[str]) -> dict[str, str]:
    """``Шевченко Оксана Іванівна`` by ``("family", "given", "patronymic")``.

    Fewer words than parts fill the first parts. With more words nobody can tell which belong together: the name
    then stays whole, as ``text``.
    """
    words = text.split()
    if len(words) > 2 and words[-1].casefold() in _PATRONYMIC_TAILS:
        words[-2:] = [f"{words[-2]} {words[-1]}"]
    if len(words) > len(order):
        return {"text": " ".join(words)}
    return dict(zip(order, words, strict=False))


def join_name(name: dict[str, Any], *, order: Sequence[str]) -> str:
    """The way back; raises ``not_expressible`` when reading the result again would give another name."""
    parts = {part: name[part] for part in order if name.get(part)}
    if not parts and isinstance(name.get("text"), str):
        text = str(name["text"])
        parts = {"text": text}
    else:
        text = " ".join(parts[part] for part in order if part in parts)
    if split_name(text, order=order) != parts:
        raise BadValue(
            "not_expressible", "written as one field, this name would be read back as another: nothing is written"
        )
    return text


def address_line(address: dict[str, Any]) -> str:
    """An address in one line: its text where it has one, else its parts from the small to the large."""
    line: str | None = address.get("text")
    if line is None:
        parts = [*address.get("lines", ())]
        for key in ("city", "district", "region", "postal_code", "country"):
            part = address.get(key)
            if part:
                parts.append(part)
        line = ", ".join(parts) or str(address.get("locality_code", ""))
    if "\n" not in line and "\r" not in line:
        return line
    return ", ".join(stripped for each in _LINE_ENDS.split(line) if (stripped := each.strip(" ,\t")))
