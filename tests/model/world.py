"""The company that a walk happens in: two teams, four programs that differ in all their clocks, one calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.model.claim_model import Model, Person, Program, Team
from tests.model.working_time import Calendar
from tests.support.company import Company
from tests.support.company import Person as Caller

#: Long closures and a make-up Saturday soon after the start; later years are loaded without any.
FREE = (
    *("2031-03-12", "2031-03-13", "2031-03-14", "2031-04-03", "2031-04-04"),
    *("2031-05-01", "2031-05-02", "2031-05-05", "2031-06-23", "2031-06-24", "2031-06-25"),
    *("2031-09-30", "2031-10-01", "2031-10-02", "2031-10-03"),
)
WORK = ("2031-03-22", "2031-04-26", "2031-10-11")
YEARS = range(2031, 2038)

#: The defaults of the requirements for every parameter that the model reads. They are not told to the service.
GENERAL: dict[str, Any] = {
    "absence.pause_after_wd": 5,
    "calendar.closure_days": 3,
    "claim.after_deal_days": 180,
    "claim.approval_wh": 48,
    "claim.cap_person": 200,
    "claim.complete_fields": ["need", "next_follow_up_at", "expected_close"],
    "claim.complete_h": 72,
    "claim.correction_wh": 24,
    "claim.extension_days": 30,
    "claim.extension_decide_wh": 48,
    "claim.extension_max": 1,
    "claim.first_follow_up_miss": "lapse",
    "claim.first_follow_up_wh": 48,
    "claim.grace_days": 0,
    "claim.idle_days": 60,
    "claim.judgement_mode": "auto_then_manual",
    "claim.max_total_days": 180,
    "claim.min_note_chars": 10,
    "claim.no_deal_days": 180,
    "claim.on_protection_end": "renew_if_worked",
    "claim.pause_max_days": 30,
    "claim.protection_days": 90,
    "claim.protection_shape": "report_deal",
    "claim.provisional_days": 10,
    "claim.qualified_kinds": ["call", "message", "meeting", "visit", "demo"],
    "claim.qualified_per_day": 1,
    "claim.reclaim_wait_h": {"person": 1, "company": 12, "idle": 168},
    "claim.renew_recent_days": 30,
    "claim.resubmit_max": 2,
    "claim.stage_length": {"report_visit": "15d", "visit_deal": "30d"},
    "claim.void_notice_wh": 24,
    "dispute.contest_wd": 5,
    "people.handover_to": "supervisor",
    "people.leaver_handover_wd": 3,
    "people.mover_keep_days": 60,
    "pool.holding_cap": 200,
    "release.nurture_days": 90,
    "release.objection_wh": 24,
    "release.reasons": ["not_worked", "need_unmet", "customer_request", "lost", "invalid", "false_report"],
    "transfer.accept_wh": 48,
    "transfer.approval": "cross_team",
}
#: What every program sets: a report needs no more than identity, and no cap is halved.
EVERYWHERE: dict[str, Any] = {
    "claim.required_fields": ["identity"],
    "claim.qualified_per_day": 1,
    "guard.min_reports": 1_000_000,
}

#: Elapsed time throughout, everything within hours.
ELAPSED: dict[str, Any] = {
    "absence.pause_after_wd": "PT12H",
    "claim.after_deal_days": "P1DT6H",
    "claim.cap_person": 3,
    "claim.complete_fields": [],
    "claim.extension_days": "P1D",
    "claim.extension_decide_wh": "PT5H",
    "claim.extension_max": 2,
    "claim.first_follow_up_wh": "PT6H",
    "claim.idle_days": "PT20H",
    "claim.max_total_days": "P9D",
    "claim.no_deal_days": "P6D",
    "claim.pause_max_days": "P1DT12H",
    "claim.protection_days": "P2D",
    "claim.provisional_days": "P1D",
    "claim.qualified_per_day": 2,
    "claim.reclaim_wait_h": {"person": 2, "company": "PT6H", "idle": 10},
    "claim.renew_recent_days": "PT30H",
    "claim.void_notice_wh": "PT3H",
    "people.leaver_handover_wd": "PT12H",
    "people.mover_keep_days": "P1D",
    "release.objection_wh": "PT8H",
    "transfer.accept_wh": "PT10H",
}
#: Working hours, working days and calendar days; lapses have a grace period; a missed first follow-up is escalated.
COUNTED: dict[str, Any] = {
    "absence.pause_after_wd": 1,
    "claim.after_deal_days": 2,
    "claim.cap_person": 0,
    "claim.complete_fields": ["need", "expected_close"],
    "claim.complete_h": 30,
    "claim.extension_days": 2,
    "claim.extension_decide_wh": 16,
    "claim.first_follow_up_miss": "escalate",
    "claim.first_follow_up_wh": 16,
    "claim.grace_days": 1.5,
    "claim.idle_days": 3,
    "claim.max_total_days": 14,
    "claim.no_deal_days": 10,
    "claim.pause_max_days": 3,
    "claim.protection_days": 5,
    "claim.provisional_days": 2,
    "claim.renew_recent_days": 3,
    "claim.void_notice_wh": 6,
    "people.handover_to": "pool",
    "people.leaver_handover_wd": 1,
    "people.mover_keep_days": 3,
    "pool.holding_cap": 5,
    "release.objection_wh": 12,
    "transfer.accept_wh": 12,
    "transfer.approval": "always",
}
#: A judge decides every report; first the visit, then the deal.
JUDGED: dict[str, Any] = {
    "claim.after_deal_days": 1,
    "claim.approval_wh": 12,
    "claim.cap_person": 0,
    "claim.complete_fields": ["need"],
    "claim.correction_wh": 10,
    "claim.extension_days": 1,
    "claim.first_follow_up_wh": 24,
    "claim.grace_days": "PT18H",
    "claim.idle_days": 4,
    "claim.judgement_mode": "manual",
    "claim.max_total_days": 9,
    "claim.no_deal_days": 8,
    "claim.pause_max_days": 2,
    "claim.protection_shape": "report_visit_deal",
    "claim.provisional_days": 30,
    "claim.reclaim_wait_h": {"person": "PT30M", "company": 3},
    "claim.renew_recent_days": "P1D",
    "claim.resubmit_max": 1,
    "claim.stage_length": {"report_visit": "2d", "visit_deal": "PT60H"},
    "pool.holding_cap": 0,
    "people.mover_keep_days": "P2D",
    "transfer.approval": "never",
}
#: A report alone gives nothing; the first visit accepts. Nothing is renewed, nothing may be paused.
VISITED: dict[str, Any] = {
    "claim.after_deal_days": "P1D",
    "claim.cap_person": 0,
    "claim.extension_max": 0,
    "claim.first_follow_up_wh": "PT9H",
    "claim.idle_days": 0,
    "claim.judgement_mode": "auto",
    "claim.no_deal_days": "P4D",
    "claim.on_protection_end": "lapse",
    "claim.pause_max_days": 0,
    "claim.protection_shape": "visit_deal",
    "claim.reclaim_wait_h": {"person": 0, "company": 0},
    "claim.stage_length": {"report_visit": "1d", "visit_deal": "36h"},
    "claim.complete_fields": [],
    "people.handover_to": "pool",
}
PROGRAMS = {"elapsed": ELAPSED, "counted": COUNTED, "judged": JUDGED, "visited": VISITED}
TEAMS = ("north", "south")


class World:
    """The company, who is who in it, and the model that knows the same."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.model = Model(Calendar(free=FREE, work=WORK))
        self.callers: dict[str, Caller] = {}
        self.names: dict[str, str] = {}  # by id
        self.teams: dict[str, str] = {"root": company.root}  # id by name
        self.programs: dict[str, str] = {}
        self.model.teams["root"] = Team("root", None)
        self._people()
        calendar = self._calendar()
        for name, values in PROGRAMS.items():
            self.programs[name] = company.program(name, policy=EVERYWHERE | values, calendar=calendar)
            self.model.programs[name] = Program(name, GENERAL | values)

    def hire(self, name: str, team: str) -> None:
        """One more rep."""
        self._enter(name, team, self.company.rep(name, team=self.teams[team]))
        self.model.people[name].sells = True

    def _people(self) -> None:
        self._enter("admin", "root", self.company.admin)
        self._enter("boss", "root", self.company.leader(self.company.root, "boss"))
        self.model.teams["root"].leader = "boss"
        for team in TEAMS:
            self.teams[team] = self.company.team(team)
            self.model.teams[team] = Team(team, "root", f"{team}_lead")
            self._enter(f"{team}_lead", team, self.company.leader(self.teams[team], f"{team}_lead"))
            for number in (1, 2, 3):
                self.hire(f"{team}{number}", team)
        accountant = self.company.person("finance", roles=("finance",), company_wide=True)
        self._enter("finance", "root", accountant)
        self.model.people["finance"].finance = True

    def _enter(self, name: str, team: str, caller: Caller) -> None:
        self.callers[name] = caller
        self.names[caller.id] = name
        self.model.people[name] = Person(name, [(0, team)])

    def _calendar(self) -> str:
        admin = self.company.admin
        body = {"name": "Walk", "country": "CN", "zone": "Asia/Shanghai", "office_hours": "09:00-18:00"}
        calendar = str(admin.made("/v1/calendars", body)["id"])
        for year in YEARS:
            days = {"free_days": FREE, "work_days": WORK}
            of_year = {name: [d for d in dates if d.startswith(str(year))] for name, dates in days.items()}
            admin.made(f"/v1/calendars/{calendar}/years", {"year": year, **of_year})
        return calendar


def customer(kind: str, number: int) -> dict[str, Any]:
    """The body of a customer nobody else is taken for."""
    if kind == "company":
        return {"kind": "company", "name": f"{_word(number, 4)}贸易有限公司"}
    return {"kind": "person", "name": f"王{_word(number, 2)}", "phone": f"139{number:08d}"}


def _word(number: int, length: int) -> str:
    """Different characters for different numbers, never only one of them different."""
    return "".join(chr(0x4E00 + (number * (37 + 2 * place) + 1009 * place) % 18_000) for place in range(length))


def day_text(day: int) -> str:
    """A local day as the contract writes it."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
