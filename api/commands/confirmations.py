"""Customer confirmation (客户确认): asked for, its link printed, answered without a token, overridden (CNF-01)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done, Waiting
from api.commands.files import attached
from api.commands.received import on_claim, permitted, receive, visible_claim
from api.schemas.claims import ConfirmationIn
from api.schemas.confirmations import AnswerIn, FormIn
from api.services import Services
from domain.claims.permissions import prints_links
from domain.matters.matter import Command, CommandKind
from domain.matters.setting import Setting
from domain.refusals import FieldError, Refusal
from storage import confirmations, customers, history, matters, texts
from storage import tables as t
from storage.claim_rows import claim_of
from storage.codec import rfc3339
from storage.database import Transaction, mint


@on_claim
def ask(tx: Transaction, caller: Caller, claim: str, body: ConfirmationIn) -> Waiting:
    """Have the customer asked; the service sends the link, and whoever asks never sees it."""
    row = visible_claim(tx, caller, claim)
    permitted(caller, CommandKind.CONFIRM_ASK, claim_of(row))
    return receive(tx, caller, row, CommandKind.CONFIRM_ASK, lambda _: {"point": body.point})


@on_claim
def override(tx: Transaction, caller: Caller, claim: str, reason: str) -> Waiting:
    """The supervisor goes on without the customer's word."""
    row = visible_claim(tx, caller, claim)
    permitted(caller, CommandKind.CONFIRM_OVERRIDE, claim_of(row))
    text = texts.keep(tx, reason, customer=row["customer"])
    return receive(tx, caller, row, CommandKind.CONFIRM_OVERRIDE, lambda _: {"text": text})


@on_claim
def link(tx: Transaction, caller: Caller, claim: str, confirmation: str) -> Done:
    """A code to hand to the customer in person, told once; the one that was sent opens nothing any more."""
    row = visible_claim(tx, caller, claim)
    if not prints_links(claim_of(row), actor=caller.actor, setting=caller.setting, at=caller.at):
        raise Refusal("not_allowed", rule="CNF-01")
    locked = matters.lock(tx, row["matter"], of=claim)
    c = t.confirmation
    asked = tx.row(sa.select(c).where(c.c.id == confirmation, c.c.claim == claim))
    if asked is None:
        raise Refusal("not_found")
    if asked["answer"] is not None or (asked["until"] is not None and locked.now > asked["until"]):
        raise Refusal("link_invalid", rule="CNF-01")
    code = confirmations.renew(tx, confirmation, at=locked.now)
    told = {"cause": "confirmation", "step": "printed", "confirmation": confirmation}
    history.append(tx, [history.Entry(claim, "claim", "corrected", locked.now, actor=caller.person, data=told)])
    matters.touch(tx, row["matter"], locked.now)
    answer = {
        "id": confirmation,
        "code": code,
        "until": rfc3339(asked["until"]) if asked["until"] is not None else None,
    }
    return Done(200, answer, kept_body=answer | {"code": None})


@on_claim
def form(tx: Transaction, caller: Caller, claim: str, confirmation: str, body: FormIn) -> Waiting:
    """What the customer signed on paper, entered by the supervisor: evidence as an answer by link is."""
    row = visible_claim(tx, caller, claim)
    if not prints_links(claim_of(row), actor=caller.actor, setting=caller.setting, at=caller.at):
        raise Refusal("not_allowed", rule="CNF-01")
    _only_with_no(body)
    locked = matters.lock(tx, row["matter"], of=claim)
    c = t.confirmation
    asked = tx.row(sa.select(c).where(c.c.id == confirmation, c.c.claim == claim))
    if asked is None:
        raise Refusal("not_found")
    if asked["answer"] is not None or customers.data_key(tx, asked["customer"]) is None:
        raise Refusal("link_invalid", rule="CNF-01")
    (file,) = attached(tx, caller, [body.file], claim=claim, field="file")
    named = _named(tx, caller.setting, body.named) if body.named is not None else None
    text = texts.keep(tx, body.named, customer=asked["customer"])
    confirmations.used(tx, confirmation, answer=body.answer, named=named, text=text, at=locked.now, form=file)
    said = {"confirmation": confirmation, "answer": body.answer, "named": named, "text": text, "form": file}
    return receive(tx, caller, row, CommandKind.CONFIRM_ANSWER, lambda _: said, locked=locked)


