"""Ownership look-up and blind check: one word for everybody, the claim for readers, nothing kept (CUS-08, CUS-09)."""

from __future__ import annotations

import uuid
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from storage import tables as t
from storage.retention import tidy
from tests.support.answers import listed, refused
from tests.support.company import Company, Person, person_customer

WANG = person_customer()


def asked(who: Person, program: str, customer: dict[str, Any] | None = None, **more: Any) -> httpx2.Response:
    body = {"program": program, "customer": customer or WANG, **more}
    return who.company.call("POST", "/v1/ownership/lookup", token=who.token, json=body)


def word(who: Person, program: str, customer: dict[str, Any] | None = None, **more: Any) -> str:
    answer = asked(who, program, customer, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["answer"])


def claimed(who: Person, program: str, customer: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return who.made("/v1/claims", {"program": program, "customer": customer or WANG, **more})


def test_each_of_the_five_answers_is_given_where_it_is_true(company: Company) -> None:
    """CUS-08: free, own, conflict, pooled, possible."""
    program, owner, other = company.program(), company.rep(), company.rep("赵强")
    assert word(other, program) == "free"
    claim = claimed(owner, program)
    assert word(owner, program) == "own"
    assert word(other, program) == "conflict"
    owner.made(f"/v1/claims/{claim['id']}/release", {"reason": "need_unmet"})
    assert word(owner, program) == "pooled"
    assert word(other, program) == "pooled"
    shared = {"kind": "company", "name": "上海甲有限公司", "phone": "021-62345678"}
    claimed(owner, program, shared)
    assert word(other, program, shared | {"name": "北京乙有限公司"}) == "possible"


def test_a_stranger_learns_one_word_and_nothing_else(company: Company) -> None:
    """CUS-08: no owner, contact, record id or date, in the same shape for a hidden record and for none."""
    program, owner, other = company.program(), company.rep("李娜"), company.rep("赵强")
    claim = claimed(owner, program)
    hit = asked(other, program)
    assert hit.json() == {"answer": "conflict", "track": "sales", "claim": None}
    free = asked(other, program, person_customer(phone="13900001111"))
    assert free.json() == {"answer": "free", "track": "sales", "claim": None}
    assert set(hit.headers) == set(free.headers)
    for secret in (claim["id"], claim["customer"]["id"], owner.id, "李娜", "王"):
        assert secret not in hit.text


def test_a_known_customer_that_nobody_holds_sounds_like_an_unknown_one(company: Company) -> None:
    """CUS-08: else a stranger could test who is in the customer base."""
    program, rep = company.program(), company.rep()
    company.admin.made("/v1/customers", WANG)
    assert asked(rep, program).json() == asked(rep, program, person_customer(phone="13900001111")).json()


def test_a_reader_with_scope_sees_the_claim_with_owner_state_and_clocks(company: Company) -> None:
    """CUS-09, AUD-03: owner, leader above, administrator; contacts stay masked."""
    team = company.team()
    leader, owner = company.leader(team), company.rep(team=team)
    program = company.program()
    claim = claimed(owner, program)
    for reader, said in ((owner, "own"), (leader, "conflict"), (company.admin, "conflict")):
        found = asked(reader, program).json()
        assert found["answer"] == said
        assert (found["claim"]["id"], found["claim"]["owner"], found["claim"]["state"]) == (
            claim["id"],
            owner.id,
            "protected",
        )
        assert found["claim"]["clocks"]
        assert found["claim"]["customer"]["phone"] == "+86138****5678"


def test_other_programs_and_tracks_are_other_matters(company: Company) -> None:
    """TER-01: ownership is per program and track."""
    tracks = {"ownership.tracks": ["sales", "channel"]}
    here, there = company.program("A", policy=tracks), company.program("B")
    owner, other = company.rep(), company.rep("赵强")
    claimed(owner, here)
    assert word(other, here) == "conflict"
    assert word(other, here, track="channel") == "free"
    assert word(other, there) == "free"
    refused(asked(other, there, track="channel"), 422, "field_invalid", "track")


def test_a_project_is_looked_up_by_its_name_or_tender_number_and_never_made(company: Company) -> None:
    """CLM-33: needed where the subject is the project, refused elsewhere."""
    program = company.program(policy={"claim.subject": "project"})
    plain = company.program("plain")
    owner, other = company.rep(), company.rep("赵强")
    acme = {"kind": "company", "name": "上海甲有限公司"}
    claimed(owner, program, acme, project={"name": "一期工程", "tender_number": "T-1"})
    assert word(other, program, acme, project={"name": "一期工程", "tender_number": "T-1"}) == "conflict"
    assert word(other, program, acme, project={"name": "别的名字", "tender_number": "t-1"}) == "conflict"
    assert word(other, program, acme, project={"name": "二期工程"}) == "free"
    assert word(other, program, acme, project={"name": "一期工程扩建"}) == "possible"
    refused(asked(other, program, acme), 422, "field_missing", "project")
    refused(asked(other, plain, acme, project={"name": "一期工程"}), 422, "field_not_allowed", "project")
    with company.database.reading() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(t.project)).scalar_one() == 1


