"""Who may give which command on a claim (contract sections 5 and 9). Asked by the API first, by the drain again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from domain.claims.lifecycle import DISPUTABLE, ENDED, HOLDING, IN_CASE, OPEN, ClaimState
from domain.claims.model import APPROVED_PAUSES, Claim, Request, RequestKind, RequestState, Waiting
from domain.disputes.admission import open_until
from domain.leads.candidates import comes_from_closed_partner
from domain.matters.matter import CommandKind
from domain.matters.setting import Setting
from domain.people.access import SELLING, Actor, Place, has_any_scope, has_role, read_scope
from domain.people.organisation import Role
from domain.refusals import Refusal

#: Commands that only the judge of a report gives (CLM-04).
_JUDGING = frozenset({CommandKind.ACCEPT, CommandKind.REJECT, CommandKind.SEND_BACK})
#: Requests that somebody in charge decides, so a manager in scope may too.
SUPERVISED = frozenset({RequestKind.EXTENSION, RequestKind.PAUSE, RequestKind.GUARD, RequestKind.HANDOVER})


def authorise(
    kind: CommandKind,
    claim: Claim,
    *,
    actor: Actor,
    setting: Setting,
    at: datetime,
    interested: Collection[str] = (),
) -> None:
    """Refuse ``not_allowed`` or ``recusal_required`` unless ``actor`` may give this command on ``claim``.

    ``interested``: who gains by a judgement, the reporter apart (:func:`gainers`), or by a special approval (CLM-34).
    """
    if kind in _JUDGING and (actor.person == claim.reporter or actor.person in interested):
        raise Refusal("recusal_required", rule="CLM-04")
    if not _may(kind, claim, actor=actor, setting=setting, at=at, interested=interested):
        raise Refusal("not_allowed", rule="PPL-02")
    if kind is CommandKind.OVERRIDE and actor.person in {whose(claim), *interested}:
        raise Refusal("recusal_required", rule="CLM-34")


def authorise_request(
    kind: CommandKind, request: Request, claim: Claim, *, actor: Actor, setting: Setting, at: datetime
) -> None:
    """Refuse unless ``actor`` may accept, refuse or withdraw ``request``.

    Whoever stands in for somebody asked has no interest of their own in the answer: ``recusal_required`` (PPL-05).
    """
    if kind is not CommandKind.REQUEST_WITHDRAW and actor.person not in request.waiting_for:
        stands_in = any(_acts_for(actor, person, setting=setting, at=at) for person in request.waiting_for)
        if stands_in and actor.person in _interested_in(request, claim):
            raise Refusal("recusal_required", rule="PPL-05")
    if kind is CommandKind.REQUEST_WITHDRAW:
        allowed = request.by == actor.person or (
            # What the deal opened by itself nobody asked for: it is the owner's side's to call back (CLM-31).
            request.kind is RequestKind.DELIVERY
            and request.by is None
            and (actor.person == claim.owner or is_supervisor(claim.owner, claim, actor=actor, setting=setting, at=at))
        )
    else:
        allowed = any(_acts_for(actor, person, setting=setting, at=at) for person in request.waiting_for) or (
            (request.kind in SUPERVISED or (request.data is not None and request.data.get("step") == "approval"))
            and actor.person not in (request.by, claim.owner, (request.data or {}).get("other"))
            and _is_manager(claim, actor=actor, setting=setting, at=at)
        )
    if not allowed:
        raise Refusal("not_allowed", rule="PPL-02")


def authorise_tick(request: Request, claim: Claim, *, actor: Actor, setting: Setting, at: datetime) -> None:
    """Refuse unless ``actor`` delivers: who was asked or accepted, and people of the team who read it (CLM-31).

    Not the owner, who is shown what is done, nor people of a partner: the house delivers.
    """
    asked = {*request.waiting_for, *((request.decided_by,) if request.decided_by is not None else ())}
    organisation, team = setting.organisation, (request.data or {}).get("team")
    if any(_acts_for(actor, person, setting=setting, at=at) for person in asked):
        return
    if actor.person == claim.owner or organisation.people[actor.person].partner is not None:
        raise Refusal("not_allowed", rule="CLM-31")
    if team is None or team not in organisation.path_up(organisation.team_of(actor.person, at=at)):
        raise Refusal("not_allowed", rule="CLM-31")


def _interested_in(request: Request, claim: Claim) -> set[str | None]:
    """Who asked, whose claim it is, who would receive the customer, and who settles with them."""
    data = request.data or {}
    return {request.by, claim.owner, claim.reporter, data.get("to"), data.get("other")}


def gainers(claim: Claim, others: Iterable[Claim]) -> frozenset[str]:
    """Whom the judgement of ``claim`` would serve, the reporter apart (CLM-04): whoever else has an open claim on the
    subject, the owners of customers it may be the same as, and whose territory the customer lies in (TER-05).
    """
    rivals = {c.owner or c.reporter for c in others if c.id != claim.id and c.state in OPEN}
    if claim.outside is not None and claim.outside.holder is not None:
        rivals.add(claim.outside.holder)
    return frozenset((rivals | set(claim.rivals)) - {claim.reporter})


def is_supervisor(
    person: str | None,
    claim: Claim,
    *,
    actor: Actor,
    setting: Setting,
    at: datetime,
    interested: Collection[str] = (),
) -> bool:
    """Whether ``actor`` is the supervisor of ``person``, their delegate, or a manager in scope; never the person."""
    if person is None or actor.person == person:
        return False
    supervisor = setting.supervisor(person, program=claim.program, at=at, interested=tuple(interested))
    if supervisor is not None and _acts_for(actor, supervisor, setting=setting, at=at):
        return True
    return _is_manager(claim, actor=actor, setting=setting, at=at)


def is_judge(claim: Claim, *, actor: Actor, setting: Setting, at: datetime, interested: Collection[str] = ()) -> bool:
    """Whether ``actor`` judges this report: the judge in charge, else the reporter's supervisor (CLM-04)."""
    if actor.person == claim.reporter or actor.person in interested:
        return False
    if claim.judges and _acts_for(actor, claim.judges[-1], setting=setting, at=at):
        return True
    return is_supervisor(claim.reporter, claim, actor=actor, setting=setting, at=at, interested=interested)


