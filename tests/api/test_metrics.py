"""What an operator watches (design section 2, "Poison"; AUD-07)."""

from __future__ import annotations

from tests.support.company import Company, person_customer


def gauges(company: Company) -> dict[str, float]:
    text = company.call("GET", "/metrics", token=None).text
    lines = [line for line in text.splitlines() if line.startswith("fairclaim_")]
    return {name: float(value) for name, value in (line.split() for line in lines)}


def test_a_command_that_waits_for_the_engine_is_counted_until_it_is_decided(company: Company) -> None:
    """AUD-07: late after a minute, back to nothing once the engine is back."""
    rep, program = company.rep(), company.program()
    assert set(gauges(company).values()) == {0.0}
    company.direct.down = True
    answer = rep.post("/v1/claims", {"program": program, "customer": person_customer()})
    assert answer.status_code == 202
    assert (gauges(company)["fairclaim_commands_waiting"], gauges(company)["fairclaim_commands_late"]) == (1.0, 0.0)
    company.shift(seconds=61)
    assert gauges(company)["fairclaim_commands_late"] == 1.0
    company.direct.down = False
    company.direct.drain(answer.json()["id"])
    assert set(gauges(company).values()) == {0.0}
