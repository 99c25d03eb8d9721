"""The curated lists that the sample people are drawn from: names by language, places, trades, dishes.

Everything here is everyday and combined at random: no entry stands for a real person. Kazakh names are in the spelling
of Russian-language documents, because the agency's cp1251 has no Kazakh letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GivenName:
    """A given name; for men with the patronymics that their children bear (empty where none are used)."""

    text: str
    son: str = ""
    daughter: str = ""


@dataclass(frozen=True, slots=True)
class NameStock:
    """Names of one language: families as (man's form, woman's form)."""

    families: tuple[tuple[str, str], ...]
    men: tuple[GivenName, ...]
    women: tuple[GivenName, ...]


@dataclass(frozen=True, slots=True)
class City:
    """A city with the area code of its landlines and the first three digits of its postal codes."""

    name: str
    area: str
    postal: str


def _same(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((word, word) for word in text.split())


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (word.partition("/") for word in text.split())
    return tuple((man, woman) for man, _, woman in pairs)


def _men(text: str) -> tuple[GivenName, ...]:
    return tuple(GivenName(*entry.split("/")) for entry in text.split())


def _women(text: str) -> tuple[GivenName, ...]:
    return tuple(GivenName(entry) for entry in text.split())


UKRAINIAN = NameStock(
    families=_same(
        "Шевченко Коваленко Бондаренко Ткаченко Кравченко Олійник Шевчук Поліщук Мельник Бондар Савчук Марченко"
        " Руденко Мороз Петренко Лисенко Гнатюк Кравець Пономаренко Василенко Гончар Кузьменко Панченко Яременко"
        " Дяченко Іщенко Стельмах Ярмолюк Чумак Швець Петренко-Коваль Дем’яненко Солов’юк Щербань"
        " Цимбалюк Юрченко Зінченко Кучер Пилипенко"
    )
    + _pairs(
        "Левицький/Левицька Островський/Островська Вишневський/Вишневська Заболотний/Заболотна Гарний/Гарна"
        " Нечуй-Левицький/Нечуй-Левицька"
    ),
    men=_men(
        "Іван/Іванович/Іванівна Петро/Петрович/Петрівна Олександр/Олександрович/Олександрівна"
        " Микола/Миколайович/Миколаївна Андрій/Андрійович/Андріївна Сергій/Сергійович/Сергіївна"
        " Василь/Васильович/Василівна Тарас/Тарасович/Тарасівна Богдан/Богданович/Богданівна"
        " Юрій/Юрійович/Юріївна Дмитро/Дмитрович/Дмитрівна Олег/Олегович/Олегівна Ігор/Ігорович/Ігорівна"
        " Роман/Романович/Романівна Ярослав/Ярославович/Ярославівна Степан/Степанович/Степанівна"
        " Григорій/Григорович/Григорівна Максим/Максимович/Максимівна Євген/Євгенович/Євгенівна"
        " Остап/Остапович/Остапівна"
    ),
    women=_women(
        "Оксана Олена Наталія Ірина Тетяна Світлана Людмила Галина Марія Ганна Катерина Юлія Надія Любов Вікторія"
        " Лариса Соломія Дарина Христина Зоряна Леся Євгенія"
    ),
)
RUSSIAN = NameStock(
    families=_pairs(
        "Иванов/Иванова Смирнов/Смирнова Кузнецов/Кузнецова Попов/Попова Васильев/Васильева Соколов/Соколова"
        " Новиков/Новикова Морозов/Морозова Волков/Волкова Алексеев/Алексеева Лебедев/Лебедева Семёнов/Семёнова"
        " Егоров/Егорова Павлов/Павлова Козлов/Козлова Степанов/Степанова Орлов/Орлова Щукин/Щукина"
        " Зайцев/Зайцева Вознесенский/Вознесенская"
    ),
    men=_men(
        "Александр/Александрович/Александровна Дмитрий/Дмитриевич/Дмитриевна Сергей/Сергеевич/Сергеевна"
        " Андрей/Андреевич/Андреевна Алексей/Алексеевич/Алексеевна Михаил/Михайлович/Михайловна"
        " Николай/Николаевич/Николаевна Владимир/Владимирович/Владимировна Павел/Павлович/Павловна"
        " Виктор/Викторович/Викторовна Фёдор/Фёдорович/Фёдоровна Илья/Ильич/Ильинична"
    ),
    women=_women(
        "Анна Елена Ольга Наталья Ирина Екатерина Мария Светлана Людмила Юлия Алёна Ксения Вера Полина Дарья Софья"
    ),
)
KAZAKH = NameStock(
    families=_pairs(
        "Ахметов/Ахметова Омаров/Омарова Касымов/Касымова Сулейменов/Сулейменова Нурланов/Нурланова Оспанов/Оспанова"
        " Жумабаев/Жумабаева Абдрахманов/Абдрахманова Бекетов/Бекетова Тулегенов/Тулегенова Искаков/Искакова"
    ),
    men=_men(
        "Нурлан/Нурланович/Нурлановна Серик/Серикович/Сериковна Ерлан/Ерланович/Ерлановна Аскар/Аскарович/Аскаровна"
        " Бауыржан/Бауыржанович/Бауыржановна Данияр/Даниярович/Данияровна Тимур/Тимурович/Тимуровна"
        " Марат/Маратович/Маратовна"
    ),
    women=_women("Айгуль Динара Асель Гульнара Сауле Жанна Мадина Алия Камила Айжан"),
)
LATIN = NameStock(
    families=_same(
        "Miller Novak Kowal Fischer Dumont Hansen Bianchi O'Hara Schmidt Walsh Lindgren Moreau Baker Peeters"
    ),
    men=tuple(
        GivenName(name) for name in ("Adam", "Daniel", "Martin", "Thomas", "Peter", "Robert", "Lucas", "Erik", "Paul")
    ),
    women=_women("Anna Eva Julia Emma Laura Clara Marta Helen Sophie Ingrid"),
)

STOCKS: Mapping[str, NameStock] = {"uk": UKRAINIAN, "ru": RUSSIAN, "kk": KAZAKH, "en": LATIN}

CITIES = (
    City("Київ", "44", "010"),
    City("Львів", "32", "790"),
    City("Одеса", "48", "650"),
    City("Харків", "57", "610"),
    City("Дніпро", "56", "490"),
    City("Полтава", "532", "360"),
    City("Чернівці", "372", "580"),
)
STREETS = (
    "вул. Шевченка", "вул. Франка", "вул. Лесі Українки", "просп. Свободи", "вул. Садова", "вул. Січових Стрільців",
    "бульв. Вишневий", "пров. Тихий", "вул. Київська", "вул. Зелена", "вул. Польова", "вул. Набережна",
)  # fmt: skip
JOBS = (
    "бухгалтер", "інженер", "учитель", "лікар", "водій", "агроном", "менеджер з продажу", "юрист", "кухар",
    "електрик", "бібліотекар", "програміст", "пенсіонер", "фармацевт",
)  # fmt: skip
OFFICES = ("директор", "головний бухгалтер", "секретар", "менеджер із закупівель")
ORGANISATIONS = (
    "ТОВ «Зоря-Приклад»", "ТОВ «Вигаданий млин»", "ПП «Умовна аптека»", "ФГ «Приклад-Агро»", "АТ «Уявний банк»",
    "ТОВ «Лінія Приклад»", "ПрАТ «Вигадка»", "ТОВ «Синій приклад»",
)  # fmt: skip
DISHES = ("вареники", "борщ", "деруни", "голубці", "сирники", "плов", "бешбармак", "pancakes", "щи", "банош")
