"""What everybody's commission must be, told a second time and in another way (COM-01 to COM-10, PPL-06).

It imports nothing from the product. A deal is what happened to it; :func:`standing` reads from that what each person
has in the five accounts. Parts are kept as pieces, each released between two points of the way from nothing to all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

ALL = 10_000
ACCOUNTS = ("accrued", "held", "payable", "paid", "receivable")


@dataclass
class Deal:
    """``way``: per cent by stage, or None for cash pro rata; ``parts``: person → basis points."""

    price: int
    currency: str
    rate: int
    owner: str | None
    way: dict[str, int] | None
    bonus: int = 0  # per cent for those who share
    back: int = 0
    cash: int = 0
    proven: set[str] = field(default_factory=set)
    parts: dict[str, int] = field(default_factory=dict)
    extras: list[tuple[str, int]] = field(default_factory=list)
    told: dict[str, tuple[str, int | str | tuple[str, int]]] = field(default_factory=dict)  # what can be unsaid
    handed: list[tuple[str, str, int, Fraction]] = field(default_factory=list)
    paid: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    held: bool = False
    off: bool = False
    pooled: bool = False
    agreed: bool = False
    meanwhile: bool = False  # it came while a case was open that is still open
    made: int = 0  # when it was recorded
    current: bool = True  # it is on the claim that holds the customer

    @property
    def live(self) -> bool:
        return not self.off and not self.pooled


def unsay(deal: Deal, name: str) -> None:
    """What was told as ``name`` was a mistake (COM-06)."""
    match deal.told.pop(name):
        case "cash", int(amount):
            deal.cash -= amount
        case "back", int(amount):
            deal.back -= amount
        case "proven", str(stage):
            deal.proven.remove(stage)
        case "extra", (str(person), int(amount)):
            deal.extras.remove((person, amount))
        case other:
            raise ValueError(f"nothing that can be unsaid: {other}")


def half_up(value: Fraction) -> int:
    """Half away from zero; nothing here is negative."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def worth(deal: Deal) -> int:
    """The commission of the whole deal as it is now."""
    return 0 if deal.off else half_up(Fraction((deal.price - deal.back) * deal.rate, ALL))


def reached(deal: Deal) -> Fraction:
    """How much of it is released."""
    if deal.way is not None:
        return Fraction(sum(deal.way.get(stage, 0) for stage in deal.proven), 100)
    left = deal.price - deal.back
    if left <= 0:
        return Fraction(0)
    return max(Fraction(0), min(Fraction(1), Fraction(deal.cash - deal.back, left)))


def shared(total: int, parts: dict[str, int], numbers: dict[str, int]) -> dict[str, int]:
    """Everybody's floor, then one unit each for those with the largest parts, the lower number first."""
    found = {person: total * bps // ALL for person, bps in parts.items()}
    left = total * sum(parts.values()) // ALL - sum(found.values())
    for person in sorted(parts, key=lambda p: (-parts[p], numbers[p])):
        if left > 0:
            found[person] += 1
            left -= 1
    return found


def standing(deal: Deal, numbers: dict[str, int]) -> dict[str, dict[str, int]]:
    """Person → account → amount; what is zero is left out."""
    whole: dict[str, int] = {}
    total = worth(deal)
    bonus = half_up(Fraction(total * deal.bonus, 100)) if len(deal.parts) > 1 else 0
    for share in (shared(total, deal.parts, numbers), shared(bonus, deal.parts, numbers)):
        for person, amount in share.items():
            whole[person] = whole.get(person, 0) + amount
    for person, amount in deal.extras:
        if not deal.off:
            left = half_up(Fraction(amount * (deal.price - deal.back), deal.price)) if deal.back else amount
            whole[person] = whole.get(person, 0) + left

    pieces = [(person, Fraction(0), Fraction(1), amount) for person, amount in whole.items()]
    for former, successor, bps, point in deal.handed:
        pieces = [cut for piece in pieces for cut in _cut(piece, former, successor, bps, point)]

    far = reached(deal)
    result: dict[str, dict[str, int]] = {}
    for person in {*(piece[0] for piece in pieces), *deal.paid, *deal.filled}:
        own = [piece for piece in pieces if piece[0] == person]
        has = sum(piece[3] for piece in own)
        free = sum(_free(piece, far) for piece in own)
        gone = deal.paid.get(person, 0) + deal.filled.get(person, 0)
        accounts = dict.fromkeys(ACCOUNTS, 0)
        accounts["paid"] = deal.paid.get(person, 0)
        if gone > free:
            accounts["receivable"] = free - gone
        due = max(free - gone, 0)
        if deal.held:
            accounts["held"] = has - free + due
        else:
            accounts["accrued"], accounts["payable"] = has - free, due
        result[person] = {name: amount for name, amount in accounts.items() if amount}
    return {person: accounts for person, accounts in result.items() if accounts}


def concerns(deal: Deal, parties: set[str]) -> bool:
    """Whether any party has a part of it, or it is nobody's yet."""
    return deal.owner is None or bool(parties & {*deal.parts, *(successor for _, successor, _, _ in deal.handed)})


def move(deal: Deal, winner: str, parties: set[str], weights: dict[str, int] | None, numbers: dict[str, int]) -> None:
    """A final outcome: what the parties have is the winner's, or shared by weight; others keep theirs (COM-09)."""
    before = dict(deal.parts), deal.owner, deal.current
    involved = parties | {winner} | set(weights or ())
    kept = {person: bps for person, bps in deal.parts.items() if person not in involved}
    rest = ALL - sum(kept.values())
    mine = shared(rest, weights, numbers) if weights is not None else {winner: rest}
    deal.parts = {person: bps for person, bps in {**mine, **kept}.items() if bps}
    deal.owner, deal.pooled, deal.current = winner, False, True
    deal.handed = [
        (former, winner if successor in parties else successor, bps, point)
        for former, successor, bps, point in deal.handed
    ]
    if before != (deal.parts, deal.owner, True):
        deal.agreed = True


def _cut(
    piece: tuple[str, Fraction, Fraction, int], former: str, successor: str, bps: int, point: Fraction
) -> list[tuple[str, Fraction, Fraction, int]]:
    person, start, end, amount = piece
    if person != former or end <= point:
        return [piece]
    cuts: list[tuple[str, Fraction, Fraction, int]] = []
    if start < point:
        kept = _free(piece, point)
        cuts.append((person, start, point, kept))
        start, amount = point, amount - kept
    given = amount * bps // ALL
    return [*cuts, (person, start, end, amount - given), (successor, start, end, given)]


def _free(piece: tuple[str, Fraction, Fraction, int], far: Fraction) -> int:
    _, start, end, amount = piece
    if far >= end:
        return amount
    return max(0, (amount * (far - start) / (end - start)).__floor__())