def test_a_deadline_that_has_passed_counts_before_the_engine_has_decided_it(company: Company) -> None:
    """CLM-19: the look-up answers as of now, and decides nothing."""
    program = company.program(policy={"claim.first_follow_up_wh": "PT20S"})
    owner, other = company.rep(), company.rep("赵强")
    claim = claimed(owner, program)
    assert word(other, program) == "conflict"
    company.shift(minutes=1)
    assert word(other, program) == "pooled"
    assert asked(company.admin, program).json() == {"answer": "pooled", "track": "sales", "claim": None}
    assert owner.get(f"/v1/claims/{claim['id']}").json()["state"] == "protected"


def test_a_customer_in_its_grace_period_is_somebody_elses(company: Company) -> None:
    """CLM-20: only the former owner may have it back, so a report by anybody else would collide."""
    program = company.program(policy={"claim.first_follow_up_wh": "PT20S", "claim.grace_days": 5})
    owner, other = company.rep(), company.rep("赵强")
    claimed(owner, program)
    company.advance(minutes=1)
    assert word(other, program) == "conflict"
    assert word(owner, program) == "free"  # not in the pool yet, and no open claim of theirs any more
    company.advance(days=6)
    assert word(owner, program) == "pooled"
    assert word(other, program) == "pooled"


def test_a_look_up_makes_nothing_and_needs_no_key(company: Company) -> None:
    """CUS-08, contract section 4 (q): no customer, no matter, no claim, no history."""
    program, rep = company.program(), company.rep()
    tables = (t.customer, t.customer_key, t.matter, t.claim, t.project, t.event, t.command, t.idempotency)

    def counted() -> list[int]:
        with company.database.reading() as tx:
            return [tx.execute(sa.select(sa.func.count()).select_from(one)).scalar_one() for one in tables]

    before = counted()
    assert word(rep, program) == "free"
    assert counted() == before


def test_checks_are_limited_by_the_hour_and_say_until_when(company: Company) -> None:
    """CUS-08 `match.probes_per_hour`: the others of the company go on."""
    program = company.program(policy={"match.probes_per_hour": {"in_house": 3}})
    rep, other = company.rep(), company.rep("赵强")
    company.at("2031-03-05T02:10:00Z")
    for _ in range(3):
        assert word(rep, program) == "free"
    problem = refused(asked(rep, program), 429, "probe_limit")
    assert problem["facts"] == {"cap": 3, "count": 3, "per": "hour", "until": "2031-03-05T03:00:00Z"}
    assert word(other, program) == "free"
    company.shift(minutes=50)
    assert word(rep, program) == "free"


def test_checks_are_limited_by_the_day_of_the_companys_zone(company: Company) -> None:
    """CUS-08 `match.probes_per_day`."""
    program = company.program(policy={"match.probes_per_day": {"in_house": 2}})
    rep = company.rep()
    company.at("2031-03-05T15:50:00Z")
    for _ in range(2):
        word(rep, program)
    problem = refused(asked(rep, program), 429, "probe_limit")
    assert problem["facts"] == {"cap": 2, "count": 2, "per": "day", "until": "2031-03-05T16:00:00Z"}
    company.shift(minutes=11)
    assert word(rep, program) == "free"


