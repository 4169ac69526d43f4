"""A program in trial goes live, by an admin's call and never by itself (contract section 17, POL-08)."""

from __future__ import annotations

from dataclasses import replace

from api.call import Done
from api.commands.company import Change, members_of
from api.views.programs import program_row
from api.views.trial import results_of, trial_of
from domain.matters.draft import Notice
from domain.matters.setting import PolicyContent, Setting
from domain.people.access import Place, ReadScope
from domain.people.organisation import Role
from domain.programs.program import Migration, PolicyVersion
from domain.refusals import Refusal
from storage import policies, trial
from storage import tables as t
from storage.codec import rfc3339
from storage.notices import queue_notices

#: So many of the entries that came otherwise are answered at once; the list has the rest.
_SHOWN = 200


def go_live(change: Change, program: str) -> Done:
    """From now on the rules refuse, lapse and post; what people did otherwise until now is recorded and answered.

    The policy in force becomes a version of its own that differs in `program.mode` alone. Every open claim begins its
    clocks again: one fact that every later drain reads (design section 2, "Bulk changes").
    """
    program_row(change.tx, program)
    change.require(Role.ADMIN, place=Place(program=program))
    setting = change.setting
    if not setting.in_trial(program, at=change.now):
        raise Refusal("illegal_transition", rule="POL-08", facts={"trigger": "go_live"}, current_state="live")
    present = setting.policies[setting.programs[program].policy_at(change.now).id]
    content = PolicyContent({**present.parameters, "program.mode": "live"}, present.overrides)
    policy = policies.add(
        change.tx,
        program=program,
        parameters=content.parameters,
        overrides=content.overrides,
        author=change.person,
        at=change.now,
        rev=change.rev,
        effective_at=change.now,
    )
    version = policies.in_force(change.tx, [program], at=change.now)[program]["version"]
    number = change.tx.next_number("migration")
    row = {"number": number, "program": program, "policy": policy, "at": change.now, "goes_live": True}
    change.tx.insert(t.migration, {**row, "actor": change.person, "rev": change.rev})
    trial.fix(change.tx, program)
    live = _live(setting, program, content, PolicyVersion(policy, version, change.now), number)
    _require_to_stay_live(live, program, change)
    grace = live.policy_at(program, at=change.now).duration("opening.grace_days")
    until = live.calendar(program).add(change.now, grace).at if grace is not None else change.now
    _announce(change, program, policy, version)
    everything = ReadScope(change.person, everything=True, teams=frozenset(), programs=frozenset())
    stood = trial_of(change.tx, live, program, scope=everything, at=change.now)
    shown = results_of(change.tx, program, scope=everything, otherwise=True, limit=_SHOWN)
    change.record(policy, "policy", "activated", program=program, version=version, effective_at=change.now)
    change.record(
        program,
        "program",
        "went_live",
        policy=policy,
        migration=number,
        grace_until=until,
        counts=stood["counts"],
        otherwise=stood["otherwise"],
    )
    return Done(200, {**stood, "grace_until": rfc3339(until), "policy_version": version, **shown})


def _live(setting: Setting, program: str, content: PolicyContent, version: PolicyVersion, number: int) -> Setting:
    """The company once the program is live."""
    known = setting.programs[program]
    migration = Migration(number, version, version.effective_at, None, goes_live=True)
    after = replace(known, policies=(*known.policies, version), migrations=(*known.migrations, migration))
    return replace(
        setting,
        programs={**setting.programs, program: after},
        policies={**setting.policies, version.id: content},
    )


def _require_to_stay_live(live: Setting, program: str, change: Change) -> None:
    """No version that was set for later may bring the trial back: such a one is moved or drawn up again first."""
    versions = (*live.programs[program].policies, *live.company_policies)
    later = sorted(v.effective_at for v in versions if v.effective_at > change.now)
    back = next((at for at in later if live.in_trial(program, at=at)), None)
    if back is not None:
        raise Refusal("illegal_transition", rule="POL-08", facts={"trial_again_at": back}, current_state="trial")


def _announce(change: Change, program: str, policy: str, version: int) -> None:
    """Everybody in the program is told that the rules hold from now on."""
    queue_notices(
        change.tx,
        [
            Notice(
                person=person,
                kind="policy.changed",
                urgency="urgent",
                subject_type="policy",
                subject=policy,
                rule="POL-08",
                policy_version=version,
                facts={"cause": "live", "by": change.person, "program": program},
            )
            for person in members_of(change, program)
        ],
        at=change.now,
    )
