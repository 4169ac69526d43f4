"""How a decision books what it did to a deal: the changed deal, its entry, notices and tasks that follow (COM-06)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from domain.claims.model import Claim
from domain.matters.draft import Draft, Task
from domain.money import performance
from domain.money.entries import entry_between
from domain.money.model import COMPANY, Account, Deal, Entry, EntryKind, Payee, Share
from domain.money.positions import positions
from domain.people.access import Actor, Place, has_role
from domain.people.organisation import Organisation, Role
from domain.trial.results import in_trial, would_post

#: Which requirement a payee is told for a kind of entry.
_RULES: dict[EntryKind, str] = {
    EntryKind.ACCRUAL: "COM-02",
    EntryKind.RELEASE: "COM-07",
    EntryKind.HOLD: "COM-08",
    EntryKind.HOLD_RELEASE: "COM-08",
    EntryKind.REALLOCATION: "COM-09",
    EntryKind.CLAWBACK: "COM-10",
    EntryKind.AMENDMENT: "COM-01",
    EntryKind.OVERLAY: "COM-05",
    EntryKind.PAYMENT: "COM-12",
    EntryKind.SET_OFF: "COM-10",
    EntryKind.REVERSAL: "COM-06",
}


def book(
    draft: Draft,
    before: Deal | None,
    after: Deal,
    *,
    key: str,
    kind: EntryKind,
    claim: Claim,
    actor: str | None = None,
    dispute: str | None = None,
    ruling: str | None = None,
    stage: str | None = None,
    reverses: str | None = None,
    reason: str | None = None,
    quiet: bool = False,
) -> Entry | None:
    """``after`` replaces ``before`` in the matter; where money moved, its entry is posted and payees are told.

    What it counts for as performance is noted with it (COM-13). ``claim`` is whose customer it is about; ``before``
    None: the deal is new; ``quiet``: the caller tells payees. Of a deal of a trial nothing is posted; while the trial
    lasts, what would have been is noted (POL-08).
    """
    after = performance.count(draft, before, after, key=key)
    draft.matter = draft.matter.with_deal(after)
    if after.trial:
        _note(draft, before, after, key=key, kind=kind, claim=claim)
        return None
    entry = entry_between(
        before,
        after,
        key=key,
        kind=kind,
        at=draft.at,
        dispute=dispute,
        ruling=ruling,
        stage=stage,
        reverses=reverses,
        reason=reason,
    )
    if entry is None:
        return None
    draft.entries.append(entry)
    if not quiet:
        tell(draft, concerned(entry), kind, claim, apart=actor, deal=after.id)
    _ask_leavers(draft, after, claim)
    return entry


def _note(draft: Draft, before: Deal | None, after: Deal, *, key: str, kind: EntryKind, claim: Claim) -> None:
    was = replace(before, trial=False) if before is not None else None
    entry = entry_between(was, replace(after, trial=False), key=key, kind=kind, at=draft.at)
    if entry is not None and in_trial(draft):
        would_post(draft, after, entry, claim, rule=_RULES[kind])


def tell(
    draft: Draft,
    payees: Iterable[str],
    kind: EntryKind,
    claim: Claim,
    *,
    apart: str | None = None,
    deal: str | None,
    cause: str | None = None,
) -> None:
    """Payees are told what happened to their commission; ``apart`` did it and knows. For a partner its lead is.

    ``cause`` chooses another sentence than that of the kind.
    """
    partners = draft.setting.organisation.partners
    told = (partners[payee].lead if payee in partners else payee for payee in payees)
    for person in told:
        if person is not None and person != apart and person in draft.setting.organisation.people:
            facts = {name: value for name, value in (("deal", deal), ("cause", cause)) if value is not None}
            draft.tell(person, f"money.{kind.value}", claim, rule=_RULES[kind], facts=facts)


def concerned(entry: Entry) -> tuple[str, ...]:
    """The people and partners whose accounts the entry touches."""
    payees = [posting.account.split(":")[1] for posting in entry.postings if posting.account != COMPANY]
    return tuple(dict.fromkeys(payees))


def ask_finance(draft: Draft, claim: Claim, deal: str, *, key: str, kind: str, apart: str | None = None) -> None:
    """A task for everybody in finance who may act on it, else for the admins."""
    for person in finance(draft, claim):
        if person != apart:
            draft.tasks.append(Task(key=key, person=person, kind=kind, subject_type="deal", subject=deal, due=None))


def finance(draft: Draft, claim: Claim) -> tuple[str, ...]:
    """Who is finance where the claim lies, by person number; the admins where nobody is."""
    organisation, place = draft.setting.organisation, Place(program=claim.program, teams=(claim.team,))
    found = [
        organisation.people[person]
        for person in organisation.grants
        if has_role(Actor(person), {Role.FINANCE}, organisation=organisation, at=draft.at, place=place)
    ]
    return tuple(p.id for p in sorted(found, key=lambda p: p.number)) or organisation.admins(at=draft.at)


def share_of(organisation: Organisation, person: str, bps: int) -> Share:
    """A share with the person's number and whoever is paid in their place (COM-03, PPL-08)."""
    known = organisation.people[person]
    return Share(person, bps, known.number, known.partner)


def payee_of(organisation: Organisation, person: str) -> Payee:
    """Who is paid for ``person``: themselves, or their partner organisation (PPL-08)."""
    return share_of(organisation, person, 0).payee


def _ask_leavers(draft: Draft, deal: Deal, claim: Claim) -> None:
    """What somebody owes who has left is set off against nothing: finance asks for it (COM-10)."""
    for position in positions(deal).values():
        if position.at(Account.RECEIVABLE) and position.payee.kind == "person":
            known = draft.setting.organisation.people.get(position.payee.id)
            if known is not None and not draft.setting.organisation.is_active(known.id, at=draft.at):
                ask_finance(draft, claim, deal.id, key=f"owes:{deal.id}:{known.id}", kind="leaver_owes")
