"""Which spellings are one given name: Ukrainian, Russian, English and short forms, a small table of our own making.

A short form may stand for several names (Саша: Олександр, Олександра), so the answer is a set. Two names that the table
knows and that share no answer are different names, however alike they look: Олександр and Олександра, Марія and Марина.
"""

from __future__ import annotations

from functools import lru_cache

from crm_bridge.matching.fold import fold

# One line a name; the first form gives it its word in index keys. Forms that fold alike need not be repeated.
_TABLE = """
Александр Олександр Oleksandr Alexander Олекса Сашко Саша Саня Шура Alex Олесь Alec Sandy
Александра Олександра Alexandra Саша Саня Шура Леся Alex
Алексей Олексій Aleksey Oleksiy Леша Льоша Alexey
Анастасия Анастасія Настя Настуня Стася Anastasiya
Анатолий Анатолій Толя Толик
Андрей Андрій Andriy Андрюша Andrew Andy Drew
Анна Ганна Аня Нюра Аннушка Анюта Hanna Ann Anne Hannah Annie Nancy
Антон Антін Антоша Тоша Anthony Tony Antony
Антонина Антоніна Тоня
Аркадий Аркадій Аркаша
Артем Artem Тема Артемий
Богдан Bohdan Бодя
Борис Боря
Вадим Вадик
Валентин Валя Valentine
Валентина Валя
Валерий Валерій Валера
Валерия Валерія Лера Valerie
Варвара Варя Barbara
Василий Василь Вася Vasyl
Василиса Василина
Вера Віра Vira
Виктор Віктор Витя Вітя Victor Vic
Виктория Вікторія Вика Віка Victoria Vicky
Виталий Віталій Виталик Віталик
Владимир Володимир Вова Володя Volodymyr
Владислав Влад Владик
Вячеслав Вʼячеслав Слава Viacheslav
Галина Галя Halyna
Георгий Георгій Жора Юрко Гоша George Georgie
Григорий Григорій Гриша Гриць Hryhorii Gregory Greg
Даниил Данило Даня Daniel Dan Danny
Дарья Дарʼя Дарія Даша Одарка Daria
Денис Денисик Dennis
Дмитрий Дмитро Дима Діма Митя Dmytro
Евгений Євген Євгеній Женя Yevhen Eugene Gene
Евгения Євгенія Женя Eugenia
Екатерина Катерина Катя Kateryna Catherine Katherine Kate Kathy Katie Kathryn Catharine
Елена Олена Лена Оленка Helen Helena Alyona Алена Альона Ellen Nell
Елизавета Єлизавета Лиза Ліза Elizabeth Eliza Liz Lizzie Beth Betty Betsy Bess Elisabeth Lisa
Жанна Zhanna
Зинаида Зінаїда Зина Зіна
Зоя
Зоряна
Иван Іван Ваня Иванко Івась John Jack Johnny Jon
Игорь Ігор Ihor
Илья Ілля Elijah
Инна Інна
Ирина Ірина Ира Іра Iryna Irene
Кирилл Кирило Cyril
Константин Костянтин Костя Constantine
Кристина Христина Крістіна Christina Christine Chris Tina
Ксения Ксенія Оксана Ксюша Xenia Ксана
Лариса Лара Larysa
Лев Левко Лёва Leo
Леонид Леонід Леня Льоня
Лидия Лідія Лида Ліда Lydia
Любовь Любов Люба Liubov
Людмила Люда Мила Liudmyla
Максим Макс Maksym Maximilian Max
Маргарита Рита Margaret Maggie Peggy Meg Margaretta Daisy Greta Madge Rita
Марина Марінка Maryna
Мария Марія Маша Маруся Марійка Mary Maria Marie Molly Polly May
Марк Марко Mark Marcus
Николай Микола Коля Mykola Nicholas Nick Nicolas
Михаил Михайло Миша Міша Mykhailo Michael Mike Mick
Надежда Надія Надя Nadiia Hope
Наталья Наталія Наталя Наташа Nataliia Natalie
Нина Ніна
Олег Oleh Олежик
Ольга Оля Olha Olga
Остап
Павел Павло Паша Pavlo Paul
Петр Петро Петя Petro Peter Pete
Полина Поліна Поля Pauline Polly
Раиса Раїса Рая
Роман Рома
Руслан Русик
Светлана Світлана Света Світлана Svitlana
Святослав Слава Sviatoslav
Семен Семён Simon Сеня
Сергей Сергій Сережа Serhii Сергійко
Софья Софія Соня Sophia Sophie
Станислав Станіслав Стас Stanley Stan
Степан Стефан Stephen Steven Steve Stephan
Тамара Тома
Тарас
Татьяна Тетяна Таня Tetiana
Тимофей Тимофій Тима Timothy Tim
Ульяна Уляна Uliana
Федор Федір Федя Theodore Fedir Ted Teddy Theo
Филипп Пилип Philip Phil
Эдуард Едуард Эдик Edward Ed Eddie Ted Teddy Ned Eduard
Юлия Юлія Юля Julia Julie Juliet
Юрий Юрій Юра Yurii George
Яков Яків Яша James Jim Jimmy Jacob Jake Jamie
Ян
Яна
Иванна Іванна
Ярослав Слава Yaroslav
Айгуль Айгул
Айгерим Айгерім
Айдана
Айдар
Алина Аліна
Алиса Аліса
Алия Алія
Амина Аміна
Арина Аріна
Арслан
Аслан
Гульмира
Гульнара
Дана
Данияр Даніяр
Диана Діана Diana
Динара
Ерлан
Камила Каміла
Карина Каріна
Каролина Кароліна Caroline Carolina
Марат
Милана Мілана
Мирослав
Мирослава Мирося Слава
Мурат
Назар Назарий Назарій
Нурсултан
Олеся Леся
Рамиль Раміль
Рамиля Раміля
Ринат
Рустам
Самира Саміра
Снежана Сніжана
Софико
Темирлан
Тимур
Эльвира Ельвіра
Эльмира Ельміра
Эмилия Емілія
Элина Еліна
Асель Әсел
Бауыржан Бауржан
Нурлан
Соломия Соломія
Дарина Daryna
Злата
Марта Martha
Мартин Мартын Martin
Адам Adam
Айжан
Айнур
Алмас
Аружан
Арсений Арсеній Сеня
Арсен
Аскар
Асхат
Афанасий Панас Опанас
Вероника Вероніка Ника Veronika
Виолетта Віолетта
Всеволод Сева
Геннадий Геннадій Гена Hennadii
Глеб Гліб
Дамир Дамір
Евдокия Явдоха Дуня
Егор Єгор Yehor
Ефим Юхим Фима
Зарина Заріна
Зиновий Зіновій Зеновій
Игнат Гнат
Инга Інга
Ингрид Інгрід
Канат
Карл Karl
Кира Кіра
Клавдия Клавдія Клава
Клара Clara
Лада
Лаура Laura
Леонтий Леонтій
Лилия Лілія Лиля
Лука Лукас Luke Lucas
Любомир
Любомира
Мадина
Майя Мая
Макар
Марьяна Марʼяна Marianna
Мелания Меланія Melanie
Мирон Myron
Нелли Неля Нелля
Нонна
Нургуль
Нуржан
Орест
Платон
Прасковья Параска
Прохор
Рената
Родион Родіон Родя
Ростислав Ростик
Сабина Сабіна
Савелий Савелій Сава
Серик
Стефания Стефанія Стефа
Таисия Таїсія Тая
Талгат
Тереза Teresa
Улан
Устим
Фаина Фаїна Фая
Ева Єва Eva Eve
Эдгар Едгар Edgar
Эрик Ерік Eric Erik
Эрнест Ернест Ernest Ernie
Юлиан Юліан Julian
Ярина
Сауле
Arthur Артур Art
Albert Al Bert Альберт
Alfred Fred Al Freddie Альфред
Benjamin Ben Бенджамин
Charles Charlie Chas Chuck Чарльз
Charlotte Lottie
Christopher Chris Kit
David Dave Davy Давид
Dorothy Dolly Dot
Edmund Ed Ned
Emily Emma Em
Frances Fanny Fran
Francis Frank Fran
Frederick Fred Freddie Fredrick
Geoffrey Jeff Jeffrey
Harold Harry Hal
Henry Harry Hal Hank
Herbert Bert Herb
Hugh Hughie
Jane Janet Jean Jenny
Joan Joanna
Joseph Joe Joey Jo Йосип Иосиф Осип
Joshua Josh
Katharine Kitty Kate Katie
Lawrence Laurence Larry Laurie
Leonard Len Lenny
Louis Lewis Lou Louie
Matthew Matt Mat Матвей Матвій
Patrick Pat Paddy
Patricia Pat Trish Patty
Ralph Rafe
Richard Dick Rich Rick Ricky Richie
Robert Bob Rob Bobby Robbie Bert Роберт
Ronald Ron Ronnie
Rosalind Rose Rosie
Samuel Sam Sammy
Sarah Sara Sally
Susan Sue Susanna Susannah
Thomas Tom Tommy Thos Фома Хома
Walter Walt Wally
William Will Bill Willy Billy Willie Wm
"""