def test_brokers_have_the_limit_of_partners_and_the_desk_has_none(company: Company) -> None:
    """CUS-08: limits by channel, reception exempt."""
    program = company.program(policy={"match.probes_per_hour": {"in_house": 3, "partner": 1}})
    broker, desk = company.person("中介", roles=("broker",)), company.person("前台", roles=("reception",))
    company.at("2031-03-05T02:10:00Z")
    word(broker, program)
    assert refused(asked(broker, program), 429, "probe_limit")["facts"]["cap"] == 1
    for _ in range(6):
        assert word(desk, program) == "free"


def test_checks_at_the_same_moment_do_not_pass_the_limit_together(company: Company) -> None:
    """CUS-08."""
    program = company.program(policy={"match.probes_per_hour": {"in_house": 2}})
    rep = company.rep()
    company.at("2031-03-05T02:10:00Z")
    body = {"program": program, "customer": WANG}
    answers = company.together(
        *(company.acall("POST", "/v1/ownership/lookup", token=rep.token, json=body) for _ in range(6))
    )
    assert sorted(a.status_code for a in answers) == [200, 200, 429, 429, 429, 429]


def test_a_run_of_neighbouring_numbers_is_told_to_oversight_once(company: Company) -> None:
    """CUS-08: ten numbers that differ in their last digits; the same number again is no neighbour."""
    overseer = company.person("监督")
    program, rep = company.program(oversight=[overseer.id]), company.rep("李娜")
    company.at("2031-03-05T02:10:00Z")
    for _ in range(12):
        word(rep, program, person_customer(phone="13812345000"))
    for i in range(1, 9):
        word(rep, program, person_customer(phone=f"1381234500{i}"))
    assert listed(overseer.get("/v1/me/notices")) == []
    for i in (9, 10, 11):
        word(rep, program, person_customer(phone=f"138123450{i:02}"))
    told = listed(overseer.get("/v1/me/notices"))
    assert [(n["kind"], n["urgency"], n["subject"]) for n in told] == [
        ("alarm.probes", "urgent", {"type": "person", "id": rep.id})
    ]
    assert told[0]["text"]["en"].startswith("李娜 checked 10 neighbouring phone numbers")
    assert "1381234" not in str(told)


def test_a_run_over_the_edge_of_a_block_is_seen_at_the_desk_too_and_whatever_the_day(company: Company) -> None:
    """CUS-08: numbers on both sides of a round thousand, over midnight; the desk is exempt from the limit only."""
    overseer = company.person("监督")
    program, desk = company.program(oversight=[overseer.id]), company.person("前台", roles=("reception",))
    company.at("2031-03-05T15:55:00Z")
    for last in range(5995, 6000):
        assert word(desk, program, person_customer(phone=f"1381234{last}")) == "free"
    company.shift(minutes=10)
    for last in range(6000, 6004):
        word(desk, program, person_customer(phone=f"1381234{last}"))
    assert listed(overseer.get("/v1/me/notices")) == []
    word(desk, program, person_customer(phone="13812346004"))
    assert [n["kind"] for n in listed(overseer.get("/v1/me/notices"))] == ["alarm.probes"]


