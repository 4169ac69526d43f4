"""What one decision writes down: the changed matter, history, notices, tasks, answers. Saved as one unit (CLM-01)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from domain.claims.lifecycle import ENDED, ClaimState, ClaimTrigger, fire
from domain.claims.model import Claim, Request, TermsRef
from domain.discussions.model import Discussion
from domain.disputes.model import Dispute
from domain.leads.model import Lead
from domain.matters.matter import Command, Matter
from domain.matters.setting import Setting
from domain.money.model import Assist, Deal, Entry, PerformanceLine
from domain.refusals import Refusal
from domain.trial.model import WouldHave

if TYPE_CHECKING:
    from domain.claims.letters import Letter


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a claim's or a case's history (AUD-01). ``data`` holds ids, codes, numbers and instants, no text."""

    stream: str
    kind: str
    at: datetime
    actor: str | None
    reason: str | None
    policy_version: int | None
    before: StrEnum | None
    after: StrEnum | None
    data: Mapping[str, Any]
    stream_kind: str = "claim"


@dataclass(frozen=True, slots=True)
class NewEvidence:
    """An item of evidence that becomes part of a case; its text is kept under its id already (DSP-09)."""

    dispute: str
    author: str | None
    received_at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice (通知) for one person (NTF-01). Its sentences are made from ``facts`` when it is read or sent."""

    person: str
    kind: str
    urgency: str
    subject_type: str
    subject: str
    rule: str | None
    policy_version: int | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two people who met on one customer (DSP-19). ``people`` in order, with the ``teams`` they are in.

    ``alerts`` are queued unless the same two met on the customer after ``since``.
    """

    kind: str
    claim: str
    people: tuple[str, str]
    teams: tuple[str, str]
    since: datetime
    alerts: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """Something a person should do; ``key`` makes it one row however often it is raised."""

    key: str
    person: str
    kind: str
    subject_type: str
    subject: str
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command was decided: applied, or refused with the refusal that explains it."""

    command: str
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class NewFollowUp:
    """A follow-up that becomes part of the record; text and files are kept under its id already."""

    id: str
    claim: str
    author: str
    received_at: datetime
    data: Mapping[str, Any]
    qualified: bool
    why: str | None
    late: bool
    unrecorded: tuple[str, ...] = ()  # what it was to record and did not (LEAD-12)


@dataclass(frozen=True, slots=True)
class StageMove:
    """A claim came to a sales stage (CLM-30). ``counts``: forward and with its conditions met, so that it speaks for
    the depth of ``person``, who owned the customer (CLM-08).
    """

    id: str
    claim: str
    stage: str
    person: str
    actor: str | None
    at: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class Take:
    """A customer went from a pool to ``person``, by taking or by a report that was accepted (POOL-03, POOL-06)."""

    person: str
    claim: str
    pool: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reward:
    """``customer`` is owed a reward for bringing the one of ``claim``, who signed ``deal`` (CNF-05)."""

    id: str
    lead: str
    claim: str
    deal: str
    customer: str
    at: datetime


@dataclass
class Draft:
    """The decision in the making. Dropped as a whole when the item is refused or fails."""

    matter: Matter
    at: datetime
    setting: Setting
    mint: Callable[[], str]
    other: Matter | None = None  # of a case of kind identity: the other record's (CUS-13)
    events: list[Event] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    closed_tasks: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    follow_ups: list[NewFollowUp] = field(default_factory=list)
    stage_moves: list[StageMove] = field(default_factory=list)
    voided: list[tuple[str, str, str | None]] = field(default_factory=list)  # follow-up, by, text
    columns: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)  # what a correction changes, by claim
    new_deals: list[Deal] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)  # of the ledger, in their order (COM-06)
    assists: list[Assist] = field(default_factory=list)
    mistaken_assists: list[str] = field(default_factory=list)  # credits that were reversed
    performance: list[PerformanceLine] = field(default_factory=list)  # by cause and person (COM-13)
    new_claims: list[Claim] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    contested: list[str] = field(default_factory=list)  # reports that become cases by themselves (CLM-27)
    new_disputes: list[Dispute] = field(default_factory=list)
    new_evidence: list[NewEvidence] = field(default_factory=list)
    retargeted: list[tuple[str, str]] = field(default_factory=list)  # command, the case that it joined
    new_letters: list[Letter] = field(default_factory=list)  # authorisation letters (CLM-33)
    rewards: list[Reward] = field(default_factory=list)  # of customers, which are no commission (CNF-05)
    takes: list[Take] = field(default_factory=list)  # out of a pool, which count for the day (POOL-06)
    would_have: list[WouldHave] = field(default_factory=list)  # what a trial keeps from happening (POL-08)

    def put(self, claim: Claim) -> Claim:
        """``claim`` replaces its former self in the matter. With it end the rights of collaborators (CLM-29), and the
        duty of whoever answers for its stage (CLM-30).
        """
        if claim.collaborators and claim.state in ENDED:
            claim = replace(claim, collaborators=())
        if claim.stage_person is not None and claim.state in ENDED:
            self.closed_tasks.append(f"stage:{claim.id}")
            claim = replace(claim, stage_person=None)
        self.matter = self.matter.with_claim(claim)
        return claim

    def move(self, claim: Claim, trigger: ClaimTrigger, *, to: ClaimState | None = None) -> ClaimState:
        """The state after ``trigger``, or the refusal of table 0.2."""
        return fire(state=claim.state, trigger=trigger, to=to)

    def record(
        self,
        kind: str,
        claim: Claim,
        *,
        before: ClaimState | None = None,
        actor: str | None = None,
        reason: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Append to the history of ``claim``, whose state after the move is its present one."""
        self.events.append(
            Event(
                stream=claim.id,
                kind=kind,
                at=self.at,
                actor=actor,
                reason=reason,
                policy_version=claim.terms.version,
                before=before,
                after=claim.state if before is not None else None,
                data={**(data or {}), **self._on_behalf(claim, actor)},
            )
        )

    def record_case(
        self,
        kind: str,
        dispute: Dispute,
        *,
        before: StrEnum | None = None,
        actor: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Append to the history of ``dispute``, whose state after the move is its present one (AUD-01)."""
        self._append(
            "dispute",
            dispute,
            kind,
            dispute.terms.version,
            before=before,
            actor=actor,
            data={**(data or {}), **self._in_place_of(dispute, actor)},
        )

    def record_deal(
        self,
        kind: str,
        deal: Deal,
        *,
        policy_version: int | None,
        before: StrEnum | None = None,
        actor: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Append to the history of ``deal``, whose state after the move is its present one (AUD-01)."""
        self._append("deal", deal, kind, policy_version, before=before, actor=actor, data=data)

    def record_lead(
        self,
        kind: str,
        lead: Lead,
        *,
        before: StrEnum | None = None,
        actor: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Append to the history of ``lead``, whose state after the move is its present one (AUD-01)."""
        self._append("lead", lead, kind, lead.terms.version, before=before, actor=actor, data=data)

    def record_discussion(
        self,
        kind: str,
        discussion: Discussion,
        *,
        before: StrEnum | None = None,
        actor: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Append to the history of ``discussion``, whose state after the move is its present one (AUD-01)."""
        self._append("discussion", discussion, kind, discussion.terms.version, before=before, actor=actor, data=data)

    def _append(
        self,
        stream_kind: str,
        about: Dispute | Deal | Lead | Discussion,
        kind: str,
        policy_version: int | None,
        *,
        before: StrEnum | None,
        actor: str | None,
        data: Mapping[str, Any] | None,
    ) -> None:
        self.events.append(
            Event(
                stream=about.id,
                stream_kind=stream_kind,
                kind=kind,
                at=self.at,
                actor=actor,
                reason=None,
                policy_version=policy_version,
                before=before,
                after=about.state if before is not None else None,
                data=data or {},
            )
        )

    def _in_place_of(self, dispute: Dispute, actor: str | None) -> dict[str, str]:
        """For whom somebody acts in a case who is no party to it: an arbitrator, a party (PPL-05, PPL-06)."""
        if actor is None or dispute.party(actor) is not None:
            return {}
        seat = dispute.seat
        if seat is not None and seat.delegate == actor:
            return {"for": seat.person}
        delegate_of = self.setting.organisation.delegate_of
        for party in dispute.parties:
            present = party.represented_by or party.person
            if actor in (party.represented_by, delegate_of(present, at=self.at)):
                return {"for": party.person}
        return {}

    def tell_case(
        self,
        person: str | None,
        kind: str,
        dispute: Dispute,
        *,
        rule: str | None,
        urgency: str = "normal",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Queue a notice about a case, unless there is nobody to tell."""
        if person is not None:
            self._tell(person, kind, ("dispute", dispute.id), dispute.terms, rule=rule, urgency=urgency, facts=facts)

    def tell_lead(
        self,
        person: str | None,
        kind: str,
        lead: Lead,
        *,
        rule: str | None,
        urgency: str = "normal",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Queue a notice about a lead, unless there is nobody to tell."""
        if person is not None:
            self._tell(person, kind, ("lead", lead.id), lead.terms, rule=rule, urgency=urgency, facts=facts)

    def tell_discussion(
        self,
        person: str,
        kind: str,
        discussion: Discussion,
        *,
        urgency: str = "normal",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Queue a notice about a team discussion (DSP-07)."""
        about = ("discussion", discussion.id)
        self._tell(person, kind, about, discussion.terms, rule="DSP-07", urgency=urgency, facts=facts)

    def add_evidence(self, dispute: Dispute, *, author: str | None, data: Mapping[str, Any]) -> None:
        """``data`` becomes an item of evidence, received at ``self.at``."""
        self.new_evidence.append(NewEvidence(dispute=dispute.id, author=author, received_at=self.at, data=data))
        self.matter = self.matter.with_evidence(dispute.id, data["evidence"], self.at)

    def retarget(self, command: Command, dispute: str) -> None:
        """The command is answered with the case that it joined."""
        self.retargeted.append((command.id, dispute))

    def _on_behalf(self, claim: Claim, actor: str | None) -> dict[str, str]:
        """For whom a delegate decides on a claim that is not their own (PPL-05)."""
        if actor is None or actor in (claim.owner, claim.reporter) or not self.setting.organisation.delegations:
            return {}
        asked = [
            *claim.judges[-1:],
            *(person for r in self.matter.requests_of(claim.id) for person in r.waiting_for),
            self.supervisor(claim.owner or claim.reporter),
        ]
        if actor in asked:
            return {}
        delegate_of = self.setting.organisation.delegate_of
        return next(({"for": p} for p in asked if p is not None and delegate_of(p, at=self.at) == actor), {})

    def tell(
        self,
        person: str | None,
        kind: str,
        claim: Claim,
        *,
        rule: str | None,
        urgency: str = "normal",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Queue a notice, unless there is nobody to tell."""
        if person is not None:
            self._tell(person, kind, ("claim", claim.id), claim.terms, rule=rule, urgency=urgency, facts=facts)

    def _tell(
        self,
        person: str,
        kind: str,
        subject: tuple[str, str],
        terms: TermsRef,
        *,
        rule: str | None,
        urgency: str,
        facts: Mapping[str, Any] | None,
    ) -> None:
        self.notices.append(
            Notice(
                person=person,
                kind=kind,
                urgency=urgency,
                subject_type=subject[0],
                subject=subject[1],
                rule=rule,
                policy_version=terms.version,
                facts=facts or {},
            )
        )

    def use_excuse(self, person: str) -> None:
        """The customer came to ``person``: what let caps be exceeded for it was good for once (CLM-34)."""
        approval = self.matter.excuse(person, at=self.at)
        if approval is not None:
            self.matter = self.matter.with_approval(replace(approval, used_at=self.at))

    def put_request(self, request: Request) -> Request:
        self.matter = self.matter.with_request(request)
        return request

    def answer(self, command: Command, refusal: Refusal | None = None) -> None:
        self.matter = self.matter.without_command(command.id)
        self.answers.append(Answer(command.id, refusal))

    def supervisor(self, person: str, *, interested: tuple[str, ...] = ()) -> str | None:
        return self.setting.supervisor(person, program=self.matter.program, at=self.at, interested=interested)
