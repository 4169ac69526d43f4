"""Every case has a stream of its own, by which its workflow drains it (design section 2)."""

from __future__ import annotations

import sqlalchemy as sa

from storage import tables as t
from tests.api.disputes.test_a_case import Case
from tests.support.company import Company
from tests.support.office import done, moment


def test_a_command_meant_to_join_a_case_that_had_ended_by_then_opens_its_own(company: Company) -> None:
    """DSP-01: the case was over, but nobody had decided so yet when the second one was asked for."""
    case = Case(company)
    first = case.open()
    withdrawn = done(case.second.post(f"/v1/disputes/{first['id']}/withdraw", {}))
    over = next(w["deadline"] for w in withdrawn["windows"] if w["window"] == "continue")
    company.shift(seconds=(moment(over) - company.now()).total_seconds() + 60)
    second = case.open()
    company.ring_bells()
    assert (second["number"], done(case.second.get(f"/v1/disputes/{first['id']}"))["state"]) == (2, "withdrawn")
    assert done(case.second.get(f"/v1/disputes/{second['id']}"))["state"] == "negotiating"
    with company.database.reading() as tx:
        streams = tx.rows(sa.select(t.stream.c.id, t.stream.c.open).where(t.stream.c.kind == "dispute"))
    assert {s["id"]: s["open"] for s in streams} == {first["id"]: False, second["id"]: True}