def question(services: Services, code: str, *, address: str) -> dict[str, Any]:
    """What a customer reads who opens the link."""
    with services.database.reading() as tx:
        asked = _opened(services, tx, code, address=address)
        name = tx.execute(sa.select(t.person.c.name).where(t.person.c.id == asked["person"])).scalar()
        return {
            "company": tx.execute(sa.select(t.company.c.name)).scalar_one(),
            "person": tx.keys.open_text(name) or "",
            "point": asked["point"],
            "until": rfc3339(asked["until"]) if asked["until"] is not None else None,
        }


def answer(services: Services, code: str, body: AnswerIn, *, address: str) -> dict[str, Any]:
    """Keep what the customer says as evidence; what it does is decided by the drain of the matter.

    A name that belongs to one person here names that person; any other is kept as the customer wrote it.
    """
    _only_with_no(body)
    with services.database.reading() as tx:  # nobody without a code takes the lock below
        _opened(services, tx, code, address=address)

    def run(tx: Transaction) -> dict[str, Any]:
        first = confirmations.opened(tx, code, at=tx.now())
        claim = tx.row(sa.select(t.claim).where(t.claim.c.id == first["claim"]))
        assert claim is not None
        locked = matters.lock(tx, claim["matter"], of=claim["id"])
        asked = confirmations.opened(tx, code, at=locked.now)
        setting = services.snapshots.setting(tx)
        named = _named(tx, setting, body.named) if body.named is not None else None
        text = texts.keep(tx, body.named, customer=asked["customer"])
        confirmations.used(tx, asked["id"], answer=body.answer, named=named, text=text, at=locked.now)
        said = {"confirmation": asked["id"], "answer": body.answer, "named": named, "text": text}
        command = Command(mint(), CommandKind.CONFIRM_ANSWER, claim["id"], None, locked.now, said)
        row = matters.command_row(command, matter=locked.row["id"], target_type="claim", target=claim["id"])
        tx.insert(t.command, row)
        matters.touch(tx, locked.row["id"], locked.now)
        matters.ring_later(tx, claim["id"], "claim", at=locked.now)
        return {"answer": body.answer, "answered_at": rfc3339(locked.now)}

    return services.database.transact(run)


def _opened(services: Services, tx: Transaction, code: str, *, address: str) -> dict[str, Any]:
    """The confirmation; ``rate_limited`` where too many codes that nobody was given came from ``address``.

    Whoever opens a link again that was used, or too late, tries no codes.
    """
    now = tx.now()
    services.wrong_codes.check(address, at=now)
    if not confirmations.is_known(tx, code):
        services.wrong_codes.count(address, at=now)
    return confirmations.opened(tx, code, at=now)


def _only_with_no(body: AnswerIn) -> None:
    if body.named is not None and body.answer == "yes":
        raise Refusal("field_not_allowed", rule="CNF-01", errors=(FieldError("named", "field_not_allowed"),))


def _named(tx: Transaction, setting: Setting, said: str) -> str | None:
    """Whoever of the company's people has exactly this name; None where nobody has, or several."""
    wanted = "".join(said.split()).casefold()
    found = [
        row["id"]
        for row in tx.rows(sa.select(t.person.c.id, t.person.c.name).order_by(t.person.c.number))
        if "".join((tx.keys.open_text(row["name"]) or "").split()).casefold() == wanted
        and setting.organisation.people[row["id"]].active
    ]
    return str(found[0]) if len(found) == 1 else None
