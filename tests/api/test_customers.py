"""The customer base: one record each, found by whole value, masked, edited by version (CUS-01, CUS-02, AUD-03)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.support.company import Company, Person, person_customer
from tests.support.office import Office, act, done
from tests.support.office import work as follow_up

WANG = {"kind": "person", "name": "王小明", "phone": "138 1234 5678", "email": "wang@example.com"}
ACME = {"kind": "company", "name": "上海甲贸易有限公司", "phone": "13911112222", "level": "A", "external_id": "K-1"}


def reported(rep: Person, program: str, customer: dict[str, Any] | None = None) -> dict[str, Any]:
    return rep.made("/v1/claims", {"program": program, "customer": customer or person_customer()})


def test_a_new_customer_is_kept_and_answered_with_masked_contacts(company: Company) -> None:
    """CUS-01, AUD-03."""
    answer = company.admin.post("/v1/customers", WANG)
    assert answer.status_code == 201
    found = answer.json()
    assert found | {"id": "", "created_at": ""} == {
        "id": "",
        "kind": "person",
        "name": "王小明",
        "phone": "+86138****5678",
        "email": "w***@example.com",
        "company_code": None,
        "class": "prospect",
        "level": None,
        "level_reason": None,
        "level_computed": None,
        "source": None,
        "facets": dict.fromkeys(("region", "industry", "product_line", "market", "size", "specialty")),
        "external_id": None,
        "created_at": "",
        "erased_at": None,
        "merged_into": None,
        "merged_from": [],
        "links": [],
        "version": 1,
    }
    assert company.admin.get(f"/v1/customers/{found['id']}").json() == found


def test_the_same_keys_give_back_the_record_that_is_there(company: Company) -> None:
    """CUS-02: an exact match answers 200 with the existing one, whatever else is said of it."""
    first = company.admin.made("/v1/customers", WANG)
    again = company.admin.post("/v1/customers", {"kind": "person", "name": "小王", "phone": "0086-13812345678"})
    assert again.status_code == 200
    assert again.json() == first
    other = company.admin.post("/v1/customers", WANG | {"phone": "13812345679"})
    assert other.status_code == 201
    assert other.json()["id"] != first["id"]


def test_a_company_is_the_same_by_its_name_whatever_its_spelling(company: Company) -> None:
    """CUS-02, CUS-05."""
    first = company.admin.made("/v1/customers", ACME)
    spelled = company.admin.post("/v1/customers", {"kind": "company", "name": " 上海甲贸易有限公司 "})
    assert spelled.status_code == 200
    assert spelled.json()["id"] == first["id"]
    other = company.admin.post("/v1/customers", {"kind": "company", "name": "北京甲贸易有限公司"})
    assert other.status_code == 201


def test_two_at_once_make_one_record(company: Company) -> None:
    """CUS-02: two that enter one customer at the same moment meet at its keys."""
    calls = [
        company.acall("POST", "/v1/customers", token=company.admin.token, json=WANG, key=str(uuid.uuid4()))
        for _ in range(5)
    ]
    answers = company.together(*calls)
    assert sorted(a.status_code for a in answers) == [200, 200, 200, 200, 201]
    assert len({a.json()["id"] for a in answers}) == 1


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"phone": "12345"}, "phone", "phone_invalid"),
        ({"phone": "138****5678"}, "phone", "phone_mode_mismatch"),
        ({"email": "nobody"}, "email", "field_invalid"),
        ({"company_code": "91310000000000000X"}, "company_code", "credit_code_invalid"),
        ({"name": "  "}, "name", "field_invalid"),
        ({"level": "D"}, "level", "field_invalid"),
        ({"nickname": "x"}, "nickname", "field_not_allowed"),
    ],
)
def test_a_customer_that_cannot_be_right_is_refused_by_field(
    company: Company, change: dict[str, Any], field: str, code: str
) -> None:
    """CUS-03, CUS-04, CUS-06: the refusal names the field as the body does."""
    answer = company.admin.post("/v1/customers", WANG | change)
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert [e["field"] for e in answer.json()["errors"]] == [field]


def test_an_external_id_belongs_to_one_customer(company: Company) -> None:
    """CUS-01: a second record with the same foreign number is refused, on entry and on edit."""
    company.admin.made("/v1/customers", ACME)
    taken = company.admin.post("/v1/customers", WANG | {"external_id": "K-1"})
    assert (taken.status_code, taken.json()["code"]) == (422, "field_invalid")
    assert taken.json()["errors"] == [{"field": "external_id", "code": "field_invalid"}]
    wang = company.admin.made("/v1/customers", WANG)
    edited = company.admin.patch(f"/v1/customers/{wang['id']}", {"version": 1, "external_id": "K-1"})
    assert edited.status_code == 422
    assert company.admin.get("/v1/customers", external_id="K-1").json()["items"][0]["kind"] == "company"


@pytest.mark.parametrize("role", ["marketing", "reception"])
def test_those_who_keep_the_base_enter_and_read_every_customer(company: Company, role: str) -> None:
    """CUS-01: whatever the scope of the grant, for customers lie in no team."""
    keeper = company.person("前台", roles=(role,))
    mine = keeper.made("/v1/customers", WANG)
    other = company.admin.made("/v1/customers", ACME)
    assert [c["id"] for c in keeper.get("/v1/customers").json()["items"]] == [other["id"], mine["id"]]
    assert keeper.patch(f"/v1/customers/{other['id']}", {"version": 1, "source": "展会"}).json()["source"] == "展会"


def test_an_auditor_reads_the_base_and_changes_nothing(company: Company) -> None:
    """CUS-01, PPL-02: visible without right to act is 403."""
    auditor = company.person("审计", roles=("auditor",), company_wide=True)
    found = company.admin.made("/v1/customers", WANG)
    assert auditor.get(f"/v1/customers/{found['id']}").json()["phone"] == "+86138****5678"
    assert auditor.patch(f"/v1/customers/{found['id']}", {"version": 1, "level": "B"}).status_code == 403
    assert auditor.post("/v1/customers", ACME).status_code == 403


def test_a_rep_reads_the_customers_of_claims_they_read_and_no_others(company: Company) -> None:
    """CUS-01, AUD-04: list, search and record alike; a hidden one answers like a missing one."""
    program = company.program()
    rep, other = company.rep(), company.rep("赵强")
    claim = reported(rep, program)
    customer = claim["customer"]["id"]
    hidden = company.admin.made("/v1/customers", ACME)
    assert [c["id"] for c in rep.get("/v1/customers").json()["items"]] == [customer]
    assert rep.get(f"/v1/customers/{customer}").json()["name"] == "王小明"
    for seen in (rep.get(f"/v1/customers/{hidden['id']}"), other.get(f"/v1/customers/{customer}")):
        assert (seen.status_code, seen.json()["code"]) == (404, "not_found")
    assert other.get(f"/v1/customers/{uuid.uuid4()}").json()["facts"] == {}
    for q in ("13812345678", "王小明", "上海甲"):
        assert other.get("/v1/customers", q=q).json()["items"] == []
    assert rep.post("/v1/customers", ACME).status_code == 403
    assert rep.patch(f"/v1/customers/{customer}", {"version": 1, "level": "B"}).status_code == 403


def test_a_refused_report_does_not_tell_whose_name_the_number_belongs_to(company: Company) -> None:
    """CUS-08, AUD-03: who met a conflict sees a person as 王*."""
    program = company.program()
    owner, late = company.rep(), company.rep("赵强")
    reported(owner, program)
    refused = reported(late, program, person_customer(name="猜的名字"))
    assert refused["reason"] == "customer_owned"
    assert late.get(f"/v1/customers/{refused['customer']['id']}").json()["name"] == "王*"
    assert owner.get(f"/v1/customers/{refused['customer']['id']}").json()["name"] == "王小明"


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("上海甲", True),
        ("甲贸易", True),
        ("13911112222", True),
        ("139 1111 2222", True),
        ("K-1", True),
        ("1391111", False),
        ("乙", False),
    ],
)
def test_a_company_is_found_by_words_and_the_rest_by_whole_value(company: Company, q: str, found: bool) -> None:
    """CUS-01."""
    made = company.admin.made("/v1/customers", ACME)
    assert [c["id"] for c in company.admin.get("/v1/customers", q=q).json()["items"]] == [made["id"]] * found


@pytest.mark.parametrize(("q", "found"), [("王小明", True), ("王小", False), ("wang@example.com", True)])
def test_a_person_is_found_by_the_whole_name_only(company: Company, q: str, found: bool) -> None:
    """CUS-01: names of persons are sealed, so no part of one is a key."""
    made = company.admin.made("/v1/customers", WANG)
    assert [c["id"] for c in company.admin.get("/v1/customers", q=q).json()["items"]] == [made["id"]] * found


def test_the_list_is_filtered_and_paged(company: Company) -> None:
    """CUS-12: level is a plain field; newest first, a cursor holds for its filters only."""
    made = [
        company.admin.made(
            "/v1/customers", {"kind": "person", "name": f"客{i}", "phone": f"1380000000{i}", "level": "A"}
        )
        for i in range(3)
    ]
    company.admin.made("/v1/customers", WANG | {"level": "B"})
    company.admin.made("/v1/customers", ACME)
    first = company.admin.get("/v1/customers", kind="person", level="A", limit=2).json()
    assert [c["id"] for c in first["items"]] == [made[2]["id"], made[1]["id"]]
    rest = company.admin.get("/v1/customers", kind="person", level="A", limit=2, cursor=first["next"]).json()
    assert ([c["id"] for c in rest["items"]], rest["next"]) == ([made[0]["id"]], None)
    wrong = company.admin.get("/v1/customers", level="A", limit=2, cursor=first["next"])
    assert (wrong.status_code, wrong.json()["code"]) == (422, "field_invalid")


def test_an_edit_sets_what_it_names_and_empties_what_is_null(company: Company) -> None:
    """CUS-01."""
    made = company.admin.made("/v1/customers", WANG | {"level": "A", "source": "展会"})
    path = f"/v1/customers/{made['id']}"
    edited = company.admin.patch(path, {"version": 1, "kind": "person", "phone": "13900001111", "email": None})
    assert edited.status_code == 200
    assert edited.json() | {"phone": "", "email": ""} == made | {"phone": "", "email": "", "version": 2}
    assert (edited.json()["phone"], edited.json()["email"]) == ("+86139****1111", None)
    assert company.admin.get("/v1/customers", q="13812345678").json()["items"] == []
    assert company.admin.get("/v1/customers", q="13900001111").json()["items"] == [edited.json()]
    assert company.admin.patch(path, {"version": 2, "kind": "company"}).status_code == 422
    assert company.admin.patch(path, {"version": 2, "name": None}).status_code == 422


def test_a_level_that_people_give_needs_a_reason_and_keeps_the_computed_one_beside_it(company: Company) -> None:
    """CUS-12: refused without one, taken away without one; the reason is sealed, and gone with the customer."""
    made = company.admin.made("/v1/customers", WANG | {"level": "C"})
    path = f"/v1/customers/{made['id']}"
    assert (made["level"], made["level_reason"], made["level_computed"]) == ("C", None, None)
    for reason in ({}, {"level_reason": None}, {"level_reason": "  "}):
        bare = company.admin.patch(path, {"version": 1, "level": "VIP", **reason})
        assert (bare.status_code, bare.json()["code"], bare.json()["rule"]) == (422, "reason_required", "CUS-12")
        assert bare.json()["errors"] == [{"field": "level_reason", "code": "reason_required"}]
    same = company.admin.patch(path, {"version": 1, "level": "C", "source": "展会"}).json()
    assert (same["level"], same["version"]) == ("C", 2), "what stays as it is needs no reason"
    given = company.admin.patch(path, {"version": 2, "level": "VIP", "level_reason": "董事长引荐"}).json()
    assert (given["level"], given["level_reason"], given["level_computed"]) == ("VIP", "董事长引荐", None)
    kept = company.admin.patch(path, {"version": 3, "source": "电话"}).json()
    assert (kept["level"], kept["level_reason"]) == ("VIP", "董事长引荐")
    other = company.admin.patch(path, {"version": 4, "level_reason": "年采购额最高"}).json()
    assert (other["level"], other["level_reason"]) == ("VIP", "年采购额最高")
    none = company.admin.patch(path, {"version": 5, "level": None}).json()
    assert (none["level"], none["level_reason"]) == (None, None)
    idle = company.admin.patch(path, {"version": 6, "level_reason": "没有级别"})
    assert (idle.status_code, idle.json()["errors"]) == (422, [{"field": "level_reason", "code": "field_invalid"}])
    again = company.admin.patch(path, {"version": 6, "level": "A", "level_reason": "重点客户"}).json()
    assert again["level_reason"] == "重点客户"
    gone = company.admin.made(f"{path}/erase", {"reason": "客户要求"})
    assert (gone["level"], gone["level_reason"]) == ("A", None)
    told = company.admin.made("/v1/customers", ACME | {"level_reason": "名单客户"})
    assert (told["level"], told["level_reason"]) == ("A", "名单客户")


def test_deals_and_silence_class_a_customer_by_the_company_policy(company: Company) -> None:
    """CUS-12: of all records that are one; what is called off never was; a refused rival is told nothing."""
    company.company_policy(customer__new_days=20, customer__dormant_days=60)
    office = Office(company, policy={"claim.reclaim_wait_h": {"person": 0, "company": 0}, "claim.after_deal_days": 0})
    claim, rival = office.claim(office.first), office.claim(office.second)
    assert rival["reason"] == "customer_owned"
    record = claim["customer"]["id"]

    def classed(of: str = record, by: Person = company.admin) -> tuple[str | None, str | None, str | None]:
        found = done(by.get(f"/v1/customers/{of}"))
        return found["class"], found["level_computed"], found["level"]

    assert classed() == classed(by=office.first) == ("prospect", None, None)
    assert classed(by=office.second) == (None, None, None)
    deal = {"amount": {"amount_minor": 100_00, "currency": "CNY"}, "contract_at": company.now().isoformat()}
    done(act(office.first, claim, "win", **deal))
    assert classed() == ("new", "B", None)
    done(act(office.leader, claim, "cancel_deal", reason="客户退订"))
    assert classed() == ("prospect", None, None)
    done(act(office.first, claim, "win", **deal))
    version = done(company.admin.get(f"/v1/customers/{record}"))["version"]
    given = {"version": version, "level": "VIP", "level_reason": "重点客户"}
    done(company.admin.patch(f"/v1/customers/{record}", given))
    company.advance(days=21)
    assert classed() == ("existing", "A", "VIP")
    company.advance(days=30)
    follow_up(office.first, claim)
    company.advance(days=59)
    assert classed() == ("existing", "A", "VIP")
    company.advance(days=2)
    assert classed() == ("dormant", "C", "VIP")
    other = company.admin.made("/v1/customers", person_customer("王小明", "13900000000"))["id"]
    assert classed(other) == ("prospect", None, None)
    done(company.admin.post(f"/v1/customers/{record}/merge", {"into": other, "reason": "客户换了号码"}))
    assert classed(other) == (*classed(record)[:2], None) == ("dormant", "C", None)


def test_an_edit_of_an_old_version_is_refused_with_both_versions(company: Company) -> None:
    """CUS-01: `version_conflict`, and nothing is changed."""
    made = company.admin.made("/v1/customers", WANG)
    path = f"/v1/customers/{made['id']}"
    assert company.admin.patch(path, {"version": 1, "source": "展会"}).status_code == 200
    stale = company.admin.patch(path, {"version": 1, "source": "电话"})
    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")
    company.admin.made("/v1/customers", {"kind": "company", "name": "甲子贸易有限公司", "external_id": "CRM-9"})
    # Contract section 1: 422 before 409.
    taken = company.admin.patch(path, {"version": 1, "external_id": "CRM-9"})
    assert (taken.status_code, taken.json()["code"]) == (422, "field_invalid")
    assert stale.json()["facts"] == {"versions": {"sent": 1, "present": 2}}
    assert company.admin.get(path).json()["source"] == "展会"


def test_a_number_that_another_customer_has_is_taken_recorded_and_told(company: Company) -> None:
    """CUS-02 on edit: administrators, and the supervisor of whoever holds one of the records."""
    program = company.program()
    team = company.team()
    leader, rep = company.leader(team), company.rep(team=team)
    held = reported(rep, program)["customer"]["id"]
    made = company.admin.made("/v1/customers", {"kind": "person", "name": "王晓明", "phone": "13700001111"})
    edited = company.admin.patch(f"/v1/customers/{made['id']}", {"version": 1, "phone": "13812345678"})
    assert edited.status_code == 200
    for told in (company.admin, leader):
        notices = [n for n in told.get("/v1/me/notices").json()["items"] if n["kind"] == "customer.duplicate"]
        assert [(n["subject"], n["rule"]) for n in notices] == [({"type": "customer", "id": made["id"]}, "CUS-02")]
        assert "王*" in notices[0]["text"]["zh"]
    assert [n["kind"] for n in rep.get("/v1/me/notices").json()["items"]] == ["claim.accepted"]
    with company.database.reading() as tx:
        entry = tx.row(sa.select(t.event).where(t.event.c.stream == made["id"], t.event.c.kind == "corrected"))
    assert entry is not None
    assert entry["data"] == {"fields": ["phone"], "version": 2, "same": [held], "possible": []}


def test_history_keeps_ids_and_codes_but_no_name_and_no_number(company: Company) -> None:
    """AUD-01."""
    made = company.admin.made("/v1/customers", WANG)
    company.admin.patch(f"/v1/customers/{made['id']}", {"version": 1, "name": "王大明"})
    with company.database.reading() as tx:
        entries = tx.rows(sa.select(t.event).where(t.event.c.stream == made["id"]).order_by(t.event.c.seq))
    assert [(e["kind"], e["actor"]) for e in entries] == [
        ("created", company.admin.id),
        ("corrected", company.admin.id),
    ]
    assert not [word for word in ("王", "138", "example") if word in str([e["data"] for e in entries])]


def test_reading_very_many_records_of_others_alarms_once_an_hour(company: Company) -> None:
    """AUD-04: oversight and administrators hear of it, once; the reader is answered all the same."""
    overseer = company.person("监督")
    company.program(oversight=[overseer.id])
    company.company_policy(alarm__reads_per_h=5)
    company.at("2031-03-05T02:10:00Z")
    desk = company.person("前台", roles=("reception",))
    for i in range(3):
        company.admin.made("/v1/customers", {"kind": "person", "name": "客", "phone": f"1380000000{i}"})
    told = lambda: [n for n in overseer.get("/v1/me/notices").json()["items"] if n["kind"] == "alarm.reads"]  # noqa: E731
    assert desk.get("/v1/customers").json()["items"]
    assert not told()
    for _ in range(4):
        assert desk.get("/v1/customers").status_code == 200
    assert [(n["urgency"], n["subject"]) for n in told()] == [("urgent", {"type": "person", "id": desk.id})]
    company.shift(hours=1)
    for _ in range(2):
        desk.get("/v1/customers")
    assert len(told()) == 2


def test_reading_ones_own_customers_is_no_mass_reading(company: Company) -> None:
    """AUD-04: what a rep has reported or owns is not somebody else's."""
    overseer = company.person("监督")
    program = company.program(oversight=[overseer.id])
    company.company_policy(alarm__reads_per_h=1)
    company.at("2031-03-05T02:10:00Z")
    rep = company.rep()
    reported(rep, program)
    for _ in range(4):
        assert len(rep.get("/v1/customers").json()["items"]) == 1
    assert overseer.get("/v1/me/notices").json()["items"] == []


