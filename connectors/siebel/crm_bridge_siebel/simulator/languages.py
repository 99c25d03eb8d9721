"""Display values of the lists of values, and words of faults, in the languages that the simulator knows.

A list's code is the same everywhere; its display value is what users of one language see. Only in English are the
two often equal, which is how integrations that compare display values come to work until they do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LANGUAGES = ("ENU", "UKR", "RUS")

_DISPLAY: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "ENU": {
            "Gender": {"M": "Male", "F": "Female", "U": "Unknown"},
            "PreferredLanguageCode": {
                "UKR": "Ukrainian", "RUS": "Russian", "ENU": "English-American", "POL": "Polish", "KAZ": "Kazakh",
            },
        },
        "UKR": {
            "Gender": {"M": "Чоловіча", "F": "Жіноча", "U": "Невідомо"},
            "MaritalStatus": {
                "Single": "Не одружений", "Married": "Одружений", "Divorced": "Розлучений", "Widowed": "Вдівець",
            },
            "Status": {
                "Active": "Активний", "Inactive": "Неактивний", "Prospect": "Потенційний", "Granted": "Надано",
                "Withdrawn": "Відкликано", "Denied": "Відмовлено",
            },
            "PreferredLanguageCode": {
                "UKR": "Українська", "RUS": "Російська", "ENU": "Англійська", "POL": "Польська", "KAZ": "Казахська",
            },
            "PreferredCommunications": {
                "Phone": "Телефон", "Cell Phone": "Мобільний", "Email": "Ел. пошта", "Mail": "Пошта",
            },
            "Channel": {"Cell Phone": "Мобільний", "Phone": "Телефон", "Email": "Ел. пошта"},
            "Purpose": {
                "Claims": "Врегулювання", "Service": "Обслуговування", "Sales": "Продаж", "Survey": "Опитування",
                "Greeting": "Вітання",
            },
        },
        "RUS": {
            "Gender": {"M": "Мужской", "F": "Женский", "U": "Неизвестно"},
            "MaritalStatus": {
                "Single": "Не женат", "Married": "Женат", "Divorced": "Разведен", "Widowed": "Вдовец",
            },
            "Status": {
                "Active": "Активен", "Inactive": "Неактивен", "Prospect": "Потенциальный", "Granted": "Дано",
                "Withdrawn": "Отозвано", "Denied": "Отказано",
            },
            "PreferredLanguageCode": {
                "UKR": "Украинский", "RUS": "Русский", "ENU": "Английский", "POL": "Польский", "KAZ": "Казахский",
            },
            "PreferredCommunications": {
                "Phone": "Телефон", "Cell Phone": "Мобильный", "Email": "Эл. почта", "Mail": "Почта",
            },
            "Channel": {"Cell Phone": "Мобильный", "Phone": "Телефон", "Email": "Эл. почта"},
            "Purpose": {
                "Claims": "Урегулирование", "Service": "Обслуживание", "Sales": "Продажи", "Survey": "Опрос",
                "Greeting": "Поздравление",
            },
        },
    }
)  # fmt: skip

_FAULTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "UKR": {
            "SBL-DAT-00498": "Обов'язкове поле не заповнене",
            "SBL-DAT-00523": "Запис змінено іншим користувачем після його отримання",
            "SBL-EAI-04383": "Вставку не виконано: знайдено запис із таким самим ключем",
            "SBL-EAI-04401": "Значення поля відсутнє у списку",
            "SBL-UIF-00272": "Неправильний ідентифікатор користувача або пароль",
        },
        "RUS": {
            "SBL-DAT-00498": "Обязательное поле не заполнено",
            "SBL-DAT-00523": "Запись изменена другим пользователем после ее получения",
            "SBL-EAI-04383": "Вставка не выполнена: найдена запись с таким же ключом",
            "SBL-EAI-04401": "Значение поля отсутствует в списке",
            "SBL-UIF-00272": "Неверный идентификатор пользователя или пароль",
        },
    }
)


def displayed(field: str, code: str, *, language: str) -> str:
    """The display value of ``code``; a value that is in no list is its own."""
    return _DISPLAY[language].get(field, {}).get(code, code)


def code_of(field: str, text: str, *, language: str) -> str | None:
    """The code with this display value; ``None``: there is none, also when ``text`` is a code of the list."""
    shown = _DISPLAY[language].get(field)
    if shown is None:
        return text
    return next((code for code, display in shown.items() if display == text), None)


def fault_words(code: str, words: str, *, language: str) -> str:
    """What a fault says. Only codes are the same in every language."""
    return _FAULTS.get(language, {}).get(code, words)
