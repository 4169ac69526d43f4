"""What came first is decided first, on whichever of the two records it came (CUS-13, design section 2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.answers import refused
from tests.support.company import Company
from tests.support.office import act, customer, done, moment, read, work
from tests.support.records import Records


@pytest.fixture
def records(company: Company) -> Records:
    return Records(company)


def shift_past(records: Records, instant: str) -> None:
    """The clock goes on, and nobody has woken up yet."""
    records.company.shift(seconds=(moment(instant) - records.company.now()).total_seconds() + 1)


def test_an_outcome_that_is_final_is_not_overtaken_by_work_on_the_other_record(records: Records) -> None:
    """CUS-13, DSP-15: the time to appeal is over, its timer is late; whose customer it is may work."""
    found = records.to_ruling()
    ruled = done(records.ruling(found, outcome="no_change", same=False))
    shift_past(records, ruled["deadline"])
    work(records.second, records.new)
    assert [claim["state"] for claim in records.both()] == ["protected", "active"]
    records.company.ring_bells()
    assert done(records.leader.get(f"/v1/disputes/{found['id']}"))["state"] == "final"


def test_work_on_the_other_record_is_decided_before_an_outcome_that_came_later(records: Records) -> None:
    """CUS-13, design section 4: a deal during the case is the holder's, though the outcome is drained first."""
    found = records.to_ruling()
    ruled = done(records.ruling(found, outcome="no_change", same=False))
    records.company.direct.down = True
    deal = {"amount": {"amount_minor": 1_000_00, "currency": "CNY"}, "contract_at": records.company.now().isoformat()}
    answer = records.second.post(
        "/v1/deals", {"program": records.office.program, "customer": records.new["customer"]["id"], **deal}
    )
    assert answer.status_code == 202, answer.text
    refused_work = act(records.second, records.new, "follow-ups", kind="call", note="谈了户型、预算和下次看房时间安排")
    assert refused_work.status_code == 202
    records.company.direct.down = False
    shift_past(records, ruled["deadline"])
    records.company.direct.drain(found["id"])
    command = done(records.second.get(refused_work.headers["location"]))
    assert (command["state"], command["problem"]["code"]) == ("refused", "claim_disputed")
    assert [claim["state"] for claim in records.both()] == ["protected", "won"]


def test_the_earlier_of_two_crossing_questions_is_asked(company: Company) -> None:
    """CUS-13, DSP-01: B is asked about with C before it is with A; A's drain comes first and does not freeze B."""
    records = Records(company)
    third = records.office.claim(company.rep("丁", team=records.office.team), customer=customer(3))
    company.direct.down = True
    earlier: Any = records.asked(records.second, records.new, third)
    later: Any = records.asked(records.first, records.old, records.new)
    assert (earlier.status_code, later.status_code) == (202, 202)
    company.direct.down = False
    company.direct.drain(later.json()["id"])
    company.direct.drain(earlier.json()["id"])
    assert read(records.second, records.new)["dispute"] == earlier.json()["id"]
    assert read(records.first, records.old)["state"] == "protected"
    command = done(records.first.get(later.headers["location"]))
    assert command["problem"]["code"] == "illegal_transition"
    refused(records.asked(records.first, records.old, records.new), 409, "illegal_transition")
