"""Looking for a visitor by what was noticed of them (客户特征): a hint, never an answer (CUS-10)."""

from __future__ import annotations

from api.auth import Caller
from api.call import Done
from api.commands.company import invalid
from api.commands.lookup import count_check, program_asked
from api.schemas.receptions import FeatureSearchIn
from api.views.receptions import likenesses
from domain.customers.features import require_allowed
from domain.refusals import Refusal
from storage import blind_checks, features
from storage.database import Transaction

#: Likenesses that are looked at; nobody compares more of them.
_CLOSEST = 20


def search(tx: Transaction, caller: Caller, program: str, body: FeatureSearchIn) -> Done:
    """A blind check (盲查) by features: counted, limited and on record like one by name or number.

    People of a partner ask nothing: what was noticed in the house is not theirs.
    """
    if program not in caller.setting.programs:
        raise Refusal("not_found")
    program_asked(caller, program)
    if caller.setting.organisation.partner_of(caller.person) is not None:
        raise Refusal("not_allowed", rule="CUS-10")
    policy = caller.setting.policy_at(program, at=caller.at)
    if body.track not in policy.tracks:
        raise invalid("track", rule="CUS-10")
    require_allowed(body.identifying, policy.words("customer.feature_fields"), within="identifying")
    count_check(tx, caller, policy)
    found = features.alike(tx, program, body.identifying, at=tx.now(), limit=_CLOSEST)
    word = "possible" if found else "free"
    blind_checks.keep(tx, person=caller.person, program=program, track=body.track, answer=word, at=tx.now(), probe=None)
    return Done(200, {"answer": word, "items": likenesses(tx, caller, found)})
