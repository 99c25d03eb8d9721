"""Names of persons and organisations, in whatever script the source wrote them."""

from __future__ import annotations

from typing import Literal

from crm_bridge.model.formats import Language, Text
from crm_bridge.model.value import Value


class PersonName(Value):
    """A person's name in parts (FHIR HumanName; ``patronymic`` as JSContact's given2). ``text`` is the name as written
    when the parts are not known apart; ``lang`` says language and script, such as ``uk-Latn``."""

    use: Literal["official", "usual", "maiden", "old", "nickname", "transliteration"] | None = None
    family: Text | None = None
    given: Text | None = None
    patronymic: Text | None = None
    prefix: Text | None = None
    suffix: Text | None = None
    text: Text | None = None
    lang: Language | None = None


class OrganisationName(Value):
    """A name of an organisation; ``legal_form`` apart, where known (ТОВ, LLC)."""

    use: Literal["legal", "trading", "short", "old"] | None = None
    text: Text | None = None
    legal_form: Text | None = None
    lang: Language | None = None