def _read_table() -> dict[str, frozenset[str]]:
    known: dict[str, set[str]] = {}
    for line in _TABLE.split("\n"):
        forms = [fold(form) for form in line.split()]
        for form in forms:
            known.setdefault(form, set()).add(forms[0])
    return {form: frozenset(names) for form, names in known.items()}


_KNOWN = _read_table()
_NONE: frozenset[str] = frozenset()


def given_names(folded: str) -> frozenset[str]:
    """The names that a folded form may stand for; empty for a form that the table does not know."""
    return _KNOWN.get(folded, _NONE)


# Folded endings, longest first: -ович/-евич, -івна/-овна/-евна, -инична, Kazakh -улы, -кызы, Azeri -оглы.
_ENDINGS = ("inicna", "ovic", "evic", "ovna", "evna", "ivna", "icna", "ogli", "uli", "kizi", "ic")


@lru_cache(maxsize=16_384)
def father_names(patronymic: str) -> tuple[str, frozenset[str]]:
    """The stem of a folded patronymic, and the given names that it may come from (Миколайович: Микола, Николай)."""
    stem = patronymic
    for ending in _ENDINGS:
        if patronymic.endswith(ending) and len(patronymic) - len(ending) >= 2:
            stem = patronymic[: -len(ending)]
            break
    for candidate in (
        stem,
        f"{stem}i",
        f"{stem}ia",
        f"{stem}a",
        f"{stem}o",
        stem.removesuffix("a"),
        stem.removesuffix("i"),
    ):
        names = _KNOWN.get(candidate)
        if names:
            return stem, names
    return stem, _NONE
