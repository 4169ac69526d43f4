"""The file of a case as a person reads it, in Chinese or English: gathered over HTTP, then put into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cli.demo.company import Company
from cli.demo.words import Both, Lang, reader

_DAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_ROLES = {
    "opener": Both("申请人", "opened the case"),
    "respondent": Both("被申请人", "answers it"),
    "joined": Both("加入", "joined"),
}
_GROUNDS = {"refused_report": Both("报备被拒", "a refused report"), "ownership": Both("归属", "ownership")}
_STATES = {
    "opened": Both("已立案", "opened"),
    "proposed": Both("系统判客待异议", "settled by the system, open to objection"),
    "negotiating": Both("协商中", "in negotiation"),
    "mediating": Both("调解中", "in mediation"),
    "arbitrating": Both("仲裁中", "in arbitration"),
    "ruled": Both("已裁决", "ruled"),
    "final": Both("生效", "final"),
    "settled": Both("和解", "settled"),
    "dismissed": Both("驳回", "dismissed"),
    "withdrawn": Both("撤回", "withdrawn"),
}
_CLAIM_STATES = {
    "reported": Both("已报备", "reported"),
    "protected": Both("保护中", "protected"),
    "active": Both("跟进中", "active"),
    "won": Both("已成交", "won"),
    "disputed": Both("争议中", "disputed"),
    "arbitrated": Both("已裁决", "arbitrated"),
    "lapsed": Both("已失效", "lapsed"),
    "released": Both("已释放", "released"),
    "rejected": Both("已驳回", "rejected"),
    "withdrawn": Both("已撤回", "withdrawn"),
}
_REASONS = {
    "ruled_out": Both("经裁决不归其所有", "ruled out"),
    "customer_owned": Both("客户已有归属", "the customer is owned"),
    "to_pool": Both("放回公海", "to the pool"),
}
_EVENTS = {
    "opened": Both("{actor}提出争议", "{actor} opens the case"),
    "proposed": Both("系统判客：归{owner}", "the system proposes {owner}, by the rules"),
    "objected": Both("{actor}提出异议", "{actor} objects"),
    "negotiating": Both("进入协商", "negotiation begins"),
    "arbitrating": Both("协商未成，提交仲裁", "no agreement: arbitration begins"),
    "assigned": Both("第 {tier} 级仲裁人：{arbitrator}", "tier {tier} has the case: {arbitrator}"),
    "evidence": Both("{actor}举证（{evidence_kind}）", "{actor} brings evidence ({evidence_kind})"),
    "heard": Both("{actor}表示无补充", "{actor} has nothing to add"),
    "evidence_closed": Both("举证期结束", "the evidence window closes"),
    "ruled": Both("{actor}裁决：归{owner}", "{actor} rules for {owner}"),
    "appealed": Both("{actor}提出申诉", "{actor} appeals"),
    "final": Both("结果生效：归{owner}", "the outcome is final: {owner}"),
    "tier_missed": Both("{arbitrator}逾期未裁，上级协调", "{arbitrator} missed the limit; it goes up"),
    "waived": Both("{actor}放弃协商", "{actor} wants no negotiation"),
}
_EVIDENCE = {
    "report": Both("报备", "report"),
    "attempt": Both("被拒报备", "refused report"),
    "follow_up": Both("跟进", "follow-up"),
    "deal": Both("成交", "deal"),
    "statement": Both("陈述", "statement"),
    "answer": Both("答辩", "answer"),
    "file": Both("文件", "file"),
    "reception": Both("接待记录", "reception"),
    "named_account": Both("专属客户", "named account"),
    "territory": Both("区域", "territory"),
    "customer_choice": Both("客户意愿", "the customer's choice"),
    "same_phone": Both("两份档案电话相同", "the records have the same phone"),
    "other_phone": Both("两份档案电话不同", "the records have different phones"),
    "same_email": Both("两份档案邮箱相同", "the records have the same e-mail"),
    "other_email": Both("两份档案邮箱不同", "the records have different e-mails"),
    "same_company_code": Both("两份档案信用代码相同", "the records have the same credit code"),
    "other_company_code": Both("两份档案信用代码不同", "the records have different credit codes"),
    "same_name": Both("两份档案名称相同", "the records have the same name"),
    "other_name": Both("两份档案名称不同", "the records have different names"),
    "same_before": Both("此前已认定为同一客户", "they were found to be one customer before"),
    "buyer": Both("一方是另一方合同的认购人", "one signs the other's contract"),
    "relative": Both("两位是已关联的客户", "the two are linked customers"),
}
_LABELS = {
    "title": Both("争议案卷 第 {number} 号", "Case file no. {number}"),
    "about": Both(
        "事由：{grounds}；项目：{program}；客户：{customer}", "About {grounds}; {program}; customer {customer}"
    ),
    "statement": Both("申请：{text}", "Statement: {text}"),
    "zone": Both("时间均为北京时间（Asia/Shanghai）", "All times are local (Asia/Shanghai)"),
    "parties": Both("当事人", "Parties"),
    "timeline": Both("经过", "Timeline"),
    "evidence": Both("证据", "Evidence"),
    "advice": Both("裁决建议", "Advice"),
    "rulings": Both("裁决", "Rulings"),
    "outcome": Both("结果", "Outcome"),
    "claims": Both("报备的去向", "What became of the claims"),
    "of_tier": Both("第 {tier} 级裁决时的建议：", "As it stood at the ruling of tier {tier}:"),
    "ruling": Both("第 {tier} 级，{at}，{by}：归{owner}", "Tier {tier}, {at}, {by}: the customer is {owner}'s"),
    "facts": Both("查明：{text}", "Facts: {text}"),
    "violation": Both("违规（{who}）：{text}", "Violation of {who}: {text}"),
    "reason": Both("理由：{text}", "Reason: {text}"),
    "follows": Both("采纳建议", "Follows the advice"),
    "departs": Both("未采纳建议", "Departs from the advice"),
    "overturned": Both("此裁决经申诉被改判", "Overturned on appeal"),
    "stands": Both("此裁决已生效", "This ruling is final"),
    "ended": Both("{state}，{at}：客户归{owner}", "{state}, {at}: the customer is {owner}'s"),
    "claim": Both("{who}的报备（回执 {receipt}，{at}）：{state}", "{who}'s claim (receipt {receipt}, {at}): {state}"),
    "until": Both("，保护至 {at}", ", protected until {at}"),
    "why": Both("，原因：{reason}", ", because: {reason}"),
    "since": Both("，{at}", ", {at}"),
    "system": Both("系统", "the system"),
    "entered": Both("，{at}提交", ", entered {at}"),
    "dated": Both("，日期 {at}", ", dated {at}"),
    "speaks": Both("，指向{who}", ", about {who}"),
    "sha": Both("，SHA-256 {sha}…", ", SHA-256 {sha}…"),
}


def gather(company: Company, case: str, advice: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything about ``case`` that its file shows, as the API answers it to the sales director."""
    reads = "director"
    found = company.get(reads, f"/disputes/{case}")
    claims = [company.get(reads, f"/claims/{p['claim']}") for p in found["parties"] if p["claim"] is not None]
    people = {person["id"]: person["name"] for person in company.items("admin", "/people")}
    return {
        "case": found,
        "timeline": company.items(reads, f"/disputes/{case}/timeline"),
        "evidence": company.items(reads, f"/disputes/{case}/evidence"),
        "advice": [a for a in advice if a["case"] == case],
        "claims": claims,
        "people": people,
        "program": company.name("program"),
        "zone": "Asia/Shanghai",
    }


