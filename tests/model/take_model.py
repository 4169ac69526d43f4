"""Who may take which pooled customer, worked out from the requirements alone (POOL-03 to POOL-09, CLM-25, CLM-26).

Knows nothing of the product. Instants are whole microseconds since the start; the walk starts at a full hour
of the local day, and the clock never changes. Claims end by release or idleness only, and nothing else happens to them;
a report that waits for a visit is told of one or taken back before anybody else reaches for its customer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

HOUR = 3_600_000_000
DAY = 24 * HOUR


@dataclass(frozen=True)
class Rules:
    """One program's. Hours are whole; 0 is off; ``windows`` are hours of the local day."""

    daily_takes: int
    holding_cap: int
    open_cap: int
    cool_off_h: int
    idle_h: int
    wait_h: int
    wait_after_idle_h: int
    windows: tuple[tuple[int, int], ...] = ()
    visit_first: bool = False  # a report waits until its author tells of a visit


@dataclass
class Customer:
    """In one program. ``pool_at``: since when nobody holds them; ``until``: when the owner's idleness ends it."""

    program: str
    pool_at: int
    owner: str | None = None
    until: int = 0
    lost: list[tuple[str, int, bool]] = field(default_factory=list)  # who, when, for idleness


@dataclass
class Takes:
    """Everybody's customers and every take there ever was."""

    rules: dict[str, Rules]
    start_h: int
    customers: dict[str, Customer] = field(default_factory=dict)
    log: list[tuple[str, int, str]] = field(default_factory=list)  # who, when, which customer
    met: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)  # reports by author that only a visit would accept

    def settle(self, customer: str, at: int) -> None:
        """What ran out before ``at`` has ended by then; an act at the very deadline comes first."""
        here = self.customers[customer]
        if here.owner is not None and here.until < at:
            here.lost.append((here.owner, here.until, True))
            here.owner, here.pool_at = None, here.until

    def release(self, customer: str, person: str, at: int) -> str:
        self.settle(customer, at)
        here = self.customers[customer]
        if here.owner != person:
            return "over"
        here.lost.append((person, at, False))
        here.owner, here.pool_at = None, at
        return "released"

    def take(self, customer: str, person: str, at: int) -> str:
        self.settle(customer, at)
        answer = "already_taken" if self.customers[customer].owner is not None else self._why_not(customer, person, at)
        return self._done(customer, person, at, answer)

    def report(self, customer: str, person: str, at: int) -> str:
        """A report of a customer somebody holds is no take: one's own is given back, another's collides if received."""
        self.settle(customer, at)
        owner = self.customers[customer].owner
        if owner is None:
            answer = self._why_not(customer, person, at)
        elif owner == person:
            answer = "own"
        elif self._waits(customer, person, at):
            answer = "reclaim_wait"
        else:
            answer = "claim_cap" if self._is_full(customer, person) else "customer_owned"
        if answer == "taken" and self.rules[self.customers[customer].program].visit_first:
            self.met["waits"] += 1
            self.waiting[person] += 1
            return "waits"
        return self._done(customer, person, at, answer)

    def tell_visit(self, customer: str, person: str, at: int) -> str:
        """Of a report that waits for it: their own word is a take like any, but for the cap on open reports, in which
        it is counted already. Where something stands against it, nothing was told.
        """
        self.settle(customer, at)
        answer = self._why_not(customer, person, at, counted=True)
        if answer == "taken":
            self.waiting[person] -= 1
        return self._done(customer, person, at, answer)

    def take_back(self, person: str) -> str:
        """A report that waited for a visit is nobody's any more."""
        self.waiting[person] -= 1
        return "withdrawn"

    def direct(self, customer: str, sender: str, receiver: str, at: int) -> str:
        """A lead that a colleague writes for somebody by name, who accepts it: a take of theirs, and none of one's own
        making. Nobody is named who holds as many as they may; on a customer somebody holds it is that one's.
        """
        self.settle(customer, at)
        here = self.customers[customer]
        cap = self.rules[here.program].holding_cap
        if sender == receiver:
            answer = "own_lead"
        elif here.owner is not None:
            answer = "attached"
        elif cap and self._held(receiver) >= cap:
            answer = "holding_cap"
        else:
            answer = self._why_not(customer, receiver, at)
        return self._done(customer, receiver, at, answer)

    def _why_not(self, customer: str, person: str, at: int, *, counted: bool = False) -> str:
        here = self.customers[customer]
        rules = self.rules[here.program]
        of_day = (at + self.start_h * HOUR) % DAY
        if rules.windows and not any(start * HOUR <= of_day < end * HOUR for start, end in rules.windows):
            return "window_closed"
        if at < here.pool_at + rules.cool_off_h * HOUR:
            return "cooling_off"
        if self._waits(customer, person, at):
            return "reclaim_wait"
        if rules.holding_cap and self._held(person) >= rules.holding_cap:
            return "holding_cap"
        if not counted and self._is_full(customer, person):
            return "claim_cap"
        today = self._day(at)
        taken = sum(who == person and self._day(when) == today for who, when, _ in self.log)
        if rules.daily_takes and taken >= rules.daily_takes:
            return "daily_limit"
        return "taken"

    def _waits(self, customer: str, person: str, at: int) -> bool:
        here = self.customers[customer]
        rules = self.rules[here.program]
        waits = {True: rules.wait_after_idle_h * HOUR, False: rules.wait_h * HOUR}
        return any(who == person and at < ended + waits[idle] for who, ended, idle in here.lost)

    def _held(self, person: str) -> int:
        return sum(c.owner == person for c in self.customers.values())

    def _is_full(self, customer: str, person: str) -> bool:
        cap = self.rules[self.customers[customer].program].open_cap
        return bool(cap) and self._held(person) + self.waiting[person] >= cap

    def _done(self, customer: str, person: str, at: int, answer: str) -> str:
        self.met[answer] += 1
        if answer == "taken":
            here = self.customers[customer]
            here.owner, here.until = person, at + self.rules[here.program].idle_h * HOUR
            self.log.append((person, at, customer))
        return answer

    def _day(self, at: int) -> int:
        return (at + self.start_h * HOUR) // DAY
