"""How well records were merged and people asked, against the truth: pairwise precision, recall and F1, B³, the queue.

Pairwise counts pairs of records, so big clusters weigh by their square. B³ (Bagga and Baldwin 1998) averages over
records: of the records in mine, which part is of my person (precision), and of my person's records, which part is with
me (recall).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

Record = TypeVar("Record", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Ratios are 0..1, and ``None`` over nothing: precision where nothing was merged, recall where there is nothing to
    merge, all of them where nothing was read.

    Attributes:
        records: how many were compared; those that the bridge could not take are left out.
        persons: distinct persons in truth.
        clients: distinct clients in the result.
        true_pairs: pairs of one person; ``found_pairs``: pairs with one client; ``right_pairs``: pairs with both.
        mixed_clients: clients that hold records of more than one person.
    """

    records: int
    persons: int
    clients: int
    true_pairs: int
    found_pairs: int
    right_pairs: int
    b3_precision: float | None
    b3_recall: float | None
    mixed_clients: int

    @property
    def precision(self) -> float | None:
        return _part(self.right_pairs, self.found_pairs)

    @property
    def recall(self) -> float | None:
        return _part(self.right_pairs, self.true_pairs)

    @property
    def f1(self) -> float | None:
        return _harmonic(self.precision, self.recall)

    @property
    def b3_f1(self) -> float | None:
        return _harmonic(self.b3_precision, self.b3_recall)


def evaluate(clients: Mapping[Record, Hashable], *, truth: Mapping[Record, Hashable]) -> Evaluation:
    """Compare ``clients`` (record → client) with ``truth`` (record → person). Only records of ``clients`` count.

    Raises:
        KeyError: a record of ``clients`` that the truth does not know.
    """
    cells = Counter((client, truth[record]) for record, client in clients.items())
    by_client: Counter[Hashable] = Counter()
    by_person: Counter[Hashable] = Counter()
    for (client, person), size in cells.items():
        by_client[client] += size
        by_person[person] += size
    records = len(clients)
    b3_precision = sum(size * size / by_client[client] for (client, _), size in cells.items())
    b3_recall = sum(size * size / by_person[person] for (_, person), size in cells.items())
    persons_of = Counter(client for client, _ in cells)
    return Evaluation(
        records=records,
        persons=len(by_person),
        clients=len(by_client),
        true_pairs=_pairs(by_person.values()),
        found_pairs=_pairs(by_client.values()),
        right_pairs=_pairs(cells.values()),
        b3_precision=_part(b3_precision, records),
        b3_recall=_part(b3_recall, records),
        mixed_clients=sum(persons > 1 for persons in persons_of.values()),
    )


@dataclass(frozen=True, slots=True)
class QueueEvaluation:
    """What the review queue is worth to those who work it off.

    Attributes:
        asked: questions whose both sides the truth knows.
        yes: of these, those whose answer is yes.
        missed_pairs: pairs of records of one person that have two clients.
        missed_asked: of these, those about whose two clients somebody is asked.
    """

    asked: int
    yes: int
    missed_pairs: int
    missed_asked: int

    @property
    def precision(self) -> float | None:
        return _part(self.yes, self.asked)

    @property
    def recall(self) -> float | None:
        return _part(self.missed_asked, self.missed_pairs)


def evaluate_queue(
    questions: Sequence[tuple[Record, Record]],
    *,
    clients: Mapping[Record, Hashable],
    truth: Mapping[Record, Hashable],
) -> QueueEvaluation:
    """Judge the open ``questions`` (pairs of records) beside the links (record → client), both against the truth."""
    known = [(left, right) for left, right in questions if left in clients and right in clients]
    known = [(left, right) for left, right in known if left in truth and right in truth]
    asked = {frozenset((clients[left], clients[right])) for left, right in known}
    cells: dict[Hashable, Counter[Hashable]] = {}
    for record, client in clients.items():
        if record in truth:
            cells.setdefault(truth[record], Counter())[client] += 1
    missed = missed_asked = 0
    for sizes in cells.values():
        for (one, size), (other, other_size) in combinations(sizes.items(), 2):
            missed += size * other_size
            missed_asked += size * other_size * (frozenset((one, other)) in asked)
    yes = sum(truth[left] == truth[right] for left, right in known)
    return QueueEvaluation(len(known), yes, missed, missed_asked)


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _part(some: float, of: int) -> float | None:
    """``None``: a part of nothing is no figure."""
    return some / of if of else None


def _harmonic(precision: float | None, recall: float | None) -> float | None:
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
