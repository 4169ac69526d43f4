"""A walk through the life of a customer's deals: drawn from a seed, done in memory, compared after every step.

People win and lose the customer, share deals, leave and hand over, while cash, refunds and stages come in any order.
What the ledger adds up to is compared with :mod:`tests.model.money_model`; every decision is made twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from domain.claims.lifecycle import ClaimState
from domain.disputes.lifecycle import DisputeState
from domain.matters.matter import CommandKind
from tests.model import money_model as model
from tests.support.money_office import PEOPLE, REPS, Office

CURRENCIES = ("CNY", "CNY", "JPY", "KWD")
WAYS: tuple[dict[str, int] | None, ...] = (
    None,
    None,
    {"contract": 30, "first_payment": 30, "full_payment": 40},
    {"contract": 33, "full_payment": 67},
)
STAGES = ("contract", "first_payment", "full_payment")
SUCCESSOR_BPS = 4_000


@dataclass
class Walk:
    """One customer. ``done`` counts what was done, so that a run can tell that it did everything.

    ``office_of`` makes the company: in memory, or with its matter in a database as well. Without ``mistakes`` nothing
    is reversed, and a seed leads where it led before there were reversals.
    """

    seed: int
    done: Counter[str] = field(default_factory=Counter)
    office_of: Callable[..., Office] = Office
    mistakes: bool = True

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.way = self.rng.choice(WAYS)
        self.bonus = self.rng.choice((0, 0, 7))
        self.window = self.rng.choice((0, 0, 1, 6))  # days; 0: a deal can be contested for ever
        self.currency = self.rng.choice(CURRENCIES)
        self.rate = self.rng.choice((500, 333, 1250, 1, 10_000))
        self.office = self.office_of(
            rates=[({}, self.rate)],
            policy={
                "commission.release": self.way if self.way is not None else "cash_pro_rata",
                "joint.bonus_pct": self.bonus,
                "people.successor_share_pct": SUCCESSOR_BPS // 100,
                "clawback.days": 0,
                "assist.per_deal": 3,
                "dispute.after_deal_days": self.window,
            },
            twice=True,
        )
        self.deals: dict[str, model.Deal] = {}
        self.owner: str | None = "anna"
        self.left: set[str] = set()
        self.parties: list[str] = []
        self.winner: str | None = None  # of the ruling that is not final yet
        self.ruled: dict[str, int] | None = None
        self.sharing: dict[str, int] = {}
        self.held_as: str | None = self.office.matter.owner_claim.id if self.office.matter.owner_claim else None
        self.on: dict[str, str | None] = {}  # by deal: the claim it is on
        self.history: list[str] = []

    @property
    def open_case(self) -> bool:
        return bool(self.parties)

    def run(self, deals: int, steps: int) -> None:
        """So many deals, and so many steps among them."""
        places = sorted(self.rng.sample(range(steps), deals - 1)) if deals > 1 else []
        self._step("deal", self.deal)
        for place in range(steps):
            if place in places:
                self._step("deal", self.deal)
            else:
                name, act = self.rng.choice(self._possible())
                self._step(name, act)

    # --- what can happen ---------------------------------------------------------------------------------------------

    def _possible(self) -> list[tuple[str, Callable[[], None]]]:
        acts: list[tuple[str, Callable[[], None], int]] = [
            ("receipt", self.receipt, 5),
            ("refund", self.refund, 2),
            ("stage", self.stage, 5 if self.way is not None else 1),
            ("amend", self.amend, 1),
            ("repeat", self.repeat, 1),
        ]
        if self.mistakes:
            acts += [("reverse", self.reverse, 2)]
        if self.owner is not None and not self.open_case:
            acts += [("cancel", self.cancel, 1), ("dispute", self.dispute, 3), ("set_shares", self.set_shares, 1)]
            acts += [("leave", self.leave, 1), ("transfer", self.transfer, 1)]
            acts += [("shares", self.shares, 3), ("assist", self.assist, 1)]
        if self.owner is None:
            acts += [("report", self.report, 6)]
        if not self.open_case:
            acts += [("pay", self.pay, 4), ("set_off", self.set_off, 2)]
        else:
            acts += [("refused", self.refused, 1), ("rule", self.rule, 4), ("final", self.final, 4)]
            acts += [("appeal", self.appeal, 2), ("settle", self.settle, 2), ("withdraw", self.withdraw, 1)]
            acts += [("dismiss", self.dismiss, 1), ("leave", self.leave, 1)]
        return [(name, act) for name, act, weight in acts for _ in range(weight)]

    def deal(self) -> None:
        """A first deal, one more, or one in a case."""
        if self.owner is None:
            return
        price = self.rng.choice((self.rng.randrange(1, 100), self.rng.randrange(10_000, 9_999_999_99)))
        currency = self.currency if self.rng.random() < 0.75 else self.rng.choice(CURRENCIES)
        holder = self.winner or self.owner
        key = self.office.win(price, by="fin", kind=CommandKind.DEAL, currency=currency)
        deal = model.Deal(
            price=price,
            currency=currency,
            rate=self.rate,
            owner=holder,
            way=self.way,
            bonus=self.bonus,
            made=self._now(),
        )
        others = self.sharing if holder == self.owner else {}
        deal.parts = {holder: model.ALL - sum(others.values()), **others}
        deal.agreed = bool(others)
        deal.held = deal.meanwhile = self.open_case
        self.deals[key] = deal
        self.on[key] = self._claim_of(holder)
        self.done["deal made"] += 1

    def receipt(self) -> None:
        """Cash, more than the price at times."""
        key, deal = self._any(lambda d: not d.off)
        if deal is not None:
            amount = self.rng.randrange(1, max(2, deal.price * 2 // 3))
            deal.told[self.office.receive(key, amount)] = "cash", amount
            deal.cash += amount

    def refund(self) -> None:
        """A part of the price goes back, or all of it."""
        key, deal = self._any(lambda d: d.back < d.price)
        if deal is not None:
            left = deal.price - deal.back
            amount = left if self.rng.random() < 0.1 else self.rng.randrange(1, left + 1)
            deal.told[self.office.refund(key, amount)] = "back", amount
            deal.back += amount

    def stage(self) -> None:
        """A stage, in any order; the same again is nothing new."""
        key, deal = self._any(lambda d: not d.off and len(d.proven) < len(STAGES))
        if deal is not None:
            name = self.rng.choice([stage for stage in STAGES if stage not in deal.proven])
            deal.told[self.office.stage(key, name)] = "proven", name
            deal.proven.add(name)

    def amend(self) -> None:
        """Another price."""
        key, deal = self._any(lambda d: d.live)
        if deal is not None:
            price = deal.back + self.rng.randrange(1, deal.price * 2 + 1)
            told = {"deal": key, "version": self.office.matter.deals[key].version, "amount_minor": price}
            self.office.tell(CommandKind.DEAL_AMEND, by="fin", data=told)
            deal.price = price

    def repeat(self) -> None:
        """What was told before is told again: nothing happens, and other content is refused."""
        key, deal = self._any(lambda d: not d.off)
        if deal is None or not self.office.matter.deals[key].receipts:
            return
        known = self.office.matter.deals[key].receipts[-1]
        posted = len(self.office.entries)
        self.office.receive(key, known.amount_minor, at=known.at, reference=known.reference)
        other = {"id": "other", "amount_minor": known.amount_minor + 1, "at": known.at, "reference": known.reference}
        refusal = self.office.attempt(CommandKind.DEAL_RECEIPT, by="fin", data={"deal": key, **other})
        assert refusal is not None
        assert refusal.code == "ledger_conflict"
        assert len(self.office.entries) == posted

    def reverse(self) -> None:
        """Something was told by mistake: it is taken back, once, and for one reason."""
        key, deal = self._any(lambda d: bool(d.told))
        if deal is None:
            return
        name = self.rng.choice(sorted(deal.told))
        kind = deal.told[name][0]
        self.office.reverse(key, name)
        model.unsay(deal, name)
        self.done[f"{kind} reversed"] += 1
        if self.rng.random() < 0.6:
            return
        posted = len(self.office.entries)
        self.office.reverse(key, name)
        other = {"deal": key, "told": name, "text": "text", "digest": "of another reason"}
        refusal = self.office.attempt(CommandKind.DEAL_REVERSAL, by="fin2", data=other)
        assert refusal is not None
        assert refusal.code == "ledger_conflict"
        assert len(self.office.entries) == posted

    def shares(self) -> None:
        """The owner proposes, everybody accepts."""
        key, deal = self._any(lambda d: d.live and d.current)
        if deal is None or self.owner in self.left:
            return
        assert deal.owner is not None
        if deal.owner in self.left:
            return
        parts = self._drawn(deal.owner, [p for p in REPS if p not in self.left])
        self.office.share(key, parts)
        if parts != {deal.owner: model.ALL} or deal.parts != parts:
            deal.parts = parts
        deal.agreed = True

    def set_shares(self) -> None:
        """The supervisor sets shares that nobody has agreed on yet."""
        key, deal = self._any(lambda d: d.live and d.current and not d.agreed)
        if deal is None or deal.owner is None or deal.owner in self.left or self.owner == "lead":
            return
        parts = self._drawn(deal.owner, [p for p in REPS if p not in self.left])
        told = {"deal": key, "shares": [list(part) for part in parts.items()], "text": "text"}
        self.office.tell(CommandKind.DEAL_SHARES_SET, by="lead", data=told)
        deal.parts, deal.agreed = parts, True

    def assist(self) -> None:
        """A colleague is credited."""
        key, deal = self._any(lambda d: d.live and d.current and len(d.extras) < 3)
        if deal is None or self.owner in self.left:
            return
        able = [p for p in REPS if p not in deal.parts and p != deal.owner and p not in self.left]
        if not able:
            return
        person, amount = self.rng.choice(able), self.rng.randrange(1, 50_000)
        told = {"deal": key, "id": self.office.mint("assist"), "person": person, "amount_minor": amount}
        self.office.tell(CommandKind.DEAL_ASSIST, by=self.owner, data=told)
        deal.extras.append((person, amount))
        deal.told[told["id"]] = "extra", (person, amount)

    def cancel(self) -> None:
        """A deal is off."""
        key, deal = self._any(lambda d: d.live)
        if deal is not None:
            self.office.tell(CommandKind.CANCEL_DEAL, by="fin", data={"deal": key, "text": "text"})
            deal.off = True

    def pay(self) -> None:
        """Somebody is paid what is payable, or some of it."""
        key, deal = self._any(lambda d: True)
        if deal is None:
            return
        due = {p: a["payable"] for p, a in model.standing(deal, PEOPLE).items() if "payable" in a}
        if due:
            person = self.rng.choice(sorted(due))
            amount = due[person] if self.rng.random() < 0.7 else self.rng.randrange(1, due[person] + 1)
            self.office.pay(key, person, amount)
            deal.paid[person] = deal.paid.get(person, 0) + amount

    def set_off(self) -> None:
        """What one deal owes somebody fills what they owe for another."""
        found = [
            (one, other, person, min(due, owed))
            for one, paying in self.deals.items()
            for other, owing in self.deals.items()
            if one != other and paying.currency == owing.currency
            for person, accounts in model.standing(paying, PEOPLE).items()
            if (due := accounts.get("payable", 0))
            and (owed := -model.standing(owing, PEOPLE).get(person, {}).get("receivable", 0))
        ]
        if not found:
            return
        one, other, person, most = self.rng.choice(found)
        amount = self.rng.randrange(1, most + 1)
        self.office.set_off(one, other, person, amount)
        self.deals[one].filled[person] = self.deals[one].filled.get(person, 0) + amount
        self.deals[other].filled[person] = self.deals[other].filled.get(person, 0) - amount
        self.done["set_off for real"] += 1

    # --- people ------------------------------------------------------------------------------------------------------

    def transfer(self) -> None:
        """The customer goes to a colleague, with or without a share for past work."""
        able = [p for p in REPS if p not in self.left and p != self.owner]
        if self.owner in self.left or self.owner not in REPS or not able:
            return
        to, past = self.rng.choice(able), self.rng.choice((None, 0, 2_500, 4_000))
        former = self.owner
        others = {person: bps for person, bps in self.sharing.items() if person not in (former, to)}
        if past is not None and sum(others.values()) + past >= model.ALL:
            return
        self.office.tell(CommandKind.TRANSFER, by=former, data={"to": to, "text": None, "past_share_bps": past})
        asked = list(self.office.matter.requests.values())[-1]
        self.office.tell(CommandKind.REQUEST_ACCEPT, by=to, data={"request": asked.id})
        self.owner = to
        if past is not None:
            self.sharing = {**others, former: past} if past else others
            for deal in self._on_claim():
                self._keep_past_share(deal, former, to, past)
        self.sharing.pop(to, None)

    def report(self) -> None:
        """Nobody holds the customer: somebody reports it, and has what the pool was given."""
        able = [p for p in REPS if p not in self.left]
        person = self.rng.choice(able)
        claim = self.office.report(person)
        self.owner, self.sharing = person, {}
        self._holds(claim)
        for key, deal in self.deals.items():
            if deal.pooled and self.rng.random() < 0.8:
                self.office.allocate(key, claim)
                deal.agreed = bool(deal.parts)
                rest = model.ALL - sum(deal.parts.values()) + deal.parts.pop(person, 0)
                deal.parts = {person: rest, **deal.parts}
                deal.owner, deal.pooled = person, False
                self.on[key], deal.current = claim, True
                self.done["allocated"] += 1

    def leave(self) -> None:
        """Somebody leaves; if the customer was theirs, it is handed over."""
        able = [p for p in REPS if p not in self.left and p not in self.parties]
        if len(able) < 3 or not able:
            return
        person = self.owner if self.owner in able and self.rng.random() < 0.6 else self.rng.choice(able)
        assert person is not None
        if self.open_case and person == self.owner:
            return
        self.office.leave(person)
        self.left.add(person)
        if person == self.owner:
            self.hand_over()

    def hand_over(self) -> None:
        """The supervisor gives the leaver's customer to somebody, or has it when nothing was decided."""
        former = self.owner
        assert former is not None
        to = self.rng.choice([p for p in REPS if p not in self.left])
        if self.rng.random() < 0.7:
            self.office.tell(CommandKind.TRANSFER, by="lead", data={"to": to, "text": None})
        else:
            self.office.advance(days=10)
            to = "lead"
        for deal in self._on_claim():
            point = model.reached(deal)
            if former in deal.parts and point < 1:
                deal.handed.append((former, to, SUCCESSOR_BPS, point))
                deal.owner = to
        self.owner = to
        self.sharing.pop(to, None)

    # --- cases -------------------------------------------------------------------------------------------------------

    def dispute(self) -> None:
        """Two to five parties."""
        claims = self.office.matter.claims
        able = [p for p in REPS if p != self.owner and p not in self.left and claims[f"claim-{p}"].owner in (p, None)]
        if not able:
            return
        rivals = self.rng.sample(able, min(len(able), self.rng.randrange(1, 5)))
        self.office.dispute(rivals[0], joining=rivals[1:])
        assert self.owner is not None
        self.parties = [*rivals, self.owner]
        for deal in self.deals.values():
            deal.held = not deal.off
        self.done[f"dispute of {len(self.parties)}"] += 1

    def rule(self) -> None:
        """A ruling; it moves nothing before it is final."""
        if self.office.case.state is DisputeState.RULED:
            return
        word, owner, parts = self._outcome()
        self.office.rule(word, owner=owner, shares=parts)
        self._ruled(word, owner, parts)

    def appeal(self) -> None:
        """A party that has not appealed yet does."""
        case = self.office.case
        able = [p.person for p in case.parties if not p.appealed]
        if case.state is DisputeState.RULED and able:
            self.office.appeal(self.rng.choice(able))
            self.done["appeal for real"] += 1

    def final(self) -> None:
        """Nobody appeals in time."""
        if self.office.case.state is DisputeState.RULED:
            self.office.appeal_time_over()
            self._over()

    def settle(self) -> None:
        """All agree."""
        if self.office.case.state is DisputeState.NEGOTIATING:
            word, owner, parts = self._outcome()
            self.office.settle(word, owner=owner, shares=parts)
            self._verdict = word, owner, parts
            self._over()

    def withdraw(self) -> None:
        """The opener gives up before a ruling."""
        if not self.office.case.rulings:
            self.office.withdraw()
            self._verdict = "no_change", None, None
            self._over()

    def dismiss(self) -> None:
        """There was no ground."""
        if self.office.case.state is DisputeState.NEGOTIATING:
            told = {"dispute": self.office.case.id, "reason": "text"}
            self.office.tell(CommandKind.DISPUTE_DISMISS, by="top", data=told)
            self._verdict = "no_change", None, None
            self._over()

    def refused(self) -> None:
        """Nobody is paid, and no shares are changed, while a case is open."""
        key, deal = self._any(lambda d: d.live)
        if deal is None:
            return
        told = {"deal": key, "payee": f"person:{deal.owner}", "amount_minor": 1, "payout": "payout"}
        refusal = self.office.attempt(CommandKind.DEAL_PAID, by=None, data=told)
        assert refusal is not None
        assert refusal.code == "claim_disputed"
        shares = {"deal": key, "shares": [[deal.owner, model.ALL]], "text": "text"}
        refusal = self.office.attempt(CommandKind.DEAL_SHARES_SET, by="top", data=shares)
        assert refusal is not None
        assert refusal.code in ("claim_disputed", "not_allowed")

    # --- small things ------------------------------------------------------------------------------------------------

    _verdict: tuple[str, str | None, dict[str, int] | None] = ("no_change", None, None)

    def _outcome(self) -> tuple[str, str | None, dict[str, int] | None]:
        word = self.rng.choice(("party", "party", "joint", "joint", "no_change", "pool"))
        if word == "pool" and self.rng.random() < 0.6:
            word = "party"
        if word in ("no_change", "pool"):
            return word, None, None
        owner = self.rng.choice(self.parties)
        if word == "party":
            return word, owner, None
        others = self.rng.sample([p for p in self.parties if p != owner], self.rng.randrange(1, len(self.parties)))
        return word, owner, self._cut_up([owner, *others])

    def _ruled(self, word: str, owner: str | None, parts: dict[str, int] | None) -> None:
        self._verdict = word, owner, parts
        if word in ("party", "joint"):
            self.winner = owner
        if self.office.case.state is DisputeState.FINAL:
            self._over()

    def _over(self) -> None:
        """The case has ended as ``_verdict`` says."""
        word, owner, parts = self._verdict
        before, parties = self.owner, set(self.parties)
        opened = int(self.office.case.opened_at.timestamp())
        since = opened - self.window * 86_400 if self.window else 0
        about = {
            key: deal
            for key, deal in self.deals.items()
            if deal.held
            and not deal.off
            and (deal.meanwhile or (deal.live and deal.current and deal.made >= since))
            and model.concerns(deal, parties)
        }
        if word in ("party", "joint"):
            assert owner is not None
            won_by = self._claim_of(owner)
            self.on |= dict.fromkeys(about, won_by)
            self._holds(won_by)  # with what it has from when it held before
            for deal in about.values():
                model.move(deal, owner, parties, parts, PEOPLE)
            self.done["deals that could not be contested any more"] += sum(
                d.live and key not in about for key, d in self.deals.items()
            )
        elif word == "pool":
            self.on |= dict.fromkeys(about, None)
            self._holds(None)
            for deal in about.values():
                deal.parts = {p: bps for p, bps in deal.parts.items() if p not in parties}
                deal.owner, deal.pooled = None, True
        else:
            self.on |= {key: self.held_as for key, deal in about.items() if deal.meanwhile}
            for deal in about.values():
                if deal.meanwhile and deal.owner != before:
                    assert before is not None
                    deal.owner = before
                    deal.parts = {before: model.ALL - sum(self.sharing.values()), **self.sharing}
                    deal.agreed = True
        for deal in self.deals.values():
            deal.held = deal.meanwhile = False
        if word == "pool":
            self.owner = None
        elif owner is not None:
            if owner != before:
                self.sharing = {}
            if parts is not None and not about:
                self.sharing = {person: bps for person, bps in parts.items() if person != owner}
            self.owner = owner
        self.parties, self.winner = [], None
        self.done[f"ended {word}"] += 1

    def _claim_of(self, person: str) -> str | None:
        """The claim ``person`` holds the customer by, or would by an outcome for them."""
        return self.held_as if person == self.owner else f"claim-{person}"

    def _holds(self, claim: str | None) -> None:
        """The customer is held by ``claim`` from now on, and the deals on it are the owner's business."""
        self.held_as = claim
        for key, deal in self.deals.items():
            deal.current = claim is not None and self.on[key] == claim

    def _on_claim(self) -> list[model.Deal]:
        return [deal for deal in self.deals.values() if deal.live and deal.current]

    def _now(self) -> int:
        return int(self.office.now.timestamp())

    def _keep_past_share(self, deal: model.Deal, former: str, to: str, past: int) -> None:
        if former not in deal.parts:
            return
        own = deal.parts[former]
        kept = min(own, past)
        parts = {to: own - kept + deal.parts.get(to, 0), former: kept}
        parts |= {p: bps for p, bps in deal.parts.items() if p not in (former, to)}
        deal.parts = {p: bps for p, bps in parts.items() if bps}
        deal.owner, deal.agreed = to, True

    def _drawn(self, owner: str, able: list[str]) -> dict[str, int]:
        others = self.rng.sample([p for p in able if p != owner], min(len(able) - 1, self.rng.randrange(0, 4)))
        return self._cut_up([owner, *others])

    def _cut_up(self, people: list[str]) -> dict[str, int]:
        if self.rng.random() < 0.3:
            even = model.ALL // len(people)
            return {p: even + (model.ALL - even * len(people) if i == 0 else 0) for i, p in enumerate(people)}
        cuts = sorted(self.rng.sample(range(1, model.ALL), len(people) - 1))
        return dict(zip(people, (b - a for a, b in zip([0, *cuts], [*cuts, model.ALL], strict=True)), strict=True))

    def _any(self, fits: Callable[[model.Deal], bool]) -> tuple[str, model.Deal | None]:
        keys = [key for key, deal in self.deals.items() if fits(deal)]
        if not keys:
            return "", None
        key = self.rng.choice(keys)
        return key, self.deals[key]

    def _step(self, name: str, act: Callable[[], None]) -> None:
        self.history.append(name)
        self.done[name] += 1
        act()
        self.compare()

    # --- what must hold ----------------------------------------------------------------------------------------------

    def compare(self) -> None:
        """The ledger, the deals and the reference agree, and the laws of the ledger hold."""
        where = f"seed {self.seed}, after {self.history}"
        self.office.check()
        assert self._ledger() == self._expected(), where
        totals: defaultdict[str, int] = defaultdict(int)
        for (account, currency), amount in self.office.balances().items():
            totals[currency] += amount
            if account.endswith(":held"):
                assert amount > 0, where
                assert self.office.matter.open_dispute is not None, f"held without a case: {where}"
            if account.endswith((":accrued", ":payable", ":paid")):
                assert amount >= 0, f"{account} {amount}: {where}"
            if account.endswith(":receivable"):
                assert amount <= 0, where
        assert not any(totals.values()), where
        owner = self.office.matter.owner_claim
        if owner is not None and not self.open_case:
            assert owner.owner == self.owner, where
            live = bool(self._on_claim())
            assert (owner.state is ClaimState.WON) is live, f"{owner.state}: {where}"

    def _ledger(self) -> dict[tuple[str, str, str], int]:
        found: dict[tuple[str, str, str], int] = {}
        for (account, currency), amount in self.office.balances().items():
            if not account.startswith("company:"):
                _, person, name = account.split(":")
                found[person, name, currency] = amount
        return found

    def _expected(self) -> dict[tuple[str, str, str], int]:
        found: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        for deal in self.deals.values():
            for person, accounts in model.standing(deal, PEOPLE).items():
                for name, amount in accounts.items():
                    found[person, name, deal.currency] += amount
        return {key: amount for key, amount in found.items() if amount}
