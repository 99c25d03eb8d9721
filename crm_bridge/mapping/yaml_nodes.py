"""YAML 1.2, strings first: a tree of nodes that know their place.

Only plain ``true``, ``false``, ``null`` and whole numbers without a leading zero are resolved. ``NO``, ``on``,
``1985-03-08`` and ``04053`` stay the text that the author wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from crm_bridge.errors import ConfigMistake, Place

_WORDS = {"true": True, "false": False, "null": None, "": None}
_INT = re.compile(r"0|-?[1-9][0-9]{0,17}")
_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:str"}


class MappingMistakes(ConfigMistake):
    """All mistakes of one document; printed one a line, ``file:line:col: path: what to do``."""

    def __init__(self, mistakes: list[ConfigMistake]) -> None:
        first = mistakes[0]
        super().__init__(first.message, place=first.place, path=first.path)
        self.mistakes = tuple(mistakes)

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)


@dataclass(frozen=True, slots=True)
class Node:
    """A YAML value with its place. ``value``: a scalar, ``dict[Any, Node]`` or ``list[Node]``."""

    value: Any
    place: Place
    key_places: dict[Any, Place]

    @property
    def plain(self) -> Any:
        """The value as plain data."""
        if isinstance(self.value, dict):
            return {key: node.plain for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain for node in self.value]
        return self.value

    def place_of(self, key: Any) -> Place:
        """Where ``key`` of this mapping stands."""
        return self.key_places.get(key, self.place)


def load_nodes(text: str, *, file: str) -> Node:
    """Parse ``text``.

    Raises:
        ConfigMistake: not YAML, a key given twice, a custom tag, an alias that contains itself, or nested without end.
    """
    mistakes: list[ConfigMistake] = []
    try:
        root = YAML(typ="rt", pure=True).compose(text)
        node = _node(root, file, mistakes, frozenset()) if root is not None else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise ConfigMistake(f"this is not YAML: {error.problem or error.context}", place=place) from error
    except (YAMLError, ValueError) as error:
        raise ConfigMistake("this is not YAML: a character that is not allowed", place=Place(file)) from error
    except RecursionError:
        raise ConfigMistake("nested too deeply to be read: a mapping has few levels", place=Place(file)) from None
    if node is None:
        raise ConfigMistake("the document is empty: begin with `mapping: system.kind`", place=Place(file, 1, 1))
    if mistakes:
        raise MappingMistakes(mistakes)
    return node


def _node(source: Any, file: str, mistakes: list[ConfigMistake], above: frozenset[int]) -> Node:
    place = Place(file, source.start_mark.line + 1, source.start_mark.column + 1)
    if id(source) in above:
        mistakes.append(ConfigMistake("this alias contains itself: write it out", place=place))
        return Node(None, place, {})
    if isinstance(source, ScalarNode):
        return Node(_scalar(source, place, mistakes), place, {})
    above = above | {id(source)}
    if str(source.tag) not in _TAGS:
        mistakes.append(ConfigMistake(f"tag {source.tag} is not known here: leave it out", place=place))
    if isinstance(source, SequenceNode):
        return Node([_node(item, file, mistakes, above) for item in source.value], place, {})
    assert isinstance(source, MappingNode)  # noqa: S101  # YAML has three kinds of node; this tells mypy the third
    values: dict[Any, Node] = {}
    places: dict[Any, Place] = {}
    for key_node, value_node in source.value:
        key = _node(key_node, file, mistakes, above)
        if isinstance(key.value, dict | list):
            mistakes.append(ConfigMistake("a key has to be text", place=key.place))
            continue
        if key.value in values:
            first = places[key.value].line
            mistakes.append(
                ConfigMistake(f"{key.value!r} was already given in line {first}: keep one", place=key.place)
            )
            continue
        values[key.value] = _node(value_node, file, mistakes, above)
        places[key.value] = key.place
    return Node(values, place, places)


def _scalar(source: ScalarNode, place: Place, mistakes: list[ConfigMistake]) -> Any:
    text = source.value
    if source.style:  # quoted or block: text as it stands
        return text
    if str(source.tag).startswith("!"):
        mistakes.append(ConfigMistake(f"tag {source.tag} is not known here: leave it out", place=place))
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INT.fullmatch(text) else text
