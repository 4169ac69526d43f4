"""Customers that belong together are linked, by the people who know, and nobody wins or loses by it (CUS-14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from storage import links
from storage import tables as t
from storage.database import Database
from tests.faults.held import MATTER_LOCK
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import act, customer, done, notices, read, tasks, timeline
from tests.support.visits import Visits

REASON = "夫妻，一起看房"


class Kin:
    """甲 holds 王小明 and reported 李红 too; 乙 holds 王大明."""

    def __init__(self, company: Company, *, policy: Mapping[str, Any] | None = None) -> None:
        self.office = Visits(company, policy=policy)
        self.admin, self.leader, self.desk = company.admin, self.office.leader, self.office.desk
        self.first, self.second = self.office.first, self.office.second
        self.husband = self.office.claim(self.first, customer=customer(51))
        self.wife = self.office.claim(self.first, customer=customer(52, "李红"))
        self.father = self.office.claim(self.second, customer=customer(53, "王大明"))

    def ask(
        self, by: Person, one: Mapping[str, Any], other: Mapping[str, Any], kind: str = "household", **more: Any
    ) -> httpx2.Response:
        body = {"with": other["customer"]["id"], "kind": kind, **more}
        return by.post(f"/v1/customers/{one['customer']['id']}/links", body)

    def linked(self, one: Mapping[str, Any], other: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Two that the administrator asks for and the leader above, who is nobody's owner, cannot refuse: approved."""
        asked = done(self.ask(self.desk, one, other, **more))
        return done(self.admin.post(f"/v1/links/{asked['id']}/approve", {}))

    def known(self, by: Person, one: Mapping[str, Any]) -> list[str]:
        """Whom ``by`` sees a customer linked with."""
        return [link["customer"] for link in done(by.get(f"/v1/customers/{id_of(one)}"))["links"]]

    def related(self, one: Mapping[str, Any], *kinds: str) -> tuple[str, ...]:
        with self.office.company.database.reading() as tx:
            return links.related(tx, id_of(one), kinds=kinds or ("household",))


def id_of(claim: Mapping[str, Any]) -> str:
    return str(claim["customer"]["id"])


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is run at the database by whoever writes."""
    ran: list[str] = []

    def runs(_connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        ran.append(statement)

    sa.event.listen(database._writer, "before_cursor_execute", runs)
    yield ran
    sa.event.remove(database._writer, "before_cursor_execute", runs)


@pytest.fixture
def kin(company: Company) -> Kin:
    return Kin(company)


def test_the_supervisor_of_whoever_asked_decides_and_no_claim_changes(kin: Kin) -> None:
    """CUS-14: asked, with a task; neither who asked nor another rep approves; linked, every claim is as it was."""
    before = [timeline(kin.first, claim) for claim in (kin.husband, kin.wife)]
    asked = done(kin.ask(kin.first, kin.husband, kin.wife, reason=REASON))
    assert (asked["state"], asked["proof"], asked["waits_for"]) == ("asked", None, kin.leader.id)
    assert tasks(kin.leader) == [("link", id_of(kin.husband))]
    assert kin.ask(kin.first, kin.wife, kin.husband).status_code == 200, "asked already, whichever is named first"
    assert kin.related(kin.husband) == (), "what was only asked links nobody"
    refused(kin.first.post(f"/v1/links/{asked['id']}/approve", {}), 403, "not_allowed")
    refused(kin.second.post(f"/v1/links/{asked['id']}/approve", {}), 404, "not_found")
    approved = done(kin.leader.post(f"/v1/links/{asked['id']}/approve", {}))
    assert (approved["state"], approved["decided_by"], approved["reason"]) == ("approved", kin.leader.id, REASON)
    assert done(kin.leader.post(f"/v1/links/{asked['id']}/approve", {})) == approved
    refused(kin.leader.post(f"/v1/links/{asked['id']}/refuse", {}), 409, "illegal_transition")
    assert tasks(kin.leader) == []
    assert "customer.linked" in notices(kin.first)
    assert kin.known(kin.first, kin.husband) == [id_of(kin.wife)]
    assert kin.known(kin.first, kin.wife) == [id_of(kin.husband)]
    assert [timeline(kin.first, claim) for claim in (kin.husband, kin.wife)] == before


def test_a_link_is_seen_by_who_reads_both_and_tells_the_other_owner_no_name(kin: Kin) -> None:
    """CUS-14, CUS-08: linked with a customer of somebody else, the owner of one sees nothing of the other."""
    refused(kin.ask(kin.first, kin.husband, kin.father), 422, "field_invalid", "with")
    link = kin.linked(kin.husband, kin.father)
    assert kin.known(kin.admin, kin.husband) == [id_of(kin.father)]
    assert kin.known(kin.first, kin.husband) == []
    assert listed(kin.first.get(f"/v1/customers/{id_of(kin.husband)}/links")) == []
    assert [one["id"] for one in listed(kin.leader.get(f"/v1/customers/{id_of(kin.father)}/links"))] == [link["id"]]
    assert "customer.linked" in notices(kin.second)
    assert id_of(kin.husband) not in str(kin.second.get("/v1/me/notices", limit=200).json())
    refused(kin.second.post(f"/v1/links/{link['id']}/end", {"reason": "不是"}), 404, "not_found")


def test_what_the_only_administrator_asks_for_is_decided_by_oversight_or_waits_for_somebody(kin: Kin) -> None:
    """CUS-14, PPL-07: nobody is above the only administrator. Without oversight the link waits, and who asked is told
    that nobody may decide; once a second administrator is there, they do."""
    alone = done(kin.ask(kin.admin, kin.husband, kin.father))
    assert (alone["state"], alone["waits_for"]) == ("asked", None)
    answer = kin.admin.post(f"/v1/links/{alone['id']}/approve", {})
    refused(answer, 403, "recusal_required")
    assert answer.json()["facts"] == {"waits_for": None}
    company = kin.office.company
    overseer = company.person("监督")
    program = done(kin.admin.get(f"/v1/programs/{kin.office.program}"))
    change = {"version": program["version"], "oversight": [overseer.id]}
    done(kin.admin.patch(f"/v1/programs/{kin.office.program}", change))
    asked = done(kin.ask(kin.admin, kin.wife, kin.father))
    assert asked["waits_for"] == overseer.id
    assert tasks(overseer) == [("link", id_of(kin.wife))]
    answer = kin.admin.post(f"/v1/links/{asked['id']}/approve", {})
    assert answer.json()["facts"] == {"waits_for": overseer.id}
    assert done(overseer.post(f"/v1/links/{asked['id']}/approve", {}))["decided_by"] == overseer.id
    second = company.person("管理员乙", roles=("admin",), company_wide=True)
    assert done(second.post(f"/v1/links/{alone['id']}/approve", {}))["state"] == "approved"


def test_who_arrived_together_and_contacts_of_a_company_are_linked_at_once(kin: Kin) -> None:
    """CUS-14: the desk saw them come in; a company names the telephone of the person. A rep's word is not enough."""
    visit = kin.office.visitor(51)
    refused(kin.ask(kin.first, kin.husband, kin.wife, reception=visit["id"]), 422, "field_invalid", "reception")
    together = done(kin.ask(kin.desk, kin.husband, kin.wife, reception=visit["id"]))
    assert (together["state"], together["proof"], together["waits_for"]) == ("approved", "arrival", None)
    firm = {"kind": "company", "name": "上海远景贸易有限公司", "phone": "13800000053"}
    company = done(kin.admin.post("/v1/customers", firm))
    body = {"with": company["id"], "kind": "group"}
    contact = done(kin.desk.post(f"/v1/customers/{id_of(kin.father)}/links", body))
    assert (contact["state"], contact["proof"]) == ("approved", "contact")
    refused(
        kin.desk.post(f"/v1/customers/{id_of(kin.wife)}/links", body | {"kind": "household"}),
        422,
        "field_invalid",
        "kind",
    )
    refused(kin.ask(kin.desk, kin.husband, kin.wife, "group"), 422, "field_invalid", "kind")


