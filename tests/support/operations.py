"""Every operation of the API in a state in which it can succeed: who may send what (contract sections 2 to 9).

A :class:`World` is a prepared company with one person in each role. For every ``operationId`` of ``docs/openapi.json``
there is a factory that brings the world so far that the operation can succeed, and returns a request that does.
A factory makes its own claim, customer, person or program, so that requests of one world keep out of each other's way.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from storage.codec import rfc3339
from storage.database import Database
from storage.keys import KeyRing
from tests.support.company import PLAIN_POLICY, Company, Person, person_customer
from tests.support.office import NOTE

DOCUMENT: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8")
)
METHODS: Final = ("get", "post", "patch")
#: Stands for the sender's own id in a path.
SENDER: Final = "{sender}"
PDF: Final = b"%PDF-1.7\n" + b"a contract " * 4


@dataclass(frozen=True)
class Operation:
    """An operation as it is published."""

    name: str
    method: str
    path: str

    @property
    def writes(self) -> bool:
        return self.method != "GET"


#: Every published operation by its ``operationId``.
OPERATIONS: Final[Mapping[str, Operation]] = {
    found["operationId"]: Operation(found["operationId"], method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method, found in methods.items()
    if method in METHODS
}


@dataclass(frozen=True)
class Wanted:
    """A request that succeeds when ``by`` sends it, ``by`` being a role of the world."""

    operation: Operation
    by: str
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    file: tuple[str, bytes] | None = None

    def ids_of(self, sender: Person | None) -> dict[str, str]:
        """The ids in its path when ``sender`` sends it."""
        own = sender.id if sender is not None else str(uuid.uuid4())
        return {name: own if value == SENDER else value for name, value in self.ids.items()}


class World:
    """A company with one person in each role, a program whose reports are accepted at once, and one with a judge.

    Team 销售 with the teams 北区 and 南区 below it belongs to the programs; team 总部 does not. ``owner`` is a rep of
    北区, and so is ``peer``; ``leader``, ``manager`` are theirs, ``other_leader``, ``other_manager`` those of 南区.
    """

    def __init__(self, company: Company) -> None:
        self.company = company
        self.setup = company.admin
        company.company_policy(reveal__per_day=0)
        self.sales = company.team("销售")
        self.north = company.team("北区", parent=self.sales)
        self.south = company.team("南区", parent=self.sales)
        self.office = company.team("总部")
        self.people: dict[str, Person] = {
            "outsider": company.person("路人", team=self.office),
            "peer": company.rep("李同事", team=self.north),
            "owner": company.rep("陈归属", team=self.north),
            "leader": company.leader(self.north, "北主管"),
            "other_leader": company.leader(self.south, "南主管"),
            "manager": self._person("北经理", self.north, "manager", team=self.north),
            "other_manager": self._person("南经理", self.south, "manager", team=self.south),
            "oversight": company.person("监督员", team=self.office),
            "finance": self._person("财务", self.office, "finance"),
            "auditor": self._person("审计员", self.office, "auditor"),
            "policy_admin": self._person("规则管理员", self.office, "policy_admin"),
            "admin": self._person("管理员", self.office, "admin"),
            "marketing": company.person("市场", team=self.office, roles=("marketing",)),
            "account_manager": company.person("客户经理", team=self.south, roles=("account_manager",)),
            "service": company.person("售后", team=self.north, roles=("service",)),
        }
        self.partner = self.new_partner("渠道")
        self.people["broker"] = self._joined("经纪人")
        said = {"version": 1, "lead": self["broker"].id}
        assert company.admin.patch(f"/v1/partners/{self.partner}", said).status_code == 200
        self.program = self.new_program("自动")
        self.judged = self.new_program("人工", {"claim.judgement_mode": "manual"})
        # The administrator is the panel: somebody neutral above the leader.
        self.contested = self.new_program("争议", {"dispute.auto_settle": False}, panel=[self["admin"].id])
        self.people["reception"] = self._person("前台", self.office, "reception", program=self.program)
        self.people["mediator"] = self._person("调解员", self.office, "mediator", program=self.program)
        self.cashier = self._person("出纳", self.office, "finance")
        self._numbers = count(1)
        self._months = count(0)
        self._site: str | None = None
        self._confirming: str | None = None
        self._divided: str | None = None
        self._bids: str | None = None
        self._channel: tuple[str, str] | None = None
        self._loading: tuple[str, Person] | None = None

    def __getitem__(self, role: str) -> Person:
        return self.people[role]

    def send(self, wanted: Wanted, role: str | None = None, *, key: str | None = None, **more: Any) -> httpx2.Response:
        """The request sent by a role, by the one that may where none is given, by ``nobody`` without a token."""
        sender = self.people.get(role or wanted.by)
        operation = wanted.operation
        content: dict[str, Any] = {}
        if wanted.file is not None:
            content["files"] = {"file": (*wanted.file, "application/octet-stream")}
        elif operation.writes:
            content["json"] = dict(wanted.body or {})
        return self.company.call(
            operation.method,
            operation.path.format(**wanted.ids_of(sender)),
            token=sender.token if sender is not None else None,
            key=(key or str(uuid.uuid4())) if operation.writes else None,
            params=dict(wanted.query),
            **content,
            **more,
        )

    def new_partner(self, name: str = "渠道公司") -> str:
        """A partner below 南区, whose leader is its channel manager."""
        body = {"name": name, "manager": self["other_leader"].id, "parent": self.south, "from": "2020-01-01"}
        return str(self.company.admin.made("/v1/partners", body)["id"])

    def invitation(self) -> str:
        """A code that lets somebody into the world's partner."""
        return str(self.company.admin.made(f"/v1/partners/{self.partner}/invitations")["code"])

    def _joined(self, name: str) -> Person:
        told = {"code": self.invitation(), "name": name}
        made = self.company.call("POST", "/v1/join", token=None, json=told).json()
        return Person(self.company, made["person"]["id"], made["token"])

    def month(self) -> dict[str, str]:
        """A month that is over and has not been asked for."""
        past = next(self._months)
        return {"period": f"{2000 + past // 12:04d}-{past % 12 + 1:02d}"}

    def partner_statement(self) -> str:
        """A month of the world's partner that waits for its answer."""
        return str(self["finance"].made(f"/v1/partners/{self.partner}/statements", self.month())["id"])

    # --- things to act on --------------------------------------------------------------------------------------------

    def customer(self) -> dict[str, Any]:
        """A customer nobody has heard of."""
        return person_customer("王小明", f"139{next(self._numbers):08d}")

    def claim(self, by: str = "owner", *, program: str | None = None) -> str:
        """A report by ``by``: ``protected``, or ``reported`` in the program that has a judge."""
        body = {"program": program or self.program, "customer": self.customer()}
        return str(self[by].made("/v1/claims", body)["id"])

    def tendered(self) -> str:
        """A claim of the owner's on a project."""
        if self._bids is None:
            self._bids = self.new_program("项目", {"claim.subject": "project"})
        body = {"program": self._bids, "customer": self.customer(), "project": {"name": "机电安装"}}
        return str(self["owner"].made("/v1/claims", body)["id"])

    def letter(self) -> str:
        """An authorisation letter of the owner's."""
        answer = self["owner"].post(f"/v1/claims/{self.tendered()}/letters", {})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["letters"][0]["id"])

    def report(self) -> str:
        """A report of the owner's that waits for its judge."""
        return self.claim(program=self.judged)

    def recorded(self, customer: str) -> dict[str, Any]:
        """The present record of a customer."""
        found: dict[str, Any] = self.setup.get(f"/v1/customers/{customer}").json()
        return found

    def customer_of(self, claim: str) -> str:
        """The id of a claim's customer."""
        return str(self["owner"].get(f"/v1/claims/{claim}").json()["customer"]["id"])

    def loading(self) -> tuple[str, Person]:
        """A program whose opening load has begun, and a rep of 北区 who had customers before."""
        if self._loading is None:
            program = self.new_program("期初")
            self.setup.made(f"/v1/programs/{program}/opening")
            self._loading = program, self.company.rep("老员工", team=self.north)
        return self._loading

    def opening_row(self) -> dict[str, Any]:
        """A customer that the rep had before."""
        return {"owner": self.loading()[1].id, "customer": self.customer()}

    def pool(self) -> str:
        """The default pool of the first program."""
        return str(self.setup.get(f"/v1/programs/{self.program}").json()["default_pool"])

    def other_pool(self) -> str:
        """One more pool of the first program."""
        return str(self.setup.made("/v1/pools", {"program": self.program, "name": "二号公海"})["id"])

    def pooled(self) -> str:
        """A customer in the default pool of the first program whom nobody ever held."""
        made = self["marketing"].made("/v1/customers", self.customer())["id"]
        body = {"customers": [made], "reason": "市场活动名单"}
        return str(self.setup.made(f"/v1/pools/{self.pool()}/add", body)["rows"][0]["customer"])

    def follow_up(self, claim: str, **more: Any) -> str:
        """A follow-up of the owner's."""
        made = self["owner"].made(f"/v1/claims/{claim}/follow-ups", {"kind": "call", "note": NOTE, **more})
        return str(made["id"])

    def won(self) -> str:
        """A claim of the owner's with a deal."""
        claim = self.claim()
        self["owner"].made(f"/v1/claims/{claim}/win", self.deal())
        return claim

    def deal(self) -> dict[str, Any]:
        """The content of a win."""
        return {"amount": {"amount_minor": 1_000_000, "currency": "CNY"}, "contract_at": rfc3339(self.company.now())}

    def dealt(self) -> str:
        """A deal of the owner's."""
        body = {**self.deal(), "product": f"P{next(self._numbers)}"}
        claim = self["owner"].made(f"/v1/claims/{self.claim()}/win", body)
        return str(claim["deals"][0])

    def shared(self) -> list[dict[str, Any]]:
        """Shares of the owner and the peer."""
        return [
            {"person": self["owner"].id, "share_bps": 7_000},
            {"person": self["peer"].id, "share_bps": 3_000},
        ]

    def told(self) -> dict[str, Any]:
        """A receipt or refund under a reference of its own."""
        return {
            "amount": {"amount_minor": 1_000, "currency": "CNY"},
            "at": rfc3339(self.company.now()),
            "reference": f"bank-{next(self._numbers)}",
        }

    def unclaimed(self) -> tuple[str, str]:
        """A deal that nobody had claimed, and the owner's claim on its customer since."""
        customer = self["marketing"].made("/v1/customers", self.customer())["id"]
        body = {"program": self.program, "customer": customer, **self.deal()}
        deal = self["finance"].made("/v1/deals", body)["id"]
        reported = {"program": self.program, "customer": {"id": customer}}
        return str(deal), str(self["owner"].made("/v1/claims", reported)["id"])

    def plan(self, *steps: str) -> str:
        """A version of the first program's commission plan, taken ``steps`` further by its author."""
        plan = str(self.setup.made("/v1/plans", self.plan_content())["id"])
        for step in steps:
            (self["policy_admin"] if step == "approve" else self.setup).made(f"/v1/plans/{plan}/{step}")
        return plan

    def territory_plan(self, *steps: str) -> str:
        """A version of the first program's territory plan, taken ``steps`` further; it divides nobody's customers."""
        plan = str(self.setup.made("/v1/territories", self.division())["id"])
        for step in steps:
            self.setup.made(f"/v1/territories/{plan}/{step}")
        return plan

    def rules_in_force(self) -> str:
        """The policy of the first program."""
        return str(self.setup.get(f"/v1/programs/{self.program}/policy").json()["id"])

    def transfer_list(self, by: str | None = None) -> dict[str, str]:
        """A list of claims to be transferred that ``by``, else somebody else, has made, and the plan it belongs to."""
        plan = self.territory_plan("activate")
        body = {"claims": [{"claim": self.claim(), "to": self["peer"].id}], "reason": "按新划分"}
        author = self.setup if by is None else self[by]
        return {"id": plan, "transfer": author.made(f"/v1/territories/{plan}/transfers", body)["id"]}

    def outside_report(self) -> str:
        """A report of the peer's in the owner's territory, which the owner is asked about."""
        if self._divided is None:
            self._divided = self.new_program("划分")
            held = {"name": "东区", "to": {"person": self["owner"].id}, "rules": [{"region": ["华东"]}]}
            plan = self.setup.made("/v1/territories", {"program": self._divided, "territories": [held]})["id"]
            self.setup.made(f"/v1/territories/{plan}/activate")
        customer = {**self.customer(), "facets": {"region": "华东"}}
        return str(self["peer"].made("/v1/claims", {"program": self._divided, "customer": customer})["id"])

    def division(self) -> dict[str, Any]:
        rules = [{"region": ["月球"]}]
        return {
            "program": self.program,
            "territories": [{"name": "北区", "to": {"team": self.north}, "rules": rules}],
        }

    def plan_content(self) -> dict[str, Any]:
        return {
            "program": self.program,
            "effective_from": "2031-01-01",
            "rates": [{"when": {}, "rate_bps": 500}],
        }

    def payout(self, *steps: str) -> str:
        """A run that the cashier prepared, taken ``steps`` further."""
        payout = str(self.cashier.made("/v1/payouts", {"period": "2031-01", "currency": "CNY"})["id"])
        for step in steps:
            self["finance"].made(f"/v1/payouts/{payout}/{step}")
        return payout

    def request(self) -> str:
        """An extension that the owner asks for and the leader decides."""
        claim = self.claim()
        asked = self["owner"].made(f"/v1/claims/{claim}/extend", {"reason": "客户出差"})
        return str(asked["requests"][0]["id"])

    def command(self) -> str:
        """A command of the owner's that was stored while the engine was away, and decided since."""
        claim = self.claim()
        self.company.direct.down = True
        try:
            answer = self["owner"].post(f"/v1/claims/{claim}/follow-ups", {"kind": "call", "note": NOTE})
        finally:
            self.company.direct.down = False
        assert answer.status_code == 202, answer.text
        self.company.direct.drain(claim)
        return answer.headers["location"].rpartition("/")[2]

    def confirming(self) -> str:
        """A claim of the owner's in a program whose customers are asked before contract."""
        if self._confirming is None:
            self._confirming = self.new_program("确认", {"confirm.points": ["before_contract"]})
        return self.claim(program=self._confirming)

    def confirmation(self) -> dict[str, str]:
        """A claim whose customer was asked, and that confirmation."""
        claim = self.confirming()
        asked = self["owner"].made(f"/v1/claims/{claim}/confirmations", {"point": "before_contract"})
        return {"id": claim, "confirmation": str(asked["confirmations"][0]["id"])}

    def code(self) -> dict[str, str]:
        """The code of a link that nobody used yet."""
        asked = self.confirmation()
        path = f"/v1/claims/{asked['id']}/confirmations/{asked['confirmation']}/link"
        return {"code": str(self["leader"].made(path)["code"])}

    def refused(self, program: str | None = None) -> dict[str, str]:
        """A customer that the owner holds, and the peer's report that was refused for it: both claims."""
        body = {"program": program or self.contested, "customer": self.customer()}
        return {role: str(self[role].made("/v1/claims", body)["id"]) for role in ("owner", "peer")}

    def case(self, program: str | None = None) -> str:
        """The peer contests the refusal: a case in negotiation, where the rules do not settle it."""
        body = {"claim": self.refused(program)["peer"], "grounds": "refused_report", "statement": "我先接待的客户"}
        return str(self["peer"].made("/v1/disputes", body)["id"])

    def discussion(self) -> str:
        """The leader calls the owner and the peer together about a customer that both reported."""
        body = {"claim": self.refused()["owner"], "topic": "谁来负责"}
        return str(self["leader"].made("/v1/discussions", body)["id"])

    def arbitrated(self) -> str:
        """A case that the leader of both decides."""
        case = self.case()
        for role in ("owner", "peer"):
            self[role].made(f"/v1/disputes/{case}/waive")
        return case

    def heard(self) -> str:
        """A case that is ready to be decided."""
        case = self.arbitrated()
        for role in ("owner", "peer"):
            self[role].made(f"/v1/disputes/{case}/heard")
        return case

    def proposal(self) -> tuple[str, str]:
        """A case with the owner's proposal, and what it says."""
        case = self.case()
        made = self["owner"].made(f"/v1/disputes/{case}/proposals", {"terms": {"outcome": "pool"}, "text": "放回公海"})
        return case, str(made["digest"])

    def lead(self, **more: Any) -> str:
        """A lead that service brought in and handed over to the owner."""
        body = {"program": self.program, "source": "展会", "customer": self.customer(), "person": self["owner"].id}
        return str(self["service"].made("/v1/leads", {**body, **more})["id"])

    def returned_lead(self) -> str:
        """A lead that the owner gave back to service."""
        lead = self.lead()
        self["owner"].made(f"/v1/leads/{lead}/return", {"reason": "no_need"})
        return lead

    def new_site(self) -> str:
        """A place where customers of the first program arrive."""
        return str(self.setup.made("/v1/sites", {"program": self.program, "name": "案场"})["id"])

    def site(self) -> str:
        """The one where the owner and the peer are signed in."""
        if self._site is None:
            self._site = self.staffed_site()
        return self._site

    def staffed_site(self) -> str:
        """A new one where both are."""
        site = self.new_site()
        for role in ("owner", "peer"):
            self[role].made(f"/v1/sites/{site}/presence", {"presence": "free"})
        return site

    def called(self) -> str:
        """A visitor whom the owner is called to receive, since they hold the customer."""
        customer = self.customer()
        self["owner"].made("/v1/claims", {"program": self.program, "customer": customer})
        made = self["reception"].made(
            "/v1/receptions", {"site": self.site(), "customer": customer, "served_before": None}
        )
        if made["state"] == "waiting":
            # Busy with another visitor of this world: the administrator names them all the same.
            said = {"person": self["owner"].id, "reason": "客户归属人"}
            self.setup.made(f"/v1/receptions/{made['id']}/assign", said)
        return str(made["id"])

    def unserved(self) -> str:
        """A visitor whom nobody at another site receives."""
        body = {"site": self.new_site(), "customer": self.customer()}
        return str(self["reception"].made("/v1/receptions", body)["id"])

    def returned(self) -> str:
        """A visitor who was here before, and whom nobody recognises."""
        body = {"site": self.site(), "customer": self.customer(), "returning": True}
        return str(self["reception"].made("/v1/receptions", body)["id"])

    def served(self) -> str:
        """A visitor whom the owner is receiving, with everything on record."""
        reception = self.called()
        self["owner"].made(f"/v1/receptions/{reception}/greet")
        self["owner"].made(f"/v1/receptions/{reception}/record", {"need": NOTE, "features": ["戴眼镜"]})
        return reception

    def led_visit(self) -> str:
        """A visitor whom the broker led to a site of a program that has a track for partners, and had reported."""
        if self._channel is None:
            said = {"ownership.tracks": ["sales", "channel"], "ownership.intercept_min": {"in_house": 0, "partner": 0}}
            program = self.new_program("渠道", said)
            self._channel = (program, str(self.setup.made("/v1/sites", {"program": program, "name": "案场"})["id"]))
        program, site = self._channel
        customer = self.customer()
        self["broker"].made("/v1/claims", {"program": program, "customer": customer, "track": "channel"})
        led = {"source": "partner_led", "broker": self["broker"].id}
        return str(self.setup.made("/v1/receptions", {"site": site, "customer": customer, **led})["id"])

    def uploaded(self, by: str) -> str:
        """A file that goes with nothing yet."""
        answer = self.send(FACTORIES["upload"](self), by)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def file(self) -> str:
        """A file that the owner uploaded and attached to a follow-up."""
        file = self.uploaded("owner")
        self.follow_up(self.claim(), files=[file])
        return file

    def new_person(self) -> str:
        """Somebody new in 北区, without token and grants."""
        return str(self.setup.made("/v1/people", {"name": "新人", "team": self.north})["id"])

    def new_program(self, name: str, policy: Mapping[str, Any] | None = None, **more: Any) -> str:
        """A program of 销售 that ``oversight`` looks after. Nothing in it limits how often anything is done."""
        unlimited = {"in_house": 0, "partner": 0}
        parameters = {
            **PLAIN_POLICY,
            "match.probes_per_hour": unlimited,
            "match.probes_per_day": unlimited,
            "dispute.frivolous_max": 1_000_000,
            "pool.holding_cap": 0,
            "pool.daily_views": 0,
            "load.max_ratio": 0,
        }
        return self.company.program(
            name,
            policy={**parameters, **(policy or {})},
            members=[{"team": self.sales}],
            oversight=[self["oversight"].id],
            **more,
        )

    def member(self) -> str:
        """A member of the first program."""
        made = self.setup.made(f"/v1/programs/{self.program}/members", {"person": self.new_person()})
        return str(made["id"])

    def draft(self, *steps: str) -> str:
        """A version of the first program's policy, taken ``steps`` further by its author."""
        content = {"reason": "调整", "parameters": {"claim.complete_h": 48}}
        policy = str(self.setup.made(f"/v1/programs/{self.program}/policies", content)["id"])
        for step in steps:
            (self["policy_admin"] if step == "approve" else self.setup).made(f"/v1/policies/{policy}/{step}")
        return policy

    def policy(self) -> str:
        """The version of the first program's policy that is in force."""
        return str(self.setup.get(f"/v1/programs/{self.program}/policy").json()["id"])

    def calendar(self) -> str:
        """A calendar that no program uses."""
        return str(self.setup.made("/v1/calendars", self.calendar_content())["id"])

    def calendar_content(self) -> dict[str, Any]:
        """A calendar of a name that is not used yet."""
        name = f"日历 {next(self._numbers)}"
        return {"name": name, "country": "CN", "zone": "Asia/Shanghai", "office_hours": "09:00-18:00"}

    def later(self, **amount: float) -> str:
        """An instant from now on."""
        return rfc3339(self.company.now() + timedelta(**amount))

    def today(self) -> date:
        return self.company.now().date()

    def version(self, path: str) -> int:
        """The version of an object as the administrator reads it."""
        return int(self.setup.get(path).json()["version"])

    def _person(
        self, name: str, home: str, role: str, *, team: str | None = None, program: str | None = None
    ) -> Person:
        """Somebody with one grant: over a team, over a program, else over the company."""
        made = self.company.person(name, team=home)
        scope: dict[str, str] = {"kind": "company"}
        if team is not None:
            scope = {"kind": "team", "id": team}
        if program is not None:
            scope = {"kind": "program", "id": program}
        self.setup.made(f"/v1/people/{made.id}/grants", {"role": role, "scope": scope})
        return made