def test_every_check_is_on_record_for_who_made_or_oversees_it_without_what_was_asked(company: Company) -> None:
    """CUS-08: a refused one is on record as a refusal; the digests that runs are seen by go after two days."""
    overseer = company.person("监督")
    policy = {"match.probes_per_hour": {"in_house": 2}}
    program, other = company.program(policy=policy, oversight=[overseer.id]), company.program("B", policy=policy)
    rep, second = company.rep("甲"), company.rep("乙")
    company.at("2031-03-05T02:10:00Z")
    word(rep, program)
    claimed(rep, program)
    word(rep, program)
    refused(asked(rep, program), 429, "probe_limit")
    word(second, other, {"kind": "company", "name": "上海甲有限公司"})

    def log(reader: Person, **query: Any) -> list[tuple[str, str, str]]:
        items = listed(reader.get("/v1/ownership/checks", **query))
        assert all(set(i) == {"id", "at", "person", "program", "track", "answer"} for i in items)
        return [(i["person"], i["program"], i["answer"]) for i in items]

    mine = [(rep.id, program, "own"), (rep.id, program, "free")]
    assert log(rep) == mine
    assert log(overseer) == mine
    assert log(company.admin) == [(second.id, other, "free"), *mine]
    assert log(company.admin, program=other) == log(second) == [(second.id, other, "free")]
    assert log(second, person=rep.id) == []

    def digests() -> int:
        with company.database.reading() as tx:
            return len(tx.rows(sa.select(t.blind_check).where(t.blind_check.c.number.is_not(None))))

    assert digests() == 2
    company.shift(days=3)
    policy_now = company.snapshots
    company.database.transact(
        lambda tx: tidy(tx, now=tx.now(), policy=policy_now.setting(tx).company_policy_at(tx.now()))
    )
    assert digests() == 0
    assert log(rep) == mine


@pytest.mark.parametrize("role", ["service", "finance", "auditor", "reception", "rep"])
def test_sellers_desk_and_readers_may_ask_and_others_may_not(company: Company, role: str) -> None:
    """CUS-08, CUS-09: a role on own records only reads nothing, so finance and auditor need a scope."""
    program = company.program()
    one = company.person("某人", roles=(role,))
    if role in ("rep", "reception"):
        assert word(one, program) == "free"
    else:
        refused(asked(one, program), 403, "not_allowed")
    if role in ("finance", "auditor"):
        assert word(company.person("他人", roles=(role,), company_wide=True), program) == "free"


def test_who_is_no_member_of_the_program_may_not_ask(company: Company) -> None:
    """CUS-09: other members see what CUS-08 answers, strangers to the program nothing."""
    inside, outside = company.team("内"), company.team("外")
    program = company.program(members=[{"team": inside}])
    refused(asked(company.rep(team=outside), program), 403, "not_member")
    assert word(company.rep(team=inside), program) == "free"
    refused(asked(company.rep(team=inside), str(uuid.uuid4())), 422, "field_invalid", "program")


def test_an_id_that_the_caller_does_not_read_is_an_unknown_one(company: Company) -> None:
    """Contract section 1, References: an id must not be a way round the blind check."""
    program, owner, other = company.program(), company.rep(), company.rep("赵强")
    customer = {"id": claimed(owner, program)["customer"]["id"]}
    assert word(owner, program, customer) == "own"
    assert word(company.admin, program, customer) == "conflict"
    unread = refused(asked(other, program, customer), 422, "field_invalid", "customer.id")
    unknown = refused(asked(other, program, {"id": str(uuid.uuid4())}), 422, "field_invalid", "customer.id")
    for name in ("request_id",):
        unread.pop(name), unknown.pop(name)
    assert unread == unknown


@pytest.mark.parametrize(
    ("customer", "code", "field"),
    [
        ({"kind": "person", "name": "王小明"}, "field_missing", "customer.phone"),
        ({"kind": "person", "name": "王小明", "phone": "12"}, "phone_invalid", "customer.phone"),
        ({"kind": "person", "name": "王小明", "phone": "138****5678"}, "phone_mode_mismatch", "customer.phone"),
    ],
)
def test_a_look_up_asks_for_what_a_report_asks_for(
    company: Company, customer: dict[str, Any], code: str, field: str
) -> None:
    """CUS-02, CUS-03, CUS-06; a check that was refused for its content is not counted."""
    program, rep = company.program(policy={"match.probes_per_hour": {"in_house": 1}}), company.rep()
    company.at("2031-03-05T02:10:00Z")
    refused(asked(rep, program, customer), 422, code, field)
    refused(asked(rep, program, customer), 422, code, field)
    assert word(rep, program) == "free"