def test_a_household_is_everybody_who_is_linked_and_it_ends_where_a_link_ends(kin: Kin) -> None:
    """CUS-14: father, son and daughter-in-law are one household by two links; one ended, the other stays."""
    kin.linked(kin.husband, kin.wife)
    other = kin.linked(kin.husband, kin.father)
    assert set(kin.related(kin.wife)) == {id_of(kin.husband), id_of(kin.father)}
    assert kin.related(kin.wife, "group") == ()
    ended = done(kin.admin.post(f"/v1/links/{other['id']}/end", {"reason": "弄错了"}))
    assert (ended["state"], ended["ended_reason"]) == ("ended", "弄错了")
    assert kin.related(kin.wife) == (id_of(kin.husband),)
    assert "customer.link_ended" in notices(kin.second)


def test_a_link_follows_the_record_that_stands_for_its_customer_and_goes_with_an_erasure(kin: Kin) -> None:
    """CUS-13, CUS-14, AUD-05: merged it is the other record's, un-merged its own again; erased, nothing is left."""
    link = kin.linked(kin.husband, kin.wife, reason=REASON)
    free = done(kin.admin.post("/v1/customers", customer(54, "李红")))["id"]
    merge = {"into": free, "reason": "换了号码"}
    done(kin.admin.post(f"/v1/customers/{id_of(kin.wife)}/merge", merge))
    assert kin.known(kin.admin, kin.husband) == [free]
    assert done(kin.admin.get(f"/v1/customers/{free}"))["links"][0]["customer"] == id_of(kin.husband)
    done(kin.admin.post(f"/v1/customers/{id_of(kin.wife)}/unmerge", {"reason": "两个人"}))
    assert kin.known(kin.admin, kin.husband) == [id_of(kin.wife)]
    done(kin.admin.post(f"/v1/links/{link['id']}/end", {"reason": "离婚了"}))
    again = done(kin.ask(kin.first, kin.husband, kin.wife, reason=REASON))
    assert tasks(kin.leader) == [("link", id_of(kin.husband))]
    done(act(kin.first, kin.wife, "release", reason="need_unmet"))
    with statements(kin.office.company.database) as ran:
        done(kin.admin.post(f"/v1/customers/{id_of(kin.wife)}/erase", {"reason": "客户要求"}))
    first = [next(i for i, said in enumerate(ran) if part in said) for part in ("FROM customer_link", MATTER_LOCK)]
    assert first == sorted(first), "links before matters, as a report of a relative locks them (TER-01)"
    assert (kin.known(kin.admin, kin.husband), kin.related(kin.husband)) == ([], ())
    refused(kin.admin.post(f"/v1/links/{again['id']}/end", {"reason": "没了"}), 404, "not_found")
    assert tasks(kin.leader) == [], "nothing is left to decide"
    with kin.office.company.database.reading() as tx:
        assert tx.execute(sa.select(t.customer_link.c.id)).all() == []
        mine = sa.select(t.free_text.c.id).where(t.free_text.c.customer == id_of(kin.husband))
        assert tx.execute(mine).all() == [], "the reasons, sealed with the husband's key, spoke of the wife"
    assert read(kin.first, kin.husband)["state"] == "protected"