@contextmanager
def opened_world(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[World]:
    """A world of its own on SQLite or PostgreSQL, for a module or a session (INT-08)."""
    keys: KeyRing = request.getfixturevalue("keys")
    if kind == "sqlite":
        template, token = request.getfixturevalue("sqlite_template")
        path = folder / "world.db"
        path.write_bytes(template.read_bytes())
        url, drop = f"sqlite:///{path}", lambda: None
    else:
        postgres = request.getfixturevalue("postgres")
        template, token = request.getfixturevalue("postgres_template")
        name = f"world_{uuid.uuid4().hex[:16]}"
        url, drop = postgres.create_database(name, template=template), lambda: postgres.drop_database(name)
    database = Database(url, keys=keys)
    company = Company(database, token, folder)
    try:
        yield World(company)
    finally:
        company.close()
        database.close()
        drop()


Factory = Callable[[World], Wanted]

#: The factory of every operation, and of situations in which it is for others: ``operation: situation``.
FACTORIES: Final[dict[str, Factory]] = {}


def _wanted(name: str, by: str, **request: Any) -> Wanted:
    return Wanted(OPERATIONS[name.partition(":")[0]], by, **request)


def _when(name: str, by: str, **given: Any) -> None:
    """Register an operation whose request is made of functions of the world, constants, or nothing."""

    def made(world: World) -> Wanted:
        return _wanted(name, by, **{part: _resolved(value, world) for part, value in given.items()})

    assert name not in FACTORIES, name
    FACTORIES[name] = made


def _resolved(value: Any, world: World) -> Any:
    if callable(value):
        return value(world)
    if isinstance(value, Mapping):
        return {name: _resolved(inner, world) for name, inner in value.items()}
    return value


# --- system ----------------------------------------------------------------------------------------------------------

for _public in ("healthz", "metrics", "readyz"):
    _when(_public, "nobody")
_when("read_me", "owner")
_when("read_command", "owner", ids={"id": World.command})

# --- people ----------------------------------------------------------------------------------------------------------

_when("enter_person", "admin", body={"name": "新人", "team": lambda w: w.north, "phone": "13800000000"})
_when("list_people", "owner")
_when("read_person", "owner", ids={"id": lambda w: w["peer"].id})
_when("list_memberships", "owner", ids={"id": lambda w: w["peer"].id})


def _edit_person(world: World) -> Wanted:
    person = world.new_person()
    body = {"version": world.version(f"/v1/people/{person}"), "name": "改名"}
    return _wanted("edit_person", "admin", ids={"id": person}, body=body)


FACTORIES["edit_person"] = _edit_person
_when("leave", "admin", ids={"id": World.new_person}, body={})
_away: Mapping[str, Any] = {"from": lambda w: w.later(days=1), "to": lambda w: w.later(days=2)}
_when("enter_absence", "leader", ids={"id": World.new_person}, body=_away)
_when("list_absences", "owner", ids={"id": lambda w: w["owner"].id})
_when(
    "name_delegate", "leader", ids={"id": World.new_person}, body={**_away, "delegate": lambda w: w["other_leader"].id}
)
_when("list_delegations", "owner", ids={"id": lambda w: w["owner"].id})
_when("give_grant", "admin", ids={"id": World.new_person}, body={"role": "service", "scope": {"kind": "own"}})
_when("list_grants", "owner", ids={"id": lambda w: w["owner"].id})


def _revoke_grant(world: World) -> Wanted:
    grant = {"role": "service", "scope": {"kind": "own"}}
    made = world.setup.made(f"/v1/people/{world['owner'].id}/grants", grant)
    return _wanted("revoke_grant", "admin", ids={"id": made["id"]}, body={})


FACTORIES["revoke_grant"] = _revoke_grant
_when("make_token", "admin", ids={"id": lambda w: w["owner"].id}, body={"name": "脚本"})
_when("make_token: for oneself", "outsider", ids={"id": SENDER}, body={"name": "脚本"})
_when("list_tokens", "owner", ids={"id": lambda w: w["owner"].id})
_when("list_tokens: one's own", "outsider", ids={"id": SENDER})


def _revoke_token(world: World) -> Wanted:
    made = world["owner"].made(f"/v1/people/{world['owner'].id}/tokens", {"name": "脚本"})
    return _wanted("revoke_token", "owner", ids={"id": made["id"]}, body={})


FACTORIES["revoke_token"] = _revoke_token

# --- teams -----------------------------------------------------------------------------------------------------------

_when("enter_team", "admin", body={"name": "新团队", "parent": lambda w: w.sales})
_when("list_teams", "owner")
_when("read_team", "owner", ids={"id": lambda w: w.north})


def _edit_team(world: World) -> Wanted:
    team = world.company.team("小组", parent=world.office)
    return _wanted("edit_team", "admin", ids={"id": team}, body={"version": 1, "name": "大组"})


FACTORIES["edit_team"] = _edit_team

# --- programs and policies ------------------------------------------------------------------------------------------

_when(
    "open_program",
    "admin",
    body={
        "name": "新项目",
        "members": lambda w: [{"team": w.south}],
        "oversight": lambda w: [w["oversight"].id],
        "preset": "general",
    },
)
_when("list_programs", "owner")
_when("read_program", "owner", ids={"id": lambda w: w.program})
_when("edit_program", "admin", ids={"id": lambda w: w.new_program("改名前")}, body={"version": 1, "name": "改名后"})
_when("close_program", "admin", ids={"id": lambda w: w.new_program("要关")}, body={})


def _reopen_program(world: World) -> Wanted:
    program = world.new_program("要开")
    world.setup.made(f"/v1/programs/{program}/close")
    return _wanted("reopen_program", "admin", ids={"id": program}, body={})


FACTORIES["reopen_program"] = _reopen_program
_when("read_trial", "leader", ids={"id": lambda w: w.program})
_when("list_trial_results", "leader", ids={"id": lambda w: w.program})
_when("go_live", "admin", ids={"id": lambda w: w.new_program("试运行", {"program.mode": "trial"})}, body={})
_when("add_member", "admin", ids={"id": lambda w: w.program}, body={"person": World.new_person})
_when("remove_member", "admin", ids={"id": lambda w: w.program, "mid": World.member}, body={})
_when("read_policy_in_force", "owner", ids={"id": lambda w: w.program})
_when("list_program_policies", "owner", ids={"id": lambda w: w.program})
_when("list_company_policies", "owner")
_change: Mapping[str, Any] = {"reason": "调整", "parameters": {"claim.complete_h": 48}}
_when("draft_program_policy", "policy_admin", ids={"id": lambda w: w.program}, body=_change)
_when("draft_company_policy", "policy_admin", body=_change)
_when("read_policy", "owner", ids={"id": World.policy})
_when("read_policy: a draft", "policy_admin", ids={"id": World.draft})
_when("read_rule_text", "owner", ids={"id": World.policy}, query={"lang": "en"})
_when("review_policy", "policy_admin", ids={"id": World.draft}, body={})
_when("approve_policy", "policy_admin", ids={"id": lambda w: w.draft("review")}, body={})
_when("activate_policy", "policy_admin", ids={"id": lambda w: w.draft("review", "approve")}, body={})
_when(
    "migrate_claims", "policy_admin", ids={"id": World.policy}, body={"dry_run": False, "claims": lambda w: [w.claim()]}
)

# --- calendars -------------------------------------------------------------------------------------------------------

_when("make_calendar", "admin", body=World.calendar_content)
_when("list_calendars", "owner")
_when("read_calendar", "owner", ids={"id": World.calendar})
_when("edit_calendar", "admin", ids={"id": World.calendar}, body={"version": 1, "office_hours": "08:30-17:30"})
_when(
    "load_year",
    "admin",
    ids={"id": World.calendar},
    body={"year": 2031, "free_days": ["2031-01-01"], "work_days": ["2031-01-04"]},
)
_when("list_days", "owner", ids={"id": World.calendar}, query={"from": "2031-01-01", "to": "2031-01-31"})
_when(
    "read_deadline",
    "owner",
    ids={"id": World.calendar},
    query={"from": "2031-03-07T07:00:00Z", "amount": "48", "unit": "wh"},
)

# --- customers -------------------------------------------------------------------------------------------------------

_when("enter_customer", "marketing", body=World.customer)
_when("list_customers", "owner")
_when("read_customer", "owner", ids={"id": lambda w: w.customer_of(w.claim())})


def _edit_customer(world: World) -> Wanted:
    customer = world.customer_of(world.claim())
    body = {"version": world.recorded(customer)["version"], "level": "A", "level_reason": "重点客户"}
    return _wanted("edit_customer", "marketing", ids={"id": customer}, body=body)


FACTORIES["edit_customer"] = _edit_customer
_when("reveal", "owner", ids={"id": lambda w: w.customer_of(w.claim())}, body={"fields": ["phone"], "purpose": "回访"})


def _erase(world: World) -> Wanted:
    claim = world.claim()
    customer = world.customer_of(claim)
    world["owner"].made(f"/v1/claims/{claim}/release", {"reason": "need_unmet"})
    return _wanted("erase", "admin", ids={"id": customer}, body={"reason": "客户要求"})


FACTORIES["erase"] = _erase


def _merge_customer(world: World) -> Wanted:
    into = world.customer_of(world.claim())
    free = world.company.admin.made("/v1/customers", world.customer())["id"]
    return _wanted("merge_customer", "marketing", ids={"id": into}, body={"into": free, "reason": "客户换了号码"})


def _unmerge_customer(world: World) -> Wanted:
    merged = _merge_customer(world)
    world["marketing"].made(f"/v1/customers/{merged.ids['id']}/merge", merged.body)
    return _wanted("unmerge_customer", "marketing", ids=merged.ids, body={"reason": "其实是两个人"})


FACTORIES["merge_customer"] = _merge_customer
FACTORIES["unmerge_customer"] = _unmerge_customer


def _pair(world: World) -> tuple[str, str]:
    return world.customer_of(world.claim()), world.customer_of(world.claim())


def _link_customer(world: World) -> Wanted:
    one, other = _pair(world)
    return _wanted("link_customer", "owner", ids={"id": one}, body={"with": other, "kind": "household"})


def _link(world: World) -> str:
    one, other = _pair(world)
    asked = world["owner"].made(f"/v1/customers/{one}/links", {"with": other, "kind": "household"})
    return str(asked["id"])


FACTORIES["link_customer"] = _link_customer
_when("list_links", "owner", ids={"id": lambda w: w.customer_of(w.claim())})
_when("approve_link", "leader", ids={"id": _link}, body={})
_when("refuse_link", "leader", ids={"id": _link}, body={})
_when("end_link", "owner", ids={"id": _link}, body={"reason": "弄错了"})
_when("look_up_ownership", "owner", body={"program": lambda w: w.program, "customer": World.customer})

# --- claims ----------------------------------------------------------------------------------------------------------

_when("report_claim", "owner", body={"program": lambda w: w.program, "customer": World.customer})
_when("list_claims", "owner")
_when("read_claim", "owner", ids={"id": World.claim})
_when("read_timeline", "owner", ids={"id": World.claim})
_when("list_follow_ups", "owner", ids={"id": World.claim})


def _correct_claim(world: World) -> Wanted:
    claim = world.claim()
    body = {"version": world.version(f"/v1/claims/{claim}"), "need": "三房两厅"}
    return _wanted("correct_claim", "owner", ids={"id": claim}, body=body)


FACTORIES["correct_claim"] = _correct_claim
_when("accept_claim", "leader", ids={"id": World.report}, body={})
_when("reject_claim", "leader", ids={"id": World.report}, body={"reason": "资料不全"})
_when("send_back_claim", "leader", ids={"id": World.report}, body={"reason": "请补充"})
_when("withdraw_claim", "owner", ids={"id": World.report}, body={})
_when("win_claim", "owner", ids={"id": World.claim}, body=World.deal)
_when("cancel_deal", "finance", ids={"id": World.won}, body={"reason": "退房"})
_when("release_claim", "owner", ids={"id": World.claim}, body={"reason": "need_unmet"})
_when("transfer_claim", "owner", ids={"id": World.claim}, body={"to": lambda w: w["peer"].id})


def _transfer_of_a_leaver(world: World) -> Wanted:
    leaver = world.company.rep("离职的人", team=world.north)
    claim = leaver.made("/v1/claims", {"program": world.program, "customer": world.customer()})["id"]
    world.setup.made(f"/v1/people/{leaver.id}/leave")
    world.company.spread()
    name = "transfer_claim: a leaver's"
    return _wanted(name, "leader", ids={"id": claim}, body={"to": world["broker"].id})


FACTORIES["transfer_claim: a leaver's"] = _transfer_of_a_leaver
_when("extend_claim", "owner", ids={"id": World.claim}, body={"reason": "客户出差"})
_when(
    "override_claim",
    "manager",
    ids={"id": World.claim},
    body={"kind": "keep", "until": lambda w: w.later(days=200), "reason": "战略客户"},
)
_when("list_overrides", "owner")
_when("issue_letter", "owner", ids={"id": World.tendered}, body={})
_when("read_letter", "owner", ids={"id": World.letter})
_when("list_letters", "owner")
_when("pause_claim", "leader", ids={"id": World.claim}, body={"kind": "customer_request", "reason": "客户要求"})


def _unpause_claim(world: World) -> Wanted:
    claim = world.claim()
    world["leader"].made(f"/v1/claims/{claim}/pause", {"kind": "legal", "reason": "等法务"})
    return _wanted("unpause_claim", "owner", ids={"id": claim}, body={})


FACTORIES["unpause_claim"] = _unpause_claim
_when("list_buyers", "owner", ids={"id": World.claim})
_when("name_buyers", "owner", ids={"id": World.claim}, body={"buyers": [{"name": "李红"}]})
_when("read_dossier", "owner", ids={"id": World.claim})
_when("edit_dossier", "owner", ids={"id": World.claim}, body={"version": 1, "budget": "五百万"})
_when("hand_off_delivery", "owner", ids={"id": World.won}, body={"team": lambda w: w.north, "checklist": ["合同"]})


def _tick_delivery_item(world: World) -> Wanted:
    body = {"team": world.north, "checklist": ["合同"]}
    handed = world["owner"].made(f"/v1/claims/{world.won()}/delivery", body)
    return _wanted("tick_delivery_item", "leader", ids={"id": handed["requests"][0]["id"]}, body={"item": 1})


FACTORIES["tick_delivery_item"] = _tick_delivery_item
_when("move_stage", "owner", ids={"id": World.claim}, body={"stage": "need"})
_when("ask_customer", "owner", ids={"id": World.confirming}, body={"point": "before_contract"})
_when("override_confirmation", "leader", ids={"id": World.confirming}, body={"reason": "客户出国"})
_when("print_confirmation_link", "leader", ids=World.confirmation, body={})
_when(
    "enter_confirmation_form",
    "leader",
    ids=World.confirmation,
    body={"answer": "yes", "file": lambda w: w.uploaded("leader")},
)
_when("read_question", "nobody", ids=World.code)
_when("answer_question", "nobody", ids=World.code, body={"answer": "yes"})
_when(
    "invite_collaborator",
    "owner",
    ids={"id": World.claim},
    body={"person": lambda w: w["broker"].id, "rights": "read"},
)


def _remove_collaborator(world: World) -> Wanted:
    claim, person = world.claim(), world["broker"].id
    world["owner"].made(f"/v1/claims/{claim}/collaborators", {"person": person, "rights": "read"})
    return _wanted("remove_collaborator", "owner", ids={"id": claim, "person": person}, body={})


FACTORIES["remove_collaborator"] = _remove_collaborator
_when("settle_claim", "peer", ids={"id": lambda w: w.refused()["peer"]}, body={"template": "yield", "yields": "other"})


def _accept_settlement(world: World) -> Wanted:
    asked = world["peer"].made(f"/v1/claims/{world.refused()['peer']}/settle", {"template": "joint"})
    body = {"digest": asked["settlement"]["digest"]}
    return _wanted("accept_request: settling", "owner", ids={"id": asked["id"]}, body=body)


FACTORIES["accept_request: settling"] = _accept_settlement
_when("log_follow_up", "owner", ids={"id": World.claim}, body={"kind": "call", "note": NOTE})
_when("correct_follow_up", "owner", ids={"id": lambda w: w.follow_up(w.claim())}, body={"note": "更正:" + NOTE})
_when("void_follow_up", "leader", ids={"id": lambda w: w.follow_up(w.claim())}, body={"reason": "不属实"})

# --- disputes --------------------------------------------------------------------------------------------------------

_RULING: Mapping[str, Any] = {
    "outcome": "pool",
    "facts": "双方都没有接待",
    "reason": "先放回公海",
    "follows_advice": False,
}
_CASE: Mapping[str, Any] = {"id": World.case}
_when(
    "open_dispute",
    "peer",
    body={"claim": lambda w: w.refused()["peer"], "grounds": "refused_report", "statement": "我先接待的客户"},
)
_when("list_disputes", "owner")
for _read in (
    "read_dispute",
    "read_dispute_timeline",
    "list_evidence",
    "list_proposals",
    "list_messages",
    "read_advice",
):
    _when(_read, "owner", ids=_CASE)
_when("add_evidence", "owner", ids=_CASE, body={"kind": "statement", "text": "客户是我先接待的"})
_when("say", "owner", ids=_CASE, body={"text": "我们当面谈一下"})
_when("be_heard", "owner", ids={"id": World.arbitrated}, body={})
_when("ask_for_more_evidence", "leader", ids={"id": World.arbitrated}, body={"question": "谁先接待的？"})
_when("object_to_result", "peer", ids={"id": lambda w: w.case(w.program)}, body={"missing": "缺少到访记录"})
_when("name_mediator", "leader", ids=_CASE, body={"person": lambda w: w["mediator"].id})
_when("waive_negotiation", "owner", ids=_CASE, body={})
_when("propose_terms", "owner", ids=_CASE, body={"terms": {"outcome": "pool"}, "text": "放回公海"})


def _answer(name: str) -> Factory:
    def made(world: World) -> Wanted:
        case, digest = world.proposal()
        return _wanted(name, "peer", ids={"id": case, "n": "1"}, body={"digest": digest})

    return made


for _yes_or_no in ("accept_proposal", "decline_proposal"):
    FACTORIES[_yes_or_no] = _answer(_yes_or_no)
_when(
    "ask_for_recusal",
    "owner",
    ids={"id": World.arbitrated},
    body={"person": lambda w: w["leader"].id, "reason": "和对方是亲戚"},
)


def _decide_recusal(world: World) -> Wanted:
    case = world.arbitrated()
    body = {"person": world["leader"].id, "reason": "和对方是亲戚"}
    asked = world["owner"].made(f"/v1/disputes/{case}/recusals", body)
    decision = {"accepted": False, "reason": "没有依据"}
    return _wanted("decide_recusal", "admin", ids={"id": case, "recusal": asked["id"]}, body=decision)


FACTORIES["decide_recusal"] = _decide_recusal


def _name_arbitrator(world: World) -> Wanted:
    """The leader is too near to both, and whoever would decide instead is away when the case gets there."""
    program = world.new_program("无人", {"dispute.auto_settle": False, "dispute.strict_neutral": True})
    case = world.case(program)
    span = {"from": world.later(), "to": world.later(minutes=1)}
    for person in (world.setup, world["admin"], world["oversight"]):
        world.setup.made(f"/v1/people/{person.id}/absences", span)
    for role in ("owner", "peer"):
        world[role].made(f"/v1/disputes/{case}/waive")
    world.company.shift(minutes=2)
    body = {"person": world["mediator"].id, "reason": "没有其他中立的人"}
    return _wanted("name_arbitrator", "admin", ids={"id": case}, body=body)


FACTORIES["name_arbitrator"] = _name_arbitrator
_when("rule_dispute", "leader", ids={"id": World.heard}, body=_RULING)


def _appeal_ruling(world: World) -> Wanted:
    case = world.heard()
    world["leader"].made(f"/v1/disputes/{case}/ruling", _RULING)
    item = world["owner"].made(f"/v1/disputes/{case}/evidence", {"kind": "statement", "text": "新找到的接待单"})
    return _wanted("appeal_ruling", "owner", ids={"id": case}, body={"reason": "有新证据", "evidence": [item["id"]]})


FACTORIES["appeal_ruling"] = _appeal_ruling
_when("withdraw_dispute", "peer", ids=_CASE, body={})


def _continue_dispute(world: World) -> Wanted:
    case = world.case()
    world["peer"].made(f"/v1/disputes/{case}/withdraw", {})
    return _wanted("continue_dispute", "owner", ids={"id": case}, body={})


FACTORIES["continue_dispute"] = _continue_dispute
_when("open_discussion", "leader", body={"claim": lambda w: w.refused()["peer"], "topic": "谁来负责"})
_when("list_discussions", "peer")
_DISCUSSION: Mapping[str, Any] = {"id": World.discussion}
_PLAN: Mapping[str, Any] = {"person": lambda w: w["peer"].id, "plan": "周三前回访"}
_when("read_discussion", "peer", ids=_DISCUSSION)
_when("read_discussion_timeline", "peer", ids=_DISCUSSION)
_when("propose_in_discussion", "peer", ids=_DISCUSSION, body=_PLAN)


def _vote_in_discussion(world: World) -> Wanted:
    discussion = world.discussion()
    plan = {"person": world["peer"].id, "plan": "周三前回访"}
    world["leader"].made(f"/v1/discussions/{discussion}/proposals", plan)
    return _wanted("vote_in_discussion", "peer", ids={"id": discussion}, body={"proposal": 1})


FACTORIES["vote_in_discussion"] = _vote_in_discussion
_when("decide_discussion", "leader", ids=_DISCUSSION, body={**_PLAN, "reason": "客户愿意"})
_when("answer_discussion", "peer", ids=_DISCUSSION, body={"answer": "refuse"})
_when("list_conflicts", "leader")
_when("list_checks", "oversight")
_when("list_precedents", "owner")
_when("dismiss_dispute", "oversight", ids=_CASE, body={"reason": "没有依据"})

# --- territories -----------------------------------------------------------------------------------------------------

_when("draft_territory_plan", "admin", body=World.division)
_when("list_territory_plans", "owner")
_when("read_territory_plan", "owner", ids={"id": lambda w: w.territory_plan("activate")})
_when("preview_territory_plan", "admin", ids={"id": World.territory_plan})
_when("activate_territory_plan", "admin", ids={"id": World.territory_plan}, body={})
_ACTIVE_PLAN: Mapping[str, Any] = {"id": lambda w: w.territory_plan("activate")}
_when("read_territory_review", "admin", ids=_ACTIVE_PLAN)
_when("review_territory_plan", "admin", ids=_ACTIVE_PLAN, body={"reason": "划分合适"})
_when("comment_on_claim", "owner", ids={"id": World.outside_report}, body={"text": "正在跟进该客户"})
_DUTY: Mapping[str, Any] = {"role": "rep", "text": {"zh": "跟进客户", "en": "Follow customers up"}}
_when("recommend_for_claim", "owner", ids={"id": World.claim})
_when("publish_duty", "admin", body=_DUTY)
_when("list_duties", "owner")
_when("acknowledge", "owner", body=lambda w: {"about": w.setup.made("/v1/duties", _DUTY)["id"]})
_when("acknowledge: the rules", "owner", body=lambda w: {"about": w.rules_in_force()})
_when("list_owed_acknowledgements", "owner")
_when("comment_on_rules", "owner", body=lambda w: {"about": w.rules_in_force(), "text": "期限偏短"})
_when("list_rule_comments", "owner", query=lambda w: {"about": w.rules_in_force()})
_when("read_transfers", "admin", ids=_ACTIVE_PLAN)
_when(
    "list_transfers",
    "admin",
    ids=_ACTIVE_PLAN,
    body={"claims": lambda w: [{"claim": w.claim(), "to": w["peer"].id}], "reason": "按新划分"},
)
_when("approve_transfers", "admin", ids=World.transfer_list, body={})
_when("refuse_transfers", "admin", ids=World.transfer_list, body={"reason": "客户不同意换人"})
_when("withdraw_transfers", "admin", ids=lambda w: w.transfer_list("admin"), body={})
_when("archive_territory_plan", "admin", ids={"id": World.territory_plan}, body={})

# --- money -----------------------------------------------------------------------------------------------------------

_when("draft_plan", "policy_admin", body=World.plan_content)
_when("list_plans", "owner")
_when("read_plan", "owner", ids={"id": lambda w: w.plan("review", "approve", "activate")})
_when("review_plan", "policy_admin", ids={"id": World.plan}, body={})
_when("approve_plan", "policy_admin", ids={"id": lambda w: w.plan("review")}, body={})
_when("activate_plan", "policy_admin", ids={"id": lambda w: w.plan("review", "approve")}, body={})


def _record_deal(world: World) -> Wanted:
    customer = world.customer_of(world.claim())
    return _wanted("record_deal", "owner", body={"program": world.program, "customer": customer, **world.deal()})


FACTORIES["record_deal"] = _record_deal
_DEAL: Mapping[str, Any] = {"id": World.dealt}
_when("list_deals", "owner")
_when("read_deal", "owner", ids=_DEAL)
_when("amend_deal", "owner", ids=_DEAL, body={"version": 1, "amount": {"amount_minor": 2_000_000, "currency": "CNY"}})


def _allocate_deal(world: World) -> Wanted:
    deal, claim = world.unclaimed()
    return _wanted("allocate_deal", "leader", ids={"id": deal}, body={"claim": claim})


FACTORIES["allocate_deal"] = _allocate_deal
_when("call_off_deal", "finance", ids=_DEAL, body={"reason": "退房"})
_when("propose_shares", "owner", ids=_DEAL, body={"shares": World.shared})


def _accept_shares(world: World) -> Wanted:
    deal = world.dealt()
    asked = world["owner"].made(f"/v1/deals/{deal}/shares", {"shares": world.shared()})
    return _wanted("accept_shares", "peer", ids={"id": deal}, body={"digest": asked["proposed"]["digest"]})


FACTORIES["accept_shares"] = _accept_shares
_when("set_shares", "leader", ids=_DEAL, body={"shares": World.shared, "reason": "共同跟进"})
_when("record_receipt", "finance", ids=_DEAL, body=World.told)
_when("record_refund", "finance", ids=_DEAL, body=lambda w: {**w.told(), "reason": "退款"})
_when(
    "reach_stage",
    "finance",
    ids=_DEAL,
    body=lambda w: {"stage": "contract", "at": rfc3339(w.company.now()), "proof": "合同"},
)


def _reverse_entry(world: World) -> Wanted:
    deal = world.dealt()
    received = world["finance"].made(f"/v1/deals/{deal}/receipts", world.told())
    body = {"reverses": received["told"][0]["key"], "reason": "记错"}
    return _wanted("reverse_entry", "finance", ids={"id": deal}, body=body)


FACTORIES["reverse_entry"] = _reverse_entry
_when("credit_assist", "owner", ids=_DEAL, body={"person": lambda w: w["peer"].id})
_when("list_assist_pairs", "oversight", ids={"id": lambda w: w.program})
_when("list_accounts", "finance")
_when("list_entries", "finance")
_when("read_statement", "owner", ids={"id": lambda w: w["owner"].id})
_when("list_performance", "owner")
_when("prepare_payout", "finance", body={"period": "2031-01", "currency": "CNY"})
_when("list_payouts", "finance")
_when("read_payout", "finance", ids={"id": World.payout})
_when("approve_payout", "finance", ids={"id": World.payout}, body={})
_when("pay_payout", "finance", ids={"id": lambda w: w.payout("approve")}, body={})

# --- opening load ----------------------------------------------------------------------------------------------------

_LOADING: Final = {"id": lambda w: w.loading()[0]}
_when("start_opening_load", "admin", ids={"id": lambda w: w.new_program("待上线")}, body={})
_when("read_opening_load", "owner", ids=_LOADING)
_when("list_opening_rows", "owner", ids=_LOADING)
_when("load_opening_row", "admin", ids=_LOADING, body=World.opening_row)


def _object_to_opening_row(world: World) -> Wanted:
    program = world.loading()[0]
    row = world.setup.made(f"/v1/programs/{program}/opening/rows", world.opening_row())
    ids = {"id": program, "row": str(row["id"])}
    return _wanted("object_to_opening_row", "peer", ids=ids, body={"reason": "一直是我在跟"})


FACTORIES["object_to_opening_row"] = _object_to_opening_row

# --- pools -----------------------------------------------------------------------------------------------------------

_POOL: Final = {"id": World.pool}
_POOLED: Final = {"id": World.pool, "entry": World.pooled}
_BATCH: Final = {"customers": lambda w: [w.pooled()], "reason": "整理公海"}
_when("list_pools", "owner")
_when("read_load", "admin", ids={"id": lambda w: w["owner"].id})
_when("read_pool", "owner", ids=_POOL)
_when("make_pool", "admin", body={"program": lambda w: w.program, "name": "三号公海"})
_when("edit_pool", "admin", ids={"id": World.other_pool}, body={"version": 1, "name": "四号公海"})
_when("list_pooled", "owner", ids=_POOL)
_when("open_pooled", "owner", ids=_POOLED)
_when("take_customer", "owner", ids=_POOLED, body={})
_when("assign_customer", "admin", ids=_POOLED, body={"to": lambda w: w["owner"].id, "reason": "老客户转介绍"})
_when(
    "assign_customers",
    "admin",
    ids=_POOL,
    body={**_BATCH, "to": lambda w: w["owner"].id},
)
_when("move_customers", "admin", ids=_POOL, body={**_BATCH, "to": World.other_pool})
_when("lock_customers", "admin", ids=_POOL, body=_BATCH)
_when("unlock_customers", "admin", ids=_POOL, body=_BATCH)
_when("restrict_customers", "admin", ids=_POOL, body={**_BATCH, "people": lambda w: [w["owner"].id]})
_when(
    "add_customers",
    "admin",
    ids=_POOL,
    body={"customers": lambda w: [w["marketing"].made("/v1/customers", w.customer())["id"]], "reason": "导入"},
)

# --- leads -----------------------------------------------------------------------------------------------------------

_LEAD: Mapping[str, Any] = {"id": World.lead}
_when(
    "receive_lead",
    "service",
    body={"program": lambda w: w.program, "source": "展会", "customer": World.customer},
)
_when("list_leads", "owner")
_when("list_rewards", "finance")
_when("read_lead", "owner", ids=_LEAD)
_when("read_lead_timeline", "owner", ids=_LEAD)
_when("accept_lead", "owner", ids=_LEAD, body={})
_when("return_lead", "owner", ids=_LEAD, body={"reason": "no_need"})
_when("contact_lead", "owner", ids=_LEAD, body={"kind": "call", "note": NOTE})
_when("assign_lead", "leader", ids=_LEAD, body={"person": lambda w: w["peer"].id})
_when(
    "assess_lead",
    "service",
    ids={"id": lambda w: w.lead(person=None, factors={"fit": 100, "power": 100, "chain": 100})},
    body={"specialties": ["大客户"]},
)
_when("grade_lead", "leader", ids=_LEAD, body={"grade": "A", "reason": "已见到预算"})
_when("close_lead", "service", ids={"id": World.returned_lead}, body={"reason": "不再需要"})

_when("recommend_for_lead", "owner", ids=_LEAD)
_when("read_lead_balance", "leader", query={"program": lambda w: w.program})
_when("read_lead_rates", "leader", query={"program": lambda w: w.program})
_when("read_lead_rules", "owner", ids={"id": lambda w: w.program})


def _set_lead_rules(world: World) -> Wanted:
    program = world.new_program("线索")
    rule = {"when": {"region": ["华东"]}, "to": {"team": world.north, "way": "dispatch"}}
    return _wanted("set_lead_rules", "admin", ids={"id": program}, body={"version": 1, "rules": [rule]})


FACTORIES["set_lead_rules"] = _set_lead_rules
_when("read_profile", "owner", ids={"id": lambda w: w["owner"].id})


def _edit_profile(world: World) -> Wanted:
    path = f"/v1/people/{world['owner'].id}/profile"
    body = {"version": world.version(path), "skills": {"谈判": 4}}
    return _wanted("edit_profile", "owner", ids={"id": world["owner"].id}, body=body)


FACTORIES["edit_profile"] = _edit_profile


def _confirm_skills(world: World) -> Wanted:
    answer = world.send(_edit_profile(world))
    assert answer.status_code == 200, answer.text
    return _wanted("confirm_skills", "leader", ids={"id": world["owner"].id}, body={"skills": ["谈判"]})


FACTORIES["confirm_skills"] = _confirm_skills
# --- reception -------------------------------------------------------------------------------------------------------

_SITE: Mapping[str, Any] = {"id": World.site}
_CALLED: Mapping[str, Any] = {"id": World.called}
_SERVED: Mapping[str, Any] = {"id": World.served}
_when("list_sites", "owner")
_when("make_site", "admin", body={"program": lambda w: w.program, "name": "售楼处"})
_when("read_site", "owner", ids=_SITE)
_when("edit_site", "admin", ids={"id": World.new_site}, body={"version": 1, "name": "展厅"})
_when("read_site_timeline", "owner", ids=_SITE)
_when("set_presence", "owner", ids={"id": World.new_site}, body={"presence": "free"})
_when("swap_turns", "owner", ids={"id": World.staffed_site}, body={"with": lambda w: w["peer"].id})
_when("give_arrival_code", "owner", ids={"id": World.claim}, body={})
_when("search_features", "owner", ids={"id": lambda w: w.program}, body={"identifying": {"vehicle": "白色轿车"}})
_when("register_arrival", "reception", body={"site": World.site, "customer": World.customer})
_when("list_receptions", "owner")
_when("read_reception", "owner", ids=_CALLED)
_when("read_reception_timeline", "owner", ids=_CALLED)
_when("call_next", "reception", ids={"id": World.unserved}, body={})
_when("assign_reception", "admin", ids=_CALLED, body={"person": lambda w: w["owner"].id, "reason": "客户熟悉"})
_when("greet_visitor", "owner", ids=_CALLED, body={})
_when("record_visitor", "owner", ids=_SERVED, body={"need": "三房", "features": ["戴眼镜"]})
_when("list_unrecognised", "owner", ids={"id": lambda w: w.program})
_when(
    "recognise_visitor",
    "owner",
    ids={"id": World.returned},
    body={"claim": World.claim, "reason": "去年接待过"},
)
_when("hand_over_visitor", "owner", ids=_SERVED, body={"to": lambda w: w["peer"].id, "reason": "临时外出"})
_when("complete_reception", "owner", ids=_SERVED, body={})
_when("read_visit", "broker", ids={"id": World.led_visit})
_when("confirm_visit", "broker", ids={"id": World.led_visit}, body={})
_when("object_to_visit", "broker", ids={"id": World.led_visit}, body={"reason": "客户不是自己来的"})
_when("close_reception", "owner", ids=_SERVED, body={"reason": "送货的"})

# --- partners --------------------------------------------------------------------------------------------------------

_PARTNER: Mapping[str, Any] = {"id": lambda w: w.partner}
_STATEMENT: Mapping[str, Any] = {**_PARTNER, "statement": World.partner_statement}
_when(
    "enter_partner",
    "admin",
    body=lambda w: {"name": "渠道", "manager": w["leader"].id, "parent": w.north, "from": "2020-01-01"},
)
_when("list_partners", "admin")
_when("read_partner", "admin", ids=_PARTNER)
_when("edit_partner", "admin", ids={"id": World.new_partner}, body={"version": 1, "to": "2031-12-31"})
_when("suspend_partner", "other_leader", ids={"id": World.new_partner}, body={"reason": "违规"})
_when("resume_partner", "other_leader", ids={"id": World.new_partner}, body={})
_when("invite_broker", "broker", ids=_PARTNER, body={})
_when("join_partner", "outsider", body=lambda w: {"code": w.invitation(), "name": "新经纪人"})
_when("read_partner_statement", "broker", ids=_PARTNER)
_when("make_partner_statement", "finance", ids=_PARTNER, body=World.month)
_when("list_partner_statements", "broker", ids=_PARTNER)
_when("confirm_partner_statement", "broker", ids=_STATEMENT, body={})
_when("question_partner_statement", "broker", ids=_STATEMENT, body={"reason": "少一笔"})

# --- requests, files, notices, audit ---------------------------------------------------------------------------------

_when("list_requests", "owner")
_when("accept_request", "leader", ids={"id": World.request}, body={})
_when("refuse_request", "leader", ids={"id": World.request}, body={"reason": "不同意"})
_when("withdraw_request", "owner", ids={"id": World.request}, body={})
_when("upload", "owner", file=("合同.pdf", PDF))
_when("download", "owner", ids={"id": World.file})
_when("list_notices", "owner")
_when("list_tasks", "leader")


def _read_notice(world: World) -> Wanted:
    world["leader"].made(f"/v1/claims/{world.report()}/accept")
    notice = world["owner"].get("/v1/me/notices", limit=1).json()["items"][0]["id"]
    return _wanted("read_notice", "owner", ids={"id": notice}, body={})


FACTORIES["read_notice"] = _read_notice
_when("list_events", "auditor", query={"limit": 5})
_when("check_history", "auditor", query={"stream": World.claim})
_when("export_case", "owner", query={"claim": World.claim})
