"""The month that the demo plays: reports, collisions, work, lapses, and three cases that end in three ways."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from cli.demo.company import REPS, Company
from cli.demo.words import COUNT, FAMILY, GIVEN, Both

ZONE: Final = ZoneInfo("Asia/Shanghai")
#: A scan as a phone makes it; what it shows does not matter here.
_SCAN: Final = b"%PDF-1.7\n% the list of named accounts, stamped by head office\n%%EOF\n"
#: Who goes on working which of the named customers.
_WORKED: Final = {"sun": "lin", "xu/liu": "liu", "huang": "liu", "haichuan": "ma", "chen/zhao": "zhao"}
Say = Callable[[Both], None]


def monday_after(now: datetime) -> datetime:
    """Nine o'clock on the next Monday in Shanghai."""
    local = now.astimezone(ZONE)
    day = local.date() + timedelta(days=7 - local.weekday())
    return datetime(day.year, day.month, day.day, 9, tzinfo=ZONE)


def _is_kept(word: str) -> bool:
    """Whether its rep goes on working a customer that the seed dealt out: about half of them are forgotten."""
    phone = word.partition(":")[2]
    return phone != "" and int(phone) % 2 == 0


class Month:
    """One month of ``company``; chance comes from ``seed`` only. ``say``: what has just happened, a line each."""

    def __init__(self, company: Company, *, seed: int, say: Say) -> None:
        self.company = company
        self._rng = random.Random(seed)  # noqa: S311 - it deals out names
        self._say = say
        self._claims: dict[str, dict[str, Any]] = {}
        self._phones = iter(self._rng.sample(range(10**7, 10**8), 60))
        self._calls = 0
        self.advice: list[dict[str, Any]] = []

    def play(self) -> str:
        """Play it; the id of the case that was appealed."""
        self.company.pass_to(monday_after(self.company.now()))
        begun = self.company.now()
        self._first_day()
        self.company.pass_to(begun + timedelta(days=1, hours=1))
        joint, company, named = self._open_cases()
        self._settle(joint)
        self._argue(company, named)
        self._forgotten_customer()
        self._rule_company(company)
        self._appeal(named, begun)
        for days in (8, 15, 22, 30):
            self._work_on(begun + timedelta(days=days))
        self._sum_up()
        return named

    # --- reports and work ------------------------------------------------------------------------------------------

    def _first_day(self) -> None:
        for rep, customer in (("wang", "chen"), ("liu", "huang"), ("ma", "haichuan"), ("he", "xu"), ("lin", "sun")):
            self._claims[customer] = self._report(rep, customer)
            self._minutes(20)
        for rep, customer in (("wang", "chen"), ("liu", "huang"), ("ma", "haichuan"), ("lin", "sun")):
            self._follow_up(rep, customer, "first_call")
        self._minutes(90)
        for rep, customer in (("zhao", "chen"), ("he", "huang"), ("lin", "haichuan")):
            refused = self._claims[f"{customer}/{rep}"] = self._report(rep, customer)
            assert refused["reason"] == "customer_owned", refused
        for rep in REPS:
            for _ in range(2):
                name = self._rng.choice(FAMILY), self._rng.choice(GIVEN)
                word = f"{rep}:{next(self._phones)}"
                self._claims[word] = self._report(rep, word, name)
        for word in [w for w in self._claims if _is_kept(w)]:
            self._follow_up(word.partition(":")[0], word, "first_call")
        self._say(Both("第一天：17 个客户报备，3 次撞单", "First day: 17 customers reported, 3 collisions"))

    def _report(self, rep: str, word: str, name: tuple[Both, Both] | None = None) -> dict[str, Any]:
        lang = self.company.lang
        customer: dict[str, Any] = {"kind": "person"}
        if name is not None:
            family, given = (part.in_(lang) for part in name)
            customer |= {"name": f"{family}{given}" if lang == "zh" else f"{given} {family}"}
            customer |= {"phone": f"137{word.partition(':')[2]}"}
        elif word == "haichuan":
            customer = {"kind": "company", "name": self.company.name(word), "email": "buying@haichuan.example"}
        else:
            place = ("chen", "huang", "xu", "sun").index(word)
            customer |= {"name": self.company.name(word), "phone": f"1391234567{place}"}
        answer: dict[str, Any] = self.company.post(rep, "/claims", program=self.company.program, customer=customer)
        return answer

    def _follow_up(self, rep: str, customer: str, text: str) -> None:
        """A call; every note says something new, else it would not count."""
        self._calls += 1
        path = f"/claims/{self._claims[customer]['id']}/follow-ups"
        self.company.post(rep, path, kind="call", note=f"{self.company.text(text)}{COUNT}{self._calls}")

    def _minutes(self, minutes: int) -> None:
        self.company.pass_to(self.company.now() + timedelta(minutes=minutes))

    def _forgotten_customer(self) -> None:
        """何静 never calls 徐蕾: the claim lapses, and a colleague may have the customer."""
        claim = self._claims["xu"]
        due = self.company.get("he", f"/claims/{claim['id']}")["deadline"] or claim["deadline"]
        self.company.pass_to(datetime.fromisoformat(due) + timedelta(hours=4))
        lapsed = self.company.get("he", f"/claims/{claim['id']}")
        assert lapsed["state"] == "lapsed", lapsed["state"]
        again = self._claims["xu/liu"] = self._report("liu", "xu")
        assert again["state"] == "protected", again
        self._follow_up("liu", "xu/liu", "first_call")
        self._say(
            Both(
                "何静没有按时首次跟进，徐蕾失效；刘洋随后报备成功",
                "He Jing never called Xu Lei and the claim lapsed; Liu Yang reported her and has her now",
            )
        )

    def _work_on(self, instant: datetime) -> None:
        """Every rep works half of what is still theirs; one customer of 林悦 signs."""
        self.company.pass_to(instant)
        worked = 0
        for word, claim in self._claims.items():
            rep = _WORKED.get(word) or (word.partition(":")[0] if _is_kept(word) else None)
            if rep is None:
                continue
            if self.company.get(rep, f"/claims/{claim['id']}")["state"] in ("protected", "active"):
                self._follow_up(rep, word, "next_call")
                worked += 1
        if self.company.get("lin", f"/claims/{self._claims['sun']['id']}")["state"] == "active":
            self._win()
        self._say(Both(f"{worked} 个客户得到跟进", f"{worked} customers were followed up"))

    def _win(self) -> None:
        path = f"/claims/{self._claims['sun']['id']}"
        self._minutes(60)
        signed = self.company.now().isoformat()
        self.company.post(
            "lin", f"{path}/win", amount={"amount_minor": 268_000_000, "currency": "CNY"}, contract_at=signed
        )
        self._say(Both("林悦签下孙浩然，268 万元", "Lin Yue signed Sun Haoran, CNY 2,680,000"))

    # --- cases -----------------------------------------------------------------------------------------------------

    def _open_cases(self) -> tuple[str, str, str]:
        opened = []
        for rep, customer, statement in (
            ("he", "huang", "contest_joint"),
            ("lin", "haichuan", "contest_company"),
            ("zhao", "chen", "contest_named"),
        ):
            claim = self._claims[f"{customer}/{rep}"]["id"]
            text = self.company.text(statement)
            case = self.company.post(rep, "/disputes", claim=claim, grounds="refused_report", statement=text)
            opened.append(case["id"])
        self._say(
            Both(
                "三人对被拒的报备提出争议；系统按先报备判给原归属人",
                "Three contest a refused report; by the first report the system proposes the owners",
            )
        )
        self._minutes(45)
        for rep, case, text in zip(
            ("he", "lin", "zhao"), opened, ("missing_reception", "missing_mail", "missing_list"), strict=True
        ):
            self._act(rep, case, "object", missing=self.company.text(text))
        self._say(Both("三人都提出异议，进入协商", "All three object and say what is missing: they negotiate"))
        joint, company, named = opened
        return joint, company, named

    def _settle(self, case: str) -> None:
        ids = self.company.ids
        shares = [{"person": ids["liu"], "share_bps": 6_000}, {"person": ids["he"], "share_bps": 4_000}]
        terms = {"outcome": "joint", "owner": ids["liu"], "shares": shares}
        made = self._act("liu", case, "proposals", terms=terms, text=self.company.text("joint_terms"))
        self._minutes(30)
        settled = self._act("he", case, f"proposals/{made['n']}/accept", digest=made["digest"])
        assert settled["state"] == "settled", settled["state"]
        self._say(Both("第 1 案和解：共同跟进，六四分成", "Case 1 is settled: together, 60 to 40"))

    def _argue(self, company: str, named: str) -> None:
        """Nobody gives way: both cases go to the nearest superior of both parties, who hears them."""
        for case in (company, named):
            self._past_window("lin" if case == company else "zhao", case, "negotiation")
        self._act("lin", company, "heard")
        self._act("ma", company, "evidence", kind="statement", text=self.company.text("mail_unknown"))
        self._act("wang", named, "evidence", kind="statement", text=self.company.text("wang_says"))
        self._act("zhao", named, "evidence", kind="answer", text=self.company.text("zhao_says"))
        self._say(Both("第 2、3 案协商未成，提交仲裁", "Cases 2 and 3 find no agreement and go to arbitration"))
        self._minutes(120)
        ids = self.company.ids
        ruled = self._rule("east_head", named, owner=ids["wang"], facts="first_facts", reason="first_reason")
        assert ruled["state"] == "ruled", ruled["state"]
        self._say(Both("第 3 案：周经理裁决归王芳", "Case 3: Zhou Min rules for Wang Fang"))

    def _rule_company(self, case: str) -> None:
        found = self.company.get("lin", f"/disputes/{case}")
        assert found["state"] == "arbitrating", found["state"]
        by = next(word for word, id_ in self.company.ids.items() if id_ == found["arbitrator"])
        self._rule(by, case, owner=self.company.ids["ma"], facts="company_facts", reason="company_reason")
        self._say(Both("第 2 案：孙主管裁决归马超", "Case 2: Sun Lei rules for Ma Chao"))

    def _appeal(self, case: str, begun: datetime) -> None:
        """赵强 gets the list at last, his leader confirms it, and the tier above decides otherwise."""
        company, ids = self.company, self.company.ids
        company.pass_to(begun + timedelta(days=4, hours=1))
        scan = company.upload("zhao", "list-of-named-accounts.pdf", _SCAN)
        item = self._act("zhao", case, "evidence", kind="file", file=scan, text=company.text("list_file"))
        since = (begun - timedelta(days=12)).isoformat()
        about = {"about": ids["zhao"], "at": since, "text": company.text("list_confirmed")}
        listed = self._act("east2_lead", case, "evidence", kind="named_account", **about)
        self._act("zhao", case, "appeal", reason=company.text("appeal"), evidence=[item["id"]])
        self._say(Both("第 3 案：赵强凭新证据申诉，上交陈总监", "Case 3: Zhao Qiang appeals on new evidence"))
        self._minutes(150)
        for party in ("wang", "zhao"):
            self._act(party, case, "heard")
        company.pass_to(begun + timedelta(days=7, hours=1))
        seen = [item["id"], listed["id"]]
        final = self._rule(
            "director", case, owner=ids["zhao"], facts="second_facts", reason="second_reason", evidence=seen
        )
        self._follow_up("zhao", "chen/zhao", "first_call")
        assert final["state"] == "final", final["state"]
        self._say(Both("第 3 案：陈总监改判归赵强，立即生效", "Case 3: Director Chen decides for Zhao Qiang; final"))

    def _sum_up(self) -> None:
        states = [self.company.get("admin", f"/claims/{claim['id']}")["state"] for claim in self._claims.values()]
        counted = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
        self._say(Both(f"月底的报备：{counted}", f"Claims at the end of the month: {counted}"))

    def _rule(
        self, who: str, case: str, *, owner: str, facts: str, reason: str, evidence: Sequence[str] = ()
    ) -> dict[str, Any]:
        """A ruling by ``who``, with the advice as it stood then."""
        advice = self.company.get(who, f"/disputes/{case}/advice")
        outcome = advice["outcome"]
        follows = isinstance(outcome, dict) and outcome["owner"] == owner
        ruled: dict[str, Any] = self._act(
            who,
            case,
            "ruling",
            outcome="party",
            owner=owner,
            facts=self.company.text(facts),
            reason=self.company.text(reason),
            follows_advice=follows,
            evidence=list(evidence),
        )
        self.advice.append({"case": case, "ruling": ruled["rulings"][-1]["id"], **advice})
        return ruled

    def _act(self, who: str, case: str, word: str, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.company.post(who, f"/disputes/{case}/{word}", **body)
        return answer

    def _past_window(self, who: str, case: str, window: str) -> None:
        found = self.company.get(who, f"/disputes/{case}")
        ends = [w["deadline"] for w in found["windows"] if w["window"] == window]
        if ends:
            self.company.pass_to(datetime.fromisoformat(ends[0]) + timedelta(minutes=1))
