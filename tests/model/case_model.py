"""A dispute as the requirements tell it (0.2, 0.3, DSP-01 to DSP-16), once more and without the product.

One case at a time, all windows in elapsed time. Instants and lengths are microseconds. People are names; who decides
in which tier is told by the tree: leaders of the parties' lowest common team, the next team above, then the panel.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HOUR = 3_600_000_000
DAY = 24 * HOUR
#: Lengths of the windows and of a claim's clocks in the program that is walked in.
LENGTH = {
    "objection": 6 * HOUR,
    "continue": 6 * HOUR,
    "negotiation": 5 * HOUR,
    "mediation": 4 * HOUR,
    "evidence": 3 * HOUR,
    "more": 2 * HOUR,
    "tier": 8 * HOUR,
    "panel": 12 * HOUR,
    "appeal": 7 * HOUR,
}
CLOCKS = {"protection": 10 * DAY, "no_deal": 60 * DAY, "idle": 40 * DAY}
LEAST = 9 * DAY + 20 * HOUR
#: So many cases of one's own dismissed within so long: the next needs consent. Few and long, to be met often.
FRIVOLOUS = (1, 20 * DAY)
#: Equal ends fall due in this order.
ORDER = ("continue", "objection", "negotiation", "mediation", "evidence", "tier", "appeal")
ENDED = ("final", "settled", "dismissed", "withdrawn")


def consent_needed(dismissed: list[int], now: int) -> bool:
    """Too many cases of this person were dismissed of late (DSP-02)."""
    most, within = FRIVOLOUS
    return sum(at > now - within for at in dismissed) >= most


@dataclass(frozen=True)
class Outcome:
    """What a case may end with."""

    verdict: str
    owner: str | None = None
    shares: tuple[tuple[str, int], ...] = ()


@dataclass
class Claim:
    """A claim of the case as it was before it, and as it is now."""

    person: str
    held: bool
    worked: bool = False
    state: str = ""
    reason: str | None = None
    deadlines: dict[str, int] = field(default_factory=dict)
    was: tuple[str, str | None] = ("", None)

    def freeze(self) -> None:
        """Disputed from here on; what it was is remembered."""
        self.was = (self.state, self.reason)
        self.state = "disputed"


@dataclass
class Proposal:
    """Terms with the people who agree."""

    terms: Outcome
    accepted: set[str]
    mediated: bool = False
    state: str = "open"


@dataclass
class Case:
    """One case. ``claims`` in the order in which their people came in, the opener's first."""

    tree: dict[str, str]  # leader above each person and each leader
    team: dict[str, str]  # leader of each rep's team
    panel: str
    opener: str
    opened_at: int
    claims: dict[str, Claim]
    settles: bool
    state: str = "opened"
    tier: int | None = None
    arbitrator: str | None = None
    mediator: str | None = None
    windows: dict[str, int] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    waived: set[str] = field(default_factory=set)
    appealed: set[str] = field(default_factory=set)
    proposals: list[Proposal] = field(default_factory=list)
    rulings: list[tuple[int, str | None, Outcome]] = field(default_factory=list)
    outcome: Outcome | None = None
    holder: str = ""
    asked: bool = False
    fresh: set[str] = field(default_factory=set)  # evidence brought since the last ruling
    ended_at: int | None = None
    appeal_until: int | None = None  # of the ruling that may be, or was, appealed

    def __post_init__(self) -> None:
        self.holder = next(c.person for c in self.claims.values() if c.held)
        for claim in self.claims.values():
            claim.freeze()
        if self.settles:
            self.state, self.tier = "proposed", 0
            self.outcome = Outcome("party", self.holder)
            self.windows["objection"] = self.opened_at + LENGTH["objection"]
        else:
            self._negotiate(self.opened_at)

    @property
    def open(self) -> bool:
        """Whether it still goes on."""
        return self.state not in ENDED

    @property
    def next_due(self) -> int | None:
        """When its next window ends."""
        return min(self.windows.values(), default=None)

    def join(self, claim: Claim) -> None:
        """One more party."""
        self.claims[claim.person] = claim
        claim.freeze()

    # --- time ------------------------------------------------------------------------------------------------------

    def pass_to(self, now: int) -> None:
        """Every window that ends until ``now`` is over, each at its own end."""
        while self.windows:
            end, _, name = min((at, ORDER.index(window), window) for window, at in self.windows.items())
            if end > now:
                return
            del self.windows[name]
            self._over(name, end)

    def _over(self, name: str, at: int) -> None:
        if name == "continue":
            self._restore("withdrawn", at)
        elif name == "objection":
            assert self.outcome is not None
            self.rulings.append((0, None, self.outcome))
            self._final(at)
        elif name == "negotiation":
            self._unsettled(at)
        elif name == "mediation":
            self._arbitrate(at)
        elif name == "appeal":
            self._final(at)
        elif name == "tier":
            above = self._above()
            if above is None:
                self.windows["tier"] = at + DAY
            else:
                self._seat(*above, at)

    # --- acts: the code of the refusal, or None --------------------------------------------------------------------

    def object_to(self, who: str, now: int, *, fact: bool) -> str | None:
        """Against the result of tier 0."""
        if who not in self.claims:
            return "not_allowed"
        if self.state != "proposed":
            return "illegal_transition"
        if fact:
            self.outcome = self.tier = None
            self.windows.pop("objection")
            self._negotiate(now)
        return None

    def waive(self, who: str, now: int) -> str | None:
        """No negotiation."""
        if who not in self.claims:
            return "not_allowed"
        if self.state != "negotiating":
            return "illegal_transition"
        self.waived.add(who)
        if self.waived >= set(self.claims):
            self._unsettled(now)
        return None

    def name_mediator(self, person: str) -> str | None:
        """Somebody neutral, by a superior of all."""
        if self.state not in ("proposed", "negotiating", "mediating"):
            return "illegal_transition"
        self.mediator = person
        return None

    def propose(self, who: str, terms: Outcome) -> str | None:
        """New terms put an end to those before."""
        if who not in self.claims and who != self.mediator:
            return "not_allowed"
        if self.state not in ("negotiating", "mediating"):
            return "illegal_transition"
        for proposal in self.proposals:
            if proposal.state == "open":
                proposal.state = "replaced"
        self.proposals.append(Proposal(terms, {who} & set(self.claims), mediated=who == self.mediator))
        return None

    def answer(self, who: str, number: int, now: int, *, yes: bool, same_text: bool) -> str | None:
        """Agree to a text, or not."""
        if who not in self.claims:
            return "not_allowed"
        proposal = self.proposals[number]
        if yes and proposal.state == "agreed":
            return None
        if self.state not in ("negotiating", "mediating"):
            return "illegal_transition"
        if proposal.state != "open" or not same_text:
            return "terms_changed"
        if not yes:
            proposal.state = "declined"
            if self.state == "mediating" and proposal.mediated:
                self._arbitrate(now)
            return None
        proposal.accepted.add(who)
        if proposal.accepted >= set(self.claims):
            proposal.state = "agreed"
            self.rulings.append((0, None, proposal.terms))
            self.outcome = proposal.terms
            self._conclude("settled", now)
        return None

    def speak(self, who: str, item: str | None) -> str | None:
        """A statement (``item``), or nothing to add."""
        if who not in self.claims:
            return "not_allowed"
        if not self.open:
            return "illegal_transition"
        if item is not None:
            if self.state == "arbitrating" and "evidence" not in self.windows:
                return "evidence_closed"
            self.fresh.add(item)
        self.heard.add(who)
        return None

    def ask_more(self, who: str, now: int) -> str | None:
        """The arbitrator's one question."""
        if self.state != "arbitrating" or who != self.arbitrator:
            return "not_allowed"
        if self.asked:
            return "illegal_transition"
        self.asked = True
        self.heard = set()
        self.windows["evidence"] = now + LENGTH["more"]
        self.windows["tier"] += LENGTH["more"]
        return None

    def rule(self, who: str, outcome: Outcome, now: int, *, reasoned: bool) -> str | None:
        """The arbitrator decides."""
        if self.state in ("ruled", "final") and self.rulings[-1][1] == who:
            return None if self.rulings[-1][2] == outcome else "already_ruled"
        if self.state != "arbitrating" or who != self.arbitrator:
            return "not_allowed"
        if "evidence" in self.windows and not self.heard >= set(self.claims):
            return "hearing_open"
        if not reasoned:
            return "reason_required"
        first = not self.rulings
        self.rulings.append((self.tier or 1, who, outcome))
        self.outcome = outcome
        self.windows = {}
        self.fresh = set()
        self.state = "ruled"
        self._hand_over(outcome)
        if first and self._above() is not None:
            self.windows["appeal"] = self.appeal_until = now + LENGTH["appeal"]
            for claim in self.claims.values():
                claim.state = "arbitrated"
        else:
            self._final(now)
        return None

    def appeal(self, who: str, item: str | None, now: int) -> str | None:
        """Once, on something new."""
        if who not in self.claims:
            return "not_allowed"
        if who in self.appealed:
            return "appeal_used"
        joins = self.state == "arbitrating" and bool(self.rulings)
        if not joins and self.state != "ruled":
            if self.open or not self.rulings:
                return "illegal_transition"
            return "deadline_passed" if self.appeal_until is not None and len(self.rulings) == 1 else "appeal_final"
        if item not in self.fresh:
            return "no_new_evidence"
        if joins:
            assert self.appeal_until is not None
            if now > self.appeal_until:
                return "deadline_passed"
            self.appealed.add(who)
            return None
        self.appealed.add(who)
        for claim in self.claims.values():
            claim.state = "disputed"
        above = self._above()
        assert above is not None
        self._seat(*above, now)
        return None

    def withdraw(self, who: str, now: int) -> str | None:
        """The opener gives up."""
        if who != self.opener:
            return "not_allowed"
        if self.rulings or not self.open:
            return "illegal_transition"
        self.windows.setdefault("continue", now + LENGTH["continue"])
        return None

    def carry_on(self, who: str) -> str | None:
        """Another party does not."""
        if who not in self.claims:
            return "not_allowed"
        if "continue" not in self.windows:
            return "illegal_transition"
        if who == self.opener:
            return "not_allowed"
        del self.windows["continue"]
        return None

    def dismiss(self, who: str, oversees: bool, now: int, *, reasoned: bool) -> str | None:
        """No ground."""
        if who in self.claims:
            return "not_allowed"
        if not oversees and (self.state != "arbitrating" or who != self.arbitrator):
            return "not_allowed"
        if not reasoned:
            return "reason_required"
        if self.rulings or self.state not in ("negotiating", "arbitrating"):
            return "illegal_transition"
        self._restore("dismissed", now)
        return None

    # --- moves -----------------------------------------------------------------------------------------------------

    def _negotiate(self, now: int) -> None:
        self.state = "negotiating"
        self.windows["negotiation"] = now + LENGTH["negotiation"]

    def _step_over(self) -> None:
        """Windows of a step end with it; whether the case is carried on stays open."""
        self.windows = {name: at for name, at in self.windows.items() if name == "continue"}

    def _unsettled(self, now: int) -> None:
        self._step_over()
        if self.mediator is None:
            self._arbitrate(now)
        else:
            self.state = "mediating"
            self.windows["mediation"] = now + LENGTH["mediation"]

    def _arbitrate(self, now: int) -> None:
        teams = {self.team[person] for person in self.claims}
        first = teams.pop() if len(teams) == 1 else self.tree[teams.pop()]
        self._seat(1, first, now)

    def _above(self) -> tuple[int, str] | None:
        if self.tier == 1:
            assert self.arbitrator is not None
            return 2, self.tree[self.arbitrator]
        return (3, self.panel) if self.tier == 2 else None

    def _seat(self, tier: int, arbitrator: str, now: int) -> None:
        self._step_over()
        self.state, self.tier, self.arbitrator = "arbitrating", tier, arbitrator
        self.heard, self.asked = set(), False
        self.windows["tier"] = now + LENGTH["panel" if tier == 3 else "tier"]
        self.windows["evidence"] = now + LENGTH["evidence"]

    def _hand_over(self, outcome: Outcome) -> None:
        if outcome.owner is not None:
            self.holder = outcome.owner

    def _final(self, now: int) -> None:
        self._conclude("final", now)

    def _restore(self, state: str, now: int) -> None:
        self._end(state, now)
        for claim in self.claims.values():
            claim.state, claim.reason = claim.was
            claim.deadlines = {name: at + now - self.opened_at for name, at in claim.deadlines.items()}
        self.holder = next(c.person for c in self.claims.values() if c.held)

    def _conclude(self, state: str, now: int) -> None:
        outcome = self.outcome
        assert outcome is not None
        if outcome.verdict == "no_change":
            self._restore(state, now)
            return
        self._end(state, now)
        self.holder = outcome.owner or ""
        for claim in self.claims.values():
            if claim.person != outcome.owner:
                claim.deadlines = {}
                claim.state = "released" if claim.held else "rejected"
                claim.reason = "to_pool" if claim.held and outcome.verdict == "pool" else "ruled_out"
                continue
            claim.state, claim.reason = "active" if claim.worked else "protected", None
            if claim.held:
                claim.deadlines = {name: at + now - self.opened_at for name, at in claim.deadlines.items()}
                claim.deadlines["protection"] = max(claim.deadlines["protection"], now + LEAST)
            else:
                claim.deadlines = {name: now + length for name, length in CLOCKS.items()}

    def _end(self, state: str, now: int) -> None:
        self.state, self.ended_at, self.windows = state, now, {}