def awaits_comment(claim: Claim) -> bool:
    """Whether the holder of the territory was asked about this report and may still answer (TER-05)."""
    said = claim.outside
    return claim.waiting is Waiting.JUDGE and said is not None and said.asked and said.comment is None


def is_heard_first(claim: Claim) -> bool:
    """Whether its judge must wait for what the holder of the territory says (TER-05)."""
    return claim.waiting is Waiting.JUDGE and claim.outside is not None and claim.outside.hearing


def may_grant(claim: Claim, *, actor: Actor, setting: Setting, at: datetime) -> bool:
    """Whether ``actor`` wears a role that gives special approvals over ``claim``, by the rules of the day (CLM-34)."""
    roles = {Role(word) for word in setting.policy_at(claim.program, at=at).words("override.roles")}
    return has_role(actor, roles, organisation=setting.organisation, at=at, place=place_of(claim))


def granter_above(
    claim: Claim, *, above: str, setting: Setting, at: datetime, interested: Collection[str] = ()
) -> str | None:
    """The nearest leader above ``above`` who may give a special approval and has no part in it, if there is one."""
    passed = (*interested, claim.owner or claim.reporter)
    while (
        up := setting.supervisor(above, program=claim.program, at=at, interested=passed)
    ) is not None and up not in passed:
        if may_grant(claim, actor=Actor(up), setting=setting, at=at):
            return up
        passed = (*passed, up)
    return None


def granter(claim: Claim, *, setting: Setting, at: datetime) -> str | None:
    """Whom the owner asks for a special approval: the nearest leader who may give one, else whoever else may, by person
    number (CLM-34).
    """
    above = granter_above(claim, above=claim.owner or claim.reporter, setting=setting, at=at)
    if above is not None:
        return above
    people = sorted(setting.organisation.people.values(), key=lambda p: p.number)
    others = (p.id for p in people if p.id != whose(claim))
    return next((p for p in others if may_grant(claim, actor=Actor(p), setting=setting, at=at)), None)


def approvals_given(
    program: str, *, by: str, given: Mapping[tuple[str, str], int], setting: Setting, at: datetime
) -> tuple[str, int, int | None]:
    """The local month that a special approval counts for, how many ``by`` has ``given`` in it, in all programs, and how
    many they may, None without limit (CLM-34).
    """
    month = setting.calendar(program).local_date(at).strftime("%Y-%m")
    return month, given.get((by, month), 0), setting.policy_at(program, at=at).limit("override.per_month")


def whose(claim: Claim) -> str | None:
    """Whose business an open claim is; nobody's once it is over."""
    return (claim.owner or claim.reporter) if claim.state in OPEN else None