def test_reading_very_many_claims_of_others_alarms_too_and_ones_own_never(company: Company) -> None:
    """AUD-04: in lists and one by one."""
    overseer = company.person("监督")
    program = company.program(oversight=[overseer.id])
    company.company_policy(alarm__reads_per_h=3)
    company.at("2031-03-05T02:10:00Z")
    rep = company.rep()
    claim = reported(rep, program)
    reported(rep, program, {"kind": "person", "name": "孙", "phone": "13700001111"})
    for _ in range(5):
        rep.get("/v1/claims")
        rep.get(f"/v1/claims/{claim['id']}")
    assert overseer.get("/v1/me/notices").json()["items"] == []
    company.admin.get("/v1/claims")
    company.admin.get(f"/v1/claims/{claim['id']}")
    assert overseer.get("/v1/me/notices").json()["items"] == []
    company.admin.get(f"/v1/claims/{claim['id']}")
    (told,) = overseer.get("/v1/me/notices").json()["items"]
    assert (told["kind"], told["subject"]["id"]) == ("alarm.reads", company.admin.id)
    assert "alarm.reads" not in {n["kind"] for n in company.admin.get("/v1/me/notices").json()["items"]}
    assert told["text"]["zh"].startswith("Administrator在一小时内读取了超过3条")
