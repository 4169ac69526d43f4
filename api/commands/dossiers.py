"""Reading and writing what is known of a customer (客户档案): CUS-11.

A dossier decides nothing and moves no clock, so it is written at once and rings nobody.
"""

from __future__ import annotations

from typing import Any

from api.auth import Caller
from api.call import Done
from api.commands.received import as_of_now, on_claim, record_correction, visible_claim
from api.schemas.dossiers import DecisionMakerIn, DossierPatch
from api.views.dossiers import dossier_view
from domain.claims.lifecycle import HOLDING, refused
from domain.claims.permissions import keeps_dossier, reads_dossier
from domain.refusals import FieldError, Refusal
from storage import dossiers, matters
from storage.claim_rows import claim_of
from storage.database import Transaction, mint


@on_claim
def read(tx: Transaction, caller: Caller, claim: str) -> dict[str, Any]:
    """The dossier of the customer that the claim holds; ``not_allowed`` for whoever only reads the claim."""
    row = visible_claim(tx, caller, claim)
    if not reads_dossier(claim_of(row), actor=caller.actor, setting=caller.setting, at=caller.at):
        raise Refusal("not_allowed", rule="CUS-11")
    return _shown(tx, claim, row)


@on_claim
def edit(tx: Transaction, caller: Caller, claim: str, body: DossierPatch) -> Done:
    """Set what is named. History tells which parts were changed, and nothing of what they say."""
    row = visible_claim(tx, caller, claim)
    _require_keeper(caller, row)
    locked = matters.lock(tx, row["matter"], of=claim)
    held = as_of_now(tx, caller, locked, also=(claim,)).claims[claim]
    if held.state not in HOLDING:
        raise refused(state=held.state, trigger="dossier")
    if not keeps_dossier(held, actor=caller.actor):  # it went to somebody else meanwhile
        raise Refusal("not_allowed", rule="CUS-11")
    present = dossiers.of(tx, row["matter"], row["customer"])
    if present.version != body.version:
        raise Refusal("version_conflict", rule="CUS-01", facts={"versions": [body.version, present.version]})
    given = body.model_dump(exclude_unset=True, exclude={"version", "decision_makers"})
    content = {**present.content, **given}
    pairs: list[tuple[str, str]] = []
    if "decision_makers" in body.model_fields_set:
        named = body.decision_makers or []
        content["decision_makers"], pairs = _decision_makers(tx, present, named, matter=row["matter"])
    kept = dossiers.keep(tx, present, content, matter=row["matter"], by=caller.person, at=locked.now)
    dossiers.met(tx, kept, matter=row["matter"], pairs=pairs, at=locked.now)
    record_correction(
        tx,
        caller,
        row,
        locked,
        cause="dossier",
        fields=sorted(body.model_fields_set - {"version"}),
        version=kept.version,
    )
    return Done(200, _shown(tx, claim, row))


def _shown(tx: Transaction, claim: str, row: dict[str, Any]) -> dict[str, Any]:
    kept, *merged = dossiers.all_of(tx, row["matter"], row["customer"])
    return dossier_view(claim, kept, merged, dossiers.met_in(tx, row["matter"]))


def _require_keeper(caller: Caller, row: dict[str, Any]) -> None:
    if not keeps_dossier(claim_of(row), actor=caller.actor):
        raise Refusal("not_allowed", rule="CUS-11")


def _decision_makers(
    tx: Transaction, present: dossiers.Dossier, named: list[DecisionMakerIn], *, matter: str
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """The list as it is kept, and who was met in which follow-up. An id is one that the dossier has, named once."""
    known = {one["id"] for one in present.content.get("decision_makers") or ()}
    ids = [one.id for one in named if one.id is not None]
    if len(set(ids)) != len(ids) or not known.issuperset(ids):
        raise Refusal("field_invalid", rule="CUS-11", errors=(FieldError("decision_makers", "field_invalid"),))
    listed = [{**one.model_dump(exclude={"met"}), "id": one.id or mint()} for one in named]
    pairs = [(kept["id"], met) for kept, one in zip(listed, named, strict=True) for met in dict.fromkeys(one.met or ())]
    wanted = {met for _, met in pairs}
    if dossiers.meetings(tx, matter, wanted) != wanted:
        raise Refusal("field_invalid", rule="CLM-08", errors=(FieldError("decision_makers", "field_invalid"),))
    return listed, pairs
