"""What a decision may read besides its matter: people, programs, policies, calendars. A snapshot, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.calendar.working_calendar import WorkingCalendar
from domain.claims.clocks import Terms
from domain.claims.model import Claim, TermsRef
from domain.leads.rules import DEFAULT, Rule
from domain.money.model import Plan
from domain.people.organisation import Organisation
from domain.people.profile import UNKNOWN, Profile
from domain.policy.policy import Policy
from domain.programs.program import PolicyVersion, Program, in_force
from domain.territories.division import TerritoryPlan
from domain.territories.division import in_force as plan_in_force


@dataclass(frozen=True)
class PolicyContent:
    """What one saved policy version sets: only the parameters it names, and its overrides (CLM-13)."""

    parameters: Mapping[str, Any]
    overrides: Sequence[Any]


@dataclass(frozen=True, eq=False)
class Setting:
    """The company as it is at one revision."""

    revision: int
    organisation: Organisation
    programs: Mapping[str, Program]
    company_policies: Sequence[PolicyVersion]
    policies: Mapping[str, PolicyContent]
    calendars: Mapping[str, WorkingCalendar]
    calendar_changes: Mapping[str, datetime] = field(default_factory=dict)  # when its present version took effect
    plans: Mapping[str | None, Sequence[Plan]] = field(default_factory=dict)  # by program; None: the company's (COM-02)
    profiles: Mapping[str, Profile] = field(default_factory=dict)  # by person (PPL-04)
    lead_rules: Mapping[str, Sequence[Rule]] = field(default_factory=dict)  # by program that has its own (LEAD-03)
    territory_plans: Mapping[str, Sequence[TerritoryPlan]] = field(default_factory=dict)  # by program (TER-03)
    epoch: int = 0  # workflows of an older epoch continue as new (operations and upgrades)

    def terms_at(self, program: str, *, at: datetime) -> TermsRef:
        """The policy in force in ``program`` at ``at`` and the present calendar (POL-02)."""
        own = self.programs[program].policy_at(at)
        company = in_force(self.company_policies, at) or self.company_policies[0]
        return TermsRef(
            policy=own.id,
            company_policy=company.id,
            version=own.version,
            calendar_version=self.calendar(program).version,
        )

    def policy(self, ref: TermsRef) -> Policy:
        """Defaults, under the company's version, under the program's (POL-01)."""
        return self._policy(ref.policy, ref.company_policy, ref.version)

    def policy_at(self, program: str, *, at: datetime) -> Policy:
        return self.policy(self.terms_at(program, at=at))

    def rules_since(self, program: str, *, at: datetime) -> datetime:
        """Since when the rules of ``program`` read as they do at ``at``: a new version of it, or of what lies beneath.

        A company's policy that changes nothing which the program inherits leaves its rules as they were.
        """
        own = self.programs[program].policy_at(at)
        since, before = own.effective_at, self.policy_at(program, at=own.effective_at)
        for beneath in self.company_policies:
            if own.effective_at < beneath.effective_at <= at:
                after = self.policy_at(program, at=beneath.effective_at)
                if not after.reads_like(before):
                    since = beneath.effective_at
                before = after
        return since

    def in_trial(self, program: str, *, at: datetime) -> bool:
        """Whether ``program`` ran on trial at ``at`` (POL-08): the program, whatever policy is fixed for a claim."""
        return self.policy_at(program, at=at).choice("program.mode") == "trial"

    def company_policy_at(self, at: datetime) -> Policy:
        """The company's own policy, for what lies in no program (tokens, caps, reveals)."""
        company = in_force(self.company_policies, at) or self.company_policies[0]
        content = self.policies[company.id]
        return _resolved((content,), company.version, self, company.id)

    def profile(self, person: str) -> Profile:
        """What matching knows of ``person``."""
        return self.profiles.get(person, UNKNOWN)

    def rules_for_leads(self, program: str) -> Sequence[Rule]:
        """The program's assignment rules; without any, everybody in turn (LEAD-03)."""
        return self.lead_rules.get(program) or DEFAULT

    def territory_plan(self, program: str, *, at: datetime) -> TerritoryPlan | None:
        """The division of ``program`` in force at ``at``, or None (TER-03)."""
        return plan_in_force(self.territory_plans.get(program, ()), at)

    def is_divided(self, program: str, *, track: str, at: datetime) -> bool:
        """Whether a plan in force divides the customers of this track, so that some lie in nobody's part (TER-02)."""
        plan = self.territory_plan(program, at=at)
        return plan is not None and any(territory.track == track for territory in plan.territories)

    def calendar(self, program: str) -> WorkingCalendar:
        return self.calendars[self.programs[program].calendar]

    def terms_of(self, claim: Claim) -> Terms:
        """What the clocks of ``claim`` are counted with: its fixed policy with its override, today's calendar."""
        policy = self.policy(claim.terms).for_claim(
            level=claim.customer_level, kind=claim.customer_kind, source=claim.source, channel=claim.channel
        )
        return Terms(policy=policy, calendar=self.calendar(claim.program))

    def supervisor(self, person: str, *, program: str, at: datetime, interested: Sequence[str] = ()) -> str | None:
        """The supervisor of ``person`` in a matter of ``program`` (contract section 2)."""
        return self.organisation.supervisor(
            person, at=at, oversight=self.programs[program].oversight, interested=interested
        )

    def _policy(self, own: str, company: str, version: int) -> Policy:
        return _resolved((self.policies[company], self.policies[own]), version, self, own + company)


def _resolved(layers: tuple[PolicyContent, ...], version: int, setting: Setting, key: str) -> Policy:
    """Saved versions never change, so what they resolve to is kept for the life of the snapshot."""
    kept: dict[str, Policy] = setting.__dict__.setdefault("_resolved", {})
    policy = kept.get(key)
    if policy is None:
        policy = Policy.resolve(
            *(c.parameters for c in layers),
            overrides=tuple(o for c in layers for o in c.overrides),
            version=version,
        )
        kept[key] = policy
    return policy