def text(found: Mapping[str, Any], lang: Lang) -> str:
    """The whole file, ready to print."""
    return "\n".join(_File(reader(lang)(dict(found)), lang).lines()) + "\n"


class _File:
    def __init__(self, found: Mapping[str, Any], lang: Lang) -> None:
        self._found, self._lang = found, lang
        self._case = found["case"]
        self._zone = ZoneInfo(found["zone"])

    def lines(self) -> Iterator[str]:
        case = self._case
        title = self._label("title", number=case["number"])
        yield title
        yield "=" * (2 * len(title) if self._lang == "zh" else len(title))
        customer = self._found["claims"][0]["customer"]["name"]
        grounds = self._word(_GROUNDS, case["grounds"])
        yield self._label("about", grounds=grounds, program=self._found["program"], customer=customer)
        yield self._label("statement", text=case["statement"])
        yield self._label("zone")
        sections = {
            "parties": self._parties(),
            "timeline": self._timeline(),
            "evidence": self._evidence(),
            "advice": self._advice(),
            "rulings": self._rulings(),
            "outcome": self._outcome(),
            "claims": self._claims(),
        }
        for name, lines in sections.items():
            yield ""
            heading = self._label(name)
            yield heading
            yield "-" * (2 * len(heading) if self._lang == "zh" else len(heading))
            yield from lines

    def _parties(self) -> Iterator[str]:
        for party in self._case["parties"]:
            yield f"  {self._person(party['person'])} · {self._word(_ROLES, party['role'])}"

    def _timeline(self) -> Iterator[str]:
        for entry in self._found["timeline"]:
            data = entry["data"]
            told = {
                "actor": self._person(entry["actor"]),
                "owner": self._person(data.get("owner")),
                "arbitrator": self._person(data.get("arbitrator")),
                "tier": data.get("tier"),
                "evidence_kind": self._word(_EVIDENCE, data.get("kind", "")),
            }
            pattern = _EVENTS.get(entry["kind"])
            said = pattern.in_(self._lang).format(**told) if pattern is not None else entry["kind"]
            after = f" → {self._word(_STATES, entry['to'])}" if entry["to"] else ""
            yield f"  {self._at(entry['at'])}  {said}{after}"

    def _evidence(self) -> Iterator[str]:
        for number, item in enumerate(self._found["evidence"], 1):
            line = f"  {number}. {self._word(_EVIDENCE, item['kind'])} · {self._person(item['author'])}"
            line += self._label("entered", at=self._at(item["received_at"]))
            if item["at"] != item["received_at"]:
                line += self._label("dated", at=self._at(item["at"]))
            if item["about"] is not None:
                line += self._label("speaks", who=self._person(item["about"]))
            if item["file"] is not None:
                line += self._label("sha", sha=item["sha256"][:12])
            yield line
            if item["text"]:
                yield f"     {item['text']}"

    def _advice(self) -> Iterator[str]:
        tiers = {r["id"]: r["tier"] for r in self._case["rulings"]}
        for advice in self._found["advice"]:
            yield "  " + self._label("of_tier", tier=tiers[advice["ruling"]])
            for reason in advice["reasons"]:
                yield f"    {reason[self._lang]}"
            for point in advice["points"]:
                yield f"    · {point['text'][self._lang]}"

    def _rulings(self) -> Iterator[str]:
        rulings = self._case["rulings"]
        for number, ruling in enumerate(rulings):
            owner = self._person(ruling["outcome"]["owner"])
            told = {"tier": ruling["tier"], "at": self._at(ruling["at"]), "by": self._person(ruling["by"])}
            yield "  " + self._label("ruling", owner=owner, **told)
            yield "    " + self._label("facts", text=ruling["facts"])
            yield "    " + self._label("reason", text=ruling["reason"])
            for found in ruling["violations"]:
                yield "    " + self._label("violation", who=self._person(found["person"]), text=found["text"])
            yield "    " + self._label("follows" if ruling["follows_advice"] else "departs")
            later = [r["outcome"] for r in rulings[number + 1 :]]
            if ruling["final"]:
                yield "    " + self._label("stands")
            elif any(outcome != ruling["outcome"] for outcome in later):
                yield "    " + self._label("overturned")

    def _outcome(self) -> Iterator[str]:
        case = self._case
        told = {"state": self._word(_STATES, case["state"]), "at": self._at(case["ended_at"])}
        yield "  " + self._label("ended", owner=self._person(case["outcome"]["owner"]), **told)

    def _claims(self) -> Iterator[str]:
        for claim in self._found["claims"]:
            told = {"who": self._person(claim["reporter"]), "receipt": claim["receipt"]}
            state = self._word(_CLAIM_STATES, claim["state"])
            line = "  " + self._label("claim", at=self._at(claim["received_at"]), state=state, **told)
            if claim["reason"] is not None:
                line += self._label("why", reason=self._word(_REASONS, claim["reason"]))
            if claim["ended_at"] is not None:
                line += self._label("since", at=self._at(claim["ended_at"]))
            protected = [c["deadline"] for c in claim["clocks"] if c["clock"] == "protection" and c["deadline"]]
            if protected:
                line += self._label("until", at=self._at(protected[0]))
            yield line

    def _label(self, name: str, **values: Any) -> str:
        return _LABELS[name].in_(self._lang).format(**values)

    def _word(self, words: Mapping[str, Both], word: str) -> str:
        return words[word].in_(self._lang) if word in words else word

    def _person(self, person: str | None) -> str:
        return self._label("system") if person is None else str(self._found["people"].get(person, person))

    def _at(self, text: str) -> str:
        local = datetime.fromisoformat(text).astimezone(self._zone)
        day = _DAYS[self._lang][local.weekday()]
        if self._lang == "zh":
            return f"{local:%Y-%m-%d} 周{day} {local:%H:%M}"
        return f"{day} {local:%Y-%m-%d %H:%M}"