def partner_takes(to: str, claim: Claim, *, setting: Setting, at: datetime) -> bool:
    """Whether the customer of ``claim`` may go to ``to``, as far as their partner is concerned, if they have one.

    One that takes no reports is given nothing new; what it holds runs on, with any of its people (PPL-08).
    """
    partner_of = setting.organisation.partner_of
    if claim.holds and claim.owner is not None and partner_of(claim.owner) == partner_of(to):
        return True
    return not comes_from_closed_partner(to, claim.program, setting=setting, at=at)


def check_partner_of(to: str, claim: Claim, *, setting: Setting, at: datetime) -> None:
    """Refuse with ``partner_suspended`` where :func:`partner_takes` says no."""
    if not partner_takes(to, claim, setting=setting, at=at):
        raise Refusal("partner_suspended", rule="PPL-08", facts={"person": to}, current_state=claim.state.value)


def may_sell(actor: Actor, *, setting: Setting, at: datetime) -> bool:
    """Whether ``actor`` wears a role that may own customers (contract section 9, first row)."""
    return has_any_scope(actor, SELLING, organisation=setting.organisation, at=at)


def keeps_dossier(claim: Claim, *, actor: Actor) -> bool:
    """Whether ``actor`` writes the dossier of the customer of ``claim``: whoever works them (CUS-11)."""
    return claim.worked_by(actor.person)


def reads_dossier(claim: Claim, *, actor: Actor, setting: Setting, at: datetime) -> bool:
    """Whether ``actor`` reads it: owner, collaborators, leaders above, managers; while the claim holds the customer.

    Whoever had the customer before does not, nor do those who look on: oversight, finance, audit (CUS-11).
    """
    if not claim.holds:
        return False
    if actor.person == claim.owner or any(c.person == actor.person for c in claim.collaborators):
        return True
    scope = read_scope(actor, organisation=setting.organisation, at=at, roles={Role.MANAGER})
    return scope.reads(program=claim.program, teams=(claim.team,), people=()) or is_supervisor(
        claim.owner, claim, actor=actor, setting=setting, at=at
    )


def prints_links(claim: Claim, *, actor: Actor, setting: Setting, at: datetime) -> bool:
    """Whether ``actor`` may hand a confirmation's link to the customer: the supervisor, never who works the claim."""
    if claim.worked_by(actor.person) or actor.person == claim.reporter:
        return False
    return is_supervisor(claim.owner, claim, actor=actor, setting=setting, at=at)


def may_contest(claim: Claim, *, actor: Actor, setting: Setting, at: datetime) -> bool:
    """Whether ``actor`` may open a case about ``claim``: whose it is, their supervisor, oversight (DSP-02)."""
    person = claim.owner or claim.reporter
    if actor.person == person:
        return may_sell(actor, setting=setting, at=at)
    if actor.person in setting.programs[claim.program].oversight:
        return True
    return is_supervisor(person, claim, actor=actor, setting=setting, at=at)


def allowed_commands(
    claim: Claim,
    *,
    actor: Actor,
    setting: Setting,
    at: datetime,
    interested: Collection[str] = (),
    serving: str | None = None,
    opposed: bool = False,
    grants: bool = False,
    lettered: bool = False,
) -> list[str]:
    """What this caller may do now with ``claim`` (contract section 5, ``allowed``).

    ``serving``: who serves the customer while its case is open (DSP-03). ``opposed``: whether a case about the claim
    would have a second party, or is open already (DSP-01). ``grants``: whether the caller may give a special approval
    on it (CLM-34), ``lettered``: whether one more authorisation letter may be issued on it (CLM-33).
    """
    if claim.state in IN_CASE:
        return ["follow_up"] if serving == actor.person else []
    return [
        name
        for name, kind in _NAMES
        if _fits_state(kind, claim, at)
        and (kind is not CommandKind.DISPUTE_OPEN or (opposed and _in_time_to_contest(claim, setting, at)))
        and (kind is not CommandKind.OVERRIDE or grants)
        and (kind is not CommandKind.LETTER or lettered)
        and _may(kind, claim, actor=actor, setting=setting, at=at, interested=interested)
    ]


_NAMES: tuple[tuple[str, CommandKind], ...] = (
    ("accept", CommandKind.ACCEPT),
    ("reject", CommandKind.REJECT),
    ("send_back", CommandKind.SEND_BACK),
    ("comment", CommandKind.COMMENT),
    ("withdraw", CommandKind.WITHDRAW),
    ("correct", CommandKind.CORRECT),
    ("follow_up", CommandKind.FOLLOW_UP),
    ("win", CommandKind.WIN),
    ("cancel_deal", CommandKind.CANCEL_DEAL),
    ("release", CommandKind.RELEASE),
    ("transfer", CommandKind.TRANSFER),
    ("extend", CommandKind.EXTEND),
    ("pause", CommandKind.PAUSE),
    ("unpause", CommandKind.UNPAUSE),
    ("collaborate", CommandKind.COLLABORATE),
    ("stage", CommandKind.STAGE_MOVE),
    ("deliver", CommandKind.DELIVER),
    ("letters", CommandKind.LETTER),
    ("override", CommandKind.OVERRIDE),
    ("dispute", CommandKind.DISPUTE_OPEN),
)

