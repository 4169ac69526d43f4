"""The parameters ``calendar.*`` choose a program's calendar when it opens; afterwards the calendar counts (TER-06)."""

from __future__ import annotations

from domain.policy.policy import Policy


def warning(
    policy: Policy, *, country: str, zone: str, office_hours: str, weekdays: tuple[int, ...], lang: str
) -> str | None:
    """A sentence where the policy says another calendar than the one its program has."""
    said = (
        policy.word("calendar.country"),
        policy.word("calendar.zone"),
        policy.value("calendar.office_hours"),
        policy.weekdays(),
    )
    if said == (country, zone, office_hours, weekdays):
        return None
    if lang == "en":
        return (
            "The program's calendar differs from calendar.*: deadlines follow the calendar, "
            "which is changed on the program. (TER-06)"
        )
    return "项目的工作日历与 calendar.* 不同：期限以项目日历为准，请在项目上更换日历。（TER-06）"
