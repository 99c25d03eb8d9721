"""Query by example: the text in a template's field is an expression such as ``='x'``, ``Ков*``, ``~LIKE 'к*'``.

Only what the documents show is known: comparison signs, LIKE, IS NULL, wildcards, OR and AND between them. What looks
like anything else is refused; a bare text means equality.
"""

from __future__ import annotations

import re

from crm_bridge_siebel.simulator.catalogue import Kind
from crm_bridge_siebel.simulator.manner import Manner
from crm_bridge_siebel.simulator.refusals import RefusalError
from crm_bridge_siebel.simulator.searchspec import Comparison, Junction, Node, comparison

_JOINED = re.compile(r"""\s+(OR|AND)\s+(?=(?:[^'"]|'[^']*'|"[^"]*")*\Z)""")
_PART = re.compile(r"""\s*(?P<op><>|<=|>=|=|<|>|~LIKE\b|LIKE\b|~)?\s*(?P<text>.*?)\s*\Z""", re.DOTALL)
_QUOTED = re.compile(r"""\A(?:'(?:[^']|'')*'|"(?:[^"]|"")*")\Z""", re.DOTALL)
_UNKNOWN = re.compile(r"\A(?:EXISTS|NOT)\b|\A[\[(]|\(\)\Z")


def example(text: str, *, name: str, kind: Kind, manner: Manner) -> Node:
    """What a field's example asks for.

    Raises:
        RefusalError: an expression that this simulator does not know, or no value of the field.
    """
    pieces = _JOINED.split(text.strip())
    parts, words = pieces[::2], set(pieces[1::2])
    if len(words) > 1:
        raise _refused(name)
    nodes = tuple(_single(part, name=name, kind=kind, manner=manner) for part in parts)
    return nodes[0] if len(nodes) == 1 else Junction(op=words.pop(), parts=nodes)


def _single(text: str, *, name: str, kind: Kind, manner: Manner) -> Comparison:
    words = " ".join(text.upper().split())
    if words in {"IS NULL", "IS NOT NULL"}:
        return Comparison(field=name, op=words)
    found = _PART.match(text)
    op, value = (found["op"] or "", found["text"]) if found else ("", text)
    if not value or _UNKNOWN.search(value):
        raise _refused(name)
    quoted = _QUOTED.match(value) is not None
    if quoted:
        value = value[1:-1].replace(value[0] * 2, value[0])
    elif value.count("'") % 2 or value[0] in "'\"":
        raise _refused(name)
    wild = not quoted and ("*" in value or "?" in value)
    if op in {"", "="} and wild:
        op = "LIKE"
    return comparison(name, {"": "=", "~": "~LIKE"}.get(op, op), value, kind=kind, manner=manner)


def _refused(name: str) -> RefusalError:
    return RefusalError("SBL-EAI-04316", f"This simulator does not know the query by example in field '{name}'")