_R, _P, _A, _W = ClaimState.REPORTED, ClaimState.PROTECTED, ClaimState.ACTIVE, ClaimState.WON

#: States in which each command can have an effect; what a state forbids is refused by the decision, not hidden here.
_STATES: dict[CommandKind, frozenset[ClaimState]] = {
    CommandKind.ACCEPT: frozenset({_R}),
    CommandKind.REJECT: frozenset({_R}),
    CommandKind.SEND_BACK: frozenset({_R}),
    CommandKind.COMMENT: frozenset({_R}),
    CommandKind.WITHDRAW: frozenset({_R}),
    CommandKind.CORRECT: frozenset({_R, _P, _A, _W}),
    CommandKind.FOLLOW_UP: frozenset({_R, _P, _A, _W}),
    CommandKind.WIN: frozenset({_P, _A}),
    CommandKind.CANCEL_DEAL: frozenset({_W}),
    CommandKind.RELEASE: frozenset({_P, _A}),
    CommandKind.TRANSFER: frozenset({_P, _A, _W}),
    CommandKind.EXTEND: frozenset({_P, _A}),
    CommandKind.PAUSE: frozenset({_P, _A}),
    CommandKind.UNPAUSE: frozenset({_P, _A}),
    CommandKind.COLLABORATE: frozenset(HOLDING),
    CommandKind.STAGE_MOVE: frozenset(HOLDING),
    CommandKind.DELIVER: frozenset({_W}),
    CommandKind.LETTER: frozenset({_P, _A}),
    CommandKind.OVERRIDE: frozenset(ClaimState) - IN_CASE,
    CommandKind.DISPUTE_OPEN: frozenset(DISPUTABLE),
}


def _in_time_to_contest(claim: Claim, setting: Setting, at: datetime) -> bool:
    """Whether an end may still be contested (DSP-02); of a deal the decision knows, here it is not asked for."""
    until = open_until(claim, (), setting=setting)
    return until is None or at <= until


def _fits_state(kind: CommandKind, claim: Claim, at: datetime) -> bool:
    if kind is CommandKind.FOLLOW_UP and claim.state is ClaimState.LAPSED:
        return claim.grace_until is not None and at <= claim.grace_until  # it rescues
    if claim.state not in _STATES[kind]:
        return False
    if kind in _JUDGING and (claim.waiting is Waiting.OPENING or is_heard_first(claim)):
        return False
    if kind is CommandKind.COMMENT:
        return awaits_comment(claim)
    if kind in (CommandKind.PAUSE, CommandKind.UNPAUSE):
        paused = any(p.kind in APPROVED_PAUSES for p in claim.pauses)
        return paused is (kind is CommandKind.UNPAUSE)
    if kind is CommandKind.ACCEPT:
        return claim.waiting in (Waiting.JUDGE, Waiting.CORRECTION)
    if kind is CommandKind.SEND_BACK:
        return claim.waiting is Waiting.JUDGE
    return True


def _may(
    kind: CommandKind, claim: Claim, *, actor: Actor, setting: Setting, at: datetime, interested: Collection[str]
) -> bool:
    owner = claim.owner == actor.person and claim.owner is not None
    if kind is CommandKind.DISPUTE_OPEN:
        return may_contest(claim, actor=actor, setting=setting, at=at)
    if kind in _JUDGING:
        return is_judge(claim, actor=actor, setting=setting, at=at, interested=interested)
    if kind is CommandKind.COMMENT:
        holder = claim.outside.holder if claim.outside is not None else None
        return holder is not None and _acts_for(actor, holder, setting=setting, at=at)
    if kind is CommandKind.WITHDRAW:
        return claim.reporter == actor.person or (
            _is_listed_row(claim)
            and actor.person not in interested
            and has_role(actor, {Role.ADMIN}, organisation=setting.organisation, at=at, place=place_of(claim))
        )
    if kind is CommandKind.CORRECT:
        return owner or claim.reporter == actor.person
    if kind is CommandKind.FOLLOW_UP:
        reported = claim.state is ClaimState.REPORTED
        works = claim.reporter == actor.person if reported else claim.worked_by(actor.person)
        return may_sell(actor, setting=setting, at=at) and works
    if kind in (CommandKind.COLLABORATE, CommandKind.COLLABORATOR_REMOVE):
        return owner
    if kind is CommandKind.STAGE_MOVE:
        return (
            claim.worked_by(actor.person)
            or claim.stage_person == actor.person
            or is_supervisor(claim.owner, claim, actor=actor, setting=setting, at=at)
        )
    if kind is CommandKind.LETTER:
        return owner
    if kind is CommandKind.CONFIRM_OVERRIDE:
        return is_supervisor(claim.owner, claim, actor=actor, setting=setting, at=at)
    if kind in (CommandKind.DELIVER, CommandKind.CONFIRM_ASK):
        return owner or is_supervisor(claim.owner, claim, actor=actor, setting=setting, at=at)
    if kind is CommandKind.SETTLE:
        return (claim.owner or claim.reporter) == actor.person and may_sell(actor, setting=setting, at=at)
    if kind is CommandKind.WIN:
        return owner or _is_finance(claim, actor=actor, setting=setting, at=at)
    if kind in (CommandKind.DEAL, CommandKind.DEAL_AMEND):
        return owner or _is_finance(claim, actor=actor, setting=setting, at=at)
    if kind in (
        CommandKind.DEAL_RECEIPT,
        CommandKind.DEAL_REFUND,
        CommandKind.DEAL_STAGE,
        CommandKind.DEAL_REVERSAL,
    ):
        return _is_finance(claim, actor=actor, setting=setting, at=at)
    if kind in (CommandKind.DEAL_SHARES, CommandKind.DEAL_ASSIST):
        return owner
    if kind in (CommandKind.DEAL_SHARES_SET, CommandKind.DEAL_ALLOCATE):
        person = claim.owner or claim.reporter
        return is_supervisor(person, claim, actor=actor, setting=setting, at=at, interested=interested)
    if kind is CommandKind.CANCEL_DEAL:
        return _is_finance(claim, actor=actor, setting=setting, at=at) or is_supervisor(
            claim.owner, claim, actor=actor, setting=setting, at=at
        )
    if kind is CommandKind.TRANSFER:
        return owner or (
            _is_handed_over(claim, setting=setting, at=at)
            and is_supervisor(claim.owner, claim, actor=actor, setting=setting, at=at)
        )
    if kind is CommandKind.OVERRIDE:
        return may_grant(claim, actor=actor, setting=setting, at=at)
    if kind is CommandKind.VOID:
        return is_supervisor(claim.owner or claim.reporter, claim, actor=actor, setting=setting, at=at)
    if kind in (CommandKind.RELEASE, CommandKind.EXTEND, CommandKind.PAUSE, CommandKind.UNPAUSE):
        return owner or is_supervisor(claim.owner or claim.reporter, claim, actor=actor, setting=setting, at=at)
    return False


def _is_listed_row(claim: Claim) -> bool:
    """A row of an opening load that is still listed: who keeps the load may take a wrong one back (INT-10)."""
    return claim.waiting is Waiting.OPENING and claim.opening is not None and not claim.opening.objection


def _is_handed_over(claim: Claim, *, setting: Setting, at: datetime) -> bool:
    """A leaver's customers are decided by their supervisor (PPL-06)."""
    return claim.owner is not None and not setting.organisation.is_active(claim.owner, at=at)


def _is_finance(claim: Claim, *, actor: Actor, setting: Setting, at: datetime) -> bool:
    return has_role(actor, {Role.FINANCE}, organisation=setting.organisation, at=at, place=place_of(claim))


def _is_manager(claim: Claim, *, actor: Actor, setting: Setting, at: datetime) -> bool:
    return has_role(actor, {Role.MANAGER}, organisation=setting.organisation, at=at, place=place_of(claim))


def place_of(claim: Claim) -> Place:
    """Where a claim lies for the scope of a grant."""
    return Place(program=claim.program, teams=(claim.team,))


def _acts_for(actor: Actor, person: str, *, setting: Setting, at: datetime) -> bool:
    """``actor`` is ``person`` or decides on their behalf (PPL-05)."""
    return actor.person == person or setting.organisation.delegate_of(person, at=at) == actor.person


def open_requests(requests: tuple[Request, ...], kind: RequestKind) -> tuple[Request, ...]:
    """The open ones of ``kind``."""
    return tuple(r for r in requests if r.kind is kind and r.state is RequestState.OPEN)


def is_over(claim: Claim) -> bool:
    """Whether the claim is in an end state."""
    return claim.state in ENDED
