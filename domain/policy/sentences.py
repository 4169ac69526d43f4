"""The sentences of the rule text (POL-07), by topic. ``{name}`` stands for a value, ``{name:key}`` for one entry,
``{ownership.rules:order}`` for the rules without their weights, which only weighted mode looks at.

A sentence with conditions is shown only where all of them hold: a choice has that word, anything else is ``on`` or
``off`` (0, ``false``, nothing). Parameters that no sentence mentions, and those whose sentence is hidden because they
are off, follow as plain lines. So every parameter is readable, except one that another choice makes meaningless, such
as the places of a queue where collisions are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Sentence:
    """One rule in both languages. ``rules``: requirement ids, blanks between them."""

    rules: str
    zh: str
    en: str
    when: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters whose values the sentence tells or depends on."""
        told = [place.partition(":")[0] for place in PLACE.findall(self.zh + self.en)]
        return tuple(dict.fromkeys([*told, *(condition.partition(":")[0] for condition in self.when)]))


@dataclass(frozen=True, slots=True)
class Topic:
    """A heading, its sentences, and the prefixes of the parameters that belong under it."""

    zh: str
    en: str
    prefixes: tuple[str, ...]
    sentences: tuple[Sentence, ...]


PLACE: Final = re.compile(r"\{([a-z_]+\.[a-z_]+(?::[a-z_]+)?)\}")


def _on(name: str, rules: str, zh: str, en: str, **more: str) -> Sentence:
    """Shown while ``name`` is on."""
    return Sentence(rules, zh, en, {name: "on"} | _conditions(more))


def _off(name: str, rules: str, zh: str, en: str, **more: str) -> Sentence:
    """Shown while ``name`` is off."""
    return Sentence(rules, zh, en, {name: "off"} | _conditions(more))


def _is(name: str, word: str, rules: str, zh: str, en: str) -> Sentence:
    """Shown while the choice ``name`` is ``word``."""
    return Sentence(rules, zh, en, {name: word})


def _conditions(more: Mapping[str, str]) -> dict[str, str]:
    """Keyword names hold no dots: ``claim__lapse_to`` means ``claim.lapse_to``."""
    return {name.replace("__", "."): state for name, state in more.items()}


_SUBJECT: Final = (
    _is(
        "claim.subject",
        "customer",
        "CLM-33 TER-01",
        "报备的对象是客户：每个客户在每条归属轨道上最多有一位归属人。",
        "What is claimed is the customer: per ownership track a customer has at most one owner.",
    ),
    _is(
        "claim.subject",
        "project",
        "CLM-33 TER-01",
        "报备的对象是客户的一个具体项目：每个客户项目在每条归属轨道上最多有一位归属人。",
        "What is claimed is one named project of a customer: per ownership track it has at most one owner.",
    ),
    Sentence(
        "TER-01",
        "归属轨道：{ownership.tracks}；不同轨道互不影响。",
        "Ownership tracks: {ownership.tracks}; claims of different tracks never collide.",
    ),
)

_REPORTING: Final = (
    *_SUBJECT,
    Sentence(
        "CLM-02",
        "报备时必须提供：{claim.required_fields}。",
        "A report needs at once: {claim.required_fields}.",
    ),
    _on(
        "claim.complete_h",
        "CLM-02",
        "报备后 {claim.complete_h}内补齐：{claim.complete_fields}；逾期未补齐的列给主管，报备不因此失效。",
        "Within {claim.complete_h} a report is completed with: {claim.complete_fields}. "
        "What is still missing then is listed for the supervisor; the claim does not lapse for it.",
    ),
    _off(
        "claim.complete_h",
        "CLM-02",
        "报备后应补齐：{claim.complete_fields}，不设期限。",
        "A report is completed with: {claim.complete_fields}, without a time limit.",
    ),
    _is(
        "claim.judgement_mode",
        "auto",
        "CLM-03",
        "报备由系统判定，疑似重复的也先通过并提醒双方主管。",
        "Reports are judged by the system; possible duplicates are accepted with an alert to both supervisors.",
    ),
    _is(
        "claim.judgement_mode",
        "manual",
        "CLM-03",
        "每份报备都由主管判定。",
        "Every report is judged by a supervisor.",
    ),
    _is(
        "claim.judgement_mode",
        "auto_then_manual",
        "CLM-03",
        "明确的报备由系统当场判定，其余进入判客列表由主管判定。",
        "Clear reports are judged by the system at once; the others go to the judgement list of the supervisor.",
    ),
    _on(
        "claim.approval_wh",
        "CLM-04",
        "主管应在 {claim.approval_wh}内判定；逾期转给上一级，报备时间不变。",
        "The supervisor judges within {claim.approval_wh}; after that it moves one supervisor up, "
        "and the report time stays.",
    ),
    _off("claim.approval_wh", "CLM-04", "主管判定不设期限。", "Judging has no time limit."),
    Sentence(
        "CLM-05",
        "几份报备都未判定时，先报备者优先，以系统收到的时间为准。",
        "Among reports not yet judged the earliest wins, by the time we received it.",
    ),
    _on(
        "claim.correction_wh",
        "CLM-05",
        "退回的报备在 {claim.correction_wh}内更正的，保留原报备时间。",
        "A report sent back keeps its time if it is corrected within {claim.correction_wh}.",
    ),
    _on(
        "claim.late_report_h",
        "CLM-07",
        "首次接触要作为依据，须有记录为证，并在接触后 {claim.late_report_h}内报备。",
        "A first contact counts only if an entry proves it and the report followed within {claim.late_report_h}.",
    ),
    _on(
        "claim.cap_person",
        "CLM-25",
        "每人在手报备最多 {claim.cap_person} 个。",
        "A person has at most {claim.cap_person} open claims.",
    ),
    _off("claim.cap_person", "CLM-25", "每人在手报备数量不限。", "A person may have any number of open claims."),
    _on(
        "claim.cap_team",
        "CLM-25",
        "每个团队在手报备最多 {claim.cap_team} 个。",
        "A team has at most {claim.cap_team} open claims.",
    ),
    _off("claim.cap_team", "CLM-25", "每个团队在手报备数量不限。", "A team may have any number of open claims."),
    _on(
        "claim.cap_partner",
        "CLM-25",
        "每家渠道公司在手报备最多 {claim.cap_partner} 个。",
        "A partner has at most {claim.cap_partner} open claims.",
    ),
    _off("claim.cap_partner", "CLM-25", "渠道公司在手报备数量不限。", "A partner may have any number of open claims."),
    _on(
        "guard.window_days",
        "CLM-25",
        "{guard.window_days}内报备满 {guard.min_reports} 个、其中有进展的不足 {guard.rate_pct}的，上限减半，直到恢复。",
        "Whoever made {guard.min_reports} reports within {guard.window_days}, of which less than {guard.rate_pct} led "
        "anywhere, has the cap halved until that recovers.",
    ),
    _on(
        "claim.provisional_days",
        "CLM-28",
        "预报备须在 {claim.provisional_days}内补全，否则失效；期间同样受保护，但不产生佣金。",
        "A provisional claim is completed within {claim.provisional_days} or lapses; meanwhile it protects "
        "but gives no commission.",
    ),
    _on(
        "claim.resubmit_max",
        "CLM-26",
        "被驳回的报备有新情况时可以重报，最多 {claim.resubmit_max} 次。",
        "A rejected report may be sent again with changed facts; number allowed: {claim.resubmit_max}.",
    ),
    _off("claim.resubmit_max", "CLM-26", "被驳回的报备不能重报。", "A rejected report cannot be sent again."),
    _is(
        "claim.out_of_territory",
        "refuse",
        "TER-05",
        "区域外的客户不能报备。",
        "A customer outside one's own territory cannot be reported.",
    ),
    _is(
        "claim.out_of_territory",
        "warn",
        "TER-05",
        "区域外的客户可以报备，但会提醒。",
        "A customer outside one's own territory may be reported, with a warning.",
    ),
    _is(
        "claim.out_of_territory",
        "approve",
        "TER-05",
        "区域外的客户由主管判定，并先听取该区域负责人的意见。",
        "A customer outside one's own territory is judged by a supervisor, who hears the territory's holder first.",
    ),
)

_IDENTITY: Final = (
    Sentence(
        "CUS-02",
        "下列信息一致即为同一客户——{match.keys}。",
        "Records are the same customer if these agree – {match.keys}.",
    ),
    _on(
        "match.weak_keys",
        "CUS-02",
        "{match.weak_keys}一致只作疑似提示。",
        "Agreement in these only hints at the same customer: {match.weak_keys}.",
    ),
    _is(
        "claim.on_possible",
        "accept_alert",
        "CUS-02",
        "疑似重复的报备先通过，并提醒双方主管。",
        "A possible duplicate is accepted, with an alert to both supervisors.",
    ),
    _is(
        "claim.on_possible",
        "judge",
        "CUS-02",
        "疑似重复的报备先由主管判定。",
        "A possible duplicate is judged by a supervisor first.",
    ),
    _on(
        "match.weak_keys",
        "CUS-05",
        "公司名称的相近程度达到 {match.fuzzy_threshold} 才算名称相近，地区不同的不算。",
        "Company names are close from a closeness of {match.fuzzy_threshold} on, and never if their regions differ.",
    ),
    Sentence(
        "CUS-03",
        "没有国家代码的电话号码按 {match.phone_region} 识别。",
        "Phone numbers without a country code are read as numbers of {match.phone_region}.",
    ),
    Sentence(
        "CUS-08",
        "报备前查询的次数：公司人员每小时 {match.probes_per_hour:in_house}、每天 {match.probes_per_day:in_house}；"
        "渠道人员每小时 {match.probes_per_hour:partner}、每天 {match.probes_per_day:partner}。",
        "Checks before reporting: in-house {match.probes_per_hour:in_house} per hour and "
        "{match.probes_per_day:in_house} per day; partners {match.probes_per_hour:partner} per hour and "
        "{match.probes_per_day:partner} per day.",
    ),
    _is(
        "visibility.owner_name",
        "team",
        "CUS-09",
        "归属人姓名对同团队可见，渠道人员看不到。",
        "The owner's name is visible within the team, never to partners.",
    ),
    _is(
        "visibility.owner_name",
        "program",
        "CUS-09",
        "归属人姓名对本项目成员可见，渠道人员看不到。",
        "The owner's name is visible to members of the program, never to partners.",
    ),
    _is(
        "visibility.owner_name",
        "hidden",
        "CUS-09",
        "归属人姓名不公开。",
        "The owner's name is hidden.",
    ),
)

_PROTECTION: Final = (
    Sentence(
        "CLM-11",
        "报备通过后保护 {claim.protection_days}，期间他人不能报备、领取或跟进该客户。",
        "An accepted claim is protected for {claim.protection_days}; nobody else may report, take or work the "
        "customer meanwhile.",
        {"claim.protection_shape": "report_deal", "claim.protection_days": "on"},
    ),
    Sentence(
        "CLM-11",
        "保护期不启用，报备不会因保护期届满而失效。",
        "There is no protection period, so no claim lapses at its end.",
        {"claim.protection_shape": "report_deal", "claim.protection_days": "off"},
    ),
    Sentence(
        "CLM-12",
        "分阶段保护：报备后 {claim.stage_length:report_visit}内到访，到访后 {claim.stage_length:visit_deal}内成交；"
        "错过即失效。",
        "Protection by stage: report to visit {claim.stage_length:report_visit}, "
        "visit to deal {claim.stage_length:visit_deal}; a missed end lapses the claim.",
        {
            "claim.protection_shape": "report_visit_deal",
            "claim.stage_length:report_visit": "on",
            "claim.stage_length:visit_deal": "on",
        },
    ),
    Sentence(
        "CLM-12",
        "分阶段保护：报备到到访 {claim.stage_length:report_visit}，到访到成交不设期限。",
        "Protection by stage: report to visit {claim.stage_length:report_visit}, visit to deal without a limit.",
        {
            "claim.protection_shape": "report_visit_deal",
            "claim.stage_length:report_visit": "on",
            "claim.stage_length:visit_deal": "off",
        },
    ),
    Sentence(
        "CLM-12",
        "分阶段保护：报备到到访不设期限，到访到成交 {claim.stage_length:visit_deal}。",
        "Protection by stage: report to visit without a limit, visit to deal {claim.stage_length:visit_deal}.",
        {
            "claim.protection_shape": "report_visit_deal",
            "claim.stage_length:report_visit": "off",
            "claim.stage_length:visit_deal": "on",
        },
    ),
    Sentence(
        "CLM-12",
        "分阶段保护，各阶段不设期限。",
        "Protection by stage, without limits.",
        {
            "claim.protection_shape": "report_visit_deal",
            "claim.stage_length:report_visit": "off",
            "claim.stage_length:visit_deal": "off",
        },
    ),
    Sentence(
        "CLM-12 CLM-09",
        "报备不独占客户；首次到访后保护 {claim.stage_length:visit_deal}。",
        "A report does not reserve the customer; from the first visit on it is protected for "
        "{claim.stage_length:visit_deal}.",
        {"claim.protection_shape": "visit_deal", "claim.stage_length:visit_deal": "on"},
    ),
    Sentence(
        "CLM-12 CLM-09",
        "报备不独占客户；首次到访后受保护，不设期限。",
        "A report does not reserve the customer; from the first visit on it is protected without a limit.",
        {"claim.protection_shape": "visit_deal", "claim.stage_length:visit_deal": "off"},
    ),
    _is(
        "claim.on_protection_end",
        "lapse",
        "CLM-11",
        "保护期届满，报备失效。",
        "At the end of protection the claim lapses.",
    ),
    Sentence(
        "CLM-11",
        "保护期届满时，最近 {claim.renew_recent_days}内有有效跟进的自动续期，否则失效；"
        "保护总时长上限：{claim.max_total_days}。",
        "At the end of protection a claim with a qualified follow-up in the last {claim.renew_recent_days} is renewed, "
        "any other lapses; longest total protection: {claim.max_total_days}.",
        {"claim.on_protection_end": "renew_if_worked", "claim.renew_recent_days": "on"},
    ),
    Sentence(
        "CLM-11",
        "保护期届满，报备失效；自动续期不启用。",
        "At the end of protection the claim lapses; renewal is off.",
        {"claim.on_protection_end": "renew_if_worked", "claim.renew_recent_days": "off"},
    ),
    _on(
        "claim.first_follow_up_wh",
        "CLM-14",
        "首次有效跟进须在 {claim.first_follow_up_wh}内完成，否则报备失效。",
        "The first qualified follow-up comes within {claim.first_follow_up_wh}, or the claim lapses.",
        claim__first_follow_up_miss="lapse",
    ),
    _on(
        "claim.first_follow_up_wh",
        "CLM-14",
        "首次有效跟进须在 {claim.first_follow_up_wh}内完成，否则交主管处理。",
        "The first qualified follow-up comes within {claim.first_follow_up_wh}, or the supervisor is asked.",
        claim__first_follow_up_miss="escalate",
    ),
    _off(
        "claim.first_follow_up_wh",
        "CLM-14",
        "首次跟进不设期限。",
        "The first follow-up has no time limit.",
    ),
    _on(
        "claim.idle_days",
        "CLM-17",
        "连续 {claim.idle_days}没有有效跟进，报备失效。",
        "A claim lapses after {claim.idle_days} without a qualified follow-up.",
    ),
    _off(
        "claim.idle_days",
        "CLM-17",
        "报备不因没有跟进而失效。",
        "A claim does not lapse for lack of follow-ups.",
    ),
    _on(
        "claim.no_deal_days",
        "CLM-17",
        "{claim.no_deal_days}内没有成交，报备失效。",
        "A claim lapses after {claim.no_deal_days} without a deal.",
    ),
    _off(
        "claim.no_deal_days",
        "CLM-17",
        "报备不因没有成交而失效。",
        "A claim does not lapse for lack of a deal.",
    ),
    _on(
        "claim.guard_stage",
        "CLM-17",
        "从“{claim.guard_stage}”阶段起，仍在跟进的报备到期前先交主管决定，主管有 {claim.guard_wd}；"
        "主管未答复的延期一次。",
        "From the stage “{claim.guard_stage}” on, a claim that is worked is put to the supervisor before it lapses, "
        "who has {claim.guard_wd}; without an answer it is extended once.",
        claim__guard_wd="on",
    ),
    _on(
        "calendar.closure_days",
        "CLM-17",
        "连续放假达到 {calendar.closure_days}的，期间无跟进时钟停走。",
        "Closures of {calendar.closure_days} or more stop the idle clock.",
    ),
    _on(
        "claim.after_deal_days",
        "CLM-32",
        "成交后，归属延续到合同结束后 {claim.after_deal_days}；没有结束日期的从成交起算。",
        "After a deal ownership goes on until {claim.after_deal_days} after the contract ends, "
        "or after the deal if the contract is open-ended.",
    ),
    _off(
        "claim.after_deal_days",
        "CLM-32",
        "成交后的归属不设期限。",
        "After a deal ownership has no time limit.",
    ),
    _on(
        "claim.grace_days",
        "CLM-20",
        "失效后 {claim.grace_days}内，只有原归属人可以用一次有效跟进挽回，每份报备限一次。",
        "Within {claim.grace_days} of a lapse only the former owner may rescue the claim, once, by a qualified "
        "follow-up.",
    ),
    _off("claim.grace_days", "CLM-20", "失效后不设宽限期。", "There is no grace period after a lapse."),
)

_PAUSES: Final = (
    _on(
        "claim.extension_max",
        "CLM-22",
        "到期前可以申请延期，每次 {claim.extension_days}，最多 {claim.extension_max} 次；"
        "主管决定的期限为 {claim.extension_decide_wh}，未答复视为不同意。",
        "Before the deadline an extension of {claim.extension_days} may be asked for, up to {claim.extension_max} per "
        "claim; the supervisor has {claim.extension_decide_wh}, and no decision means refused.",
    ),
    _off("claim.extension_max", "CLM-22", "不接受延期申请。", "No extension may be asked for."),
    _on(
        "claim.pause_max_days",
        "CLM-21",
        "因客户要求、法务或交付等待，经批准可以停表，累计不超过 {claim.pause_max_days}。",
        "Clocks may be paused on approval for a customer's request, legal or delivery reasons, "
        "{claim.pause_max_days} in all.",
    ),
    _off("claim.pause_max_days", "CLM-21", "不接受停表申请。", "No pause may be asked for."),
    _on(
        "absence.pause_after_wd",
        "PPL-05",
        "请假超过 {absence.pause_after_wd}的，首次跟进和无跟进时钟停走。",
        "An absence longer than {absence.pause_after_wd} stops the first-follow-up and idle clocks.",
    ),
    _on(
        "reminder.protection_days",
        "CLM-18",
        "保护期届满前提醒：提前 {reminder.protection_days}。",
        "Reminders before protection ends: {reminder.protection_days} ahead.",
    ),
    _off("reminder.protection_days", "CLM-18", "保护期届满前不提醒。", "No reminder before protection ends."),
    _on(
        "reminder.idle_days",
        "CLM-18",
        "无跟进失效前提醒：提前 {reminder.idle_days}。",
        "Reminders before an idle lapse: {reminder.idle_days} ahead.",
    ),
    _off("reminder.idle_days", "CLM-18", "无跟进失效前不提醒。", "No reminder before an idle lapse."),
    _on(
        "reminder.first_follow_up_wh",
        "CLM-18",
        "首次跟进到期前提醒：提前 {reminder.first_follow_up_wh}。",
        "Reminders before the first follow-up is due: {reminder.first_follow_up_wh} ahead.",
    ),
    _off(
        "reminder.first_follow_up_wh",
        "CLM-18",
        "首次跟进到期前不提醒。",
        "No reminder before the first follow-up is due.",
    ),
    _on(
        "reminder.stage_days",
        "CLM-18",
        "阶段到期前提醒：提前 {reminder.stage_days}。",
        "Reminders before a stage ends: {reminder.stage_days} ahead.",
    ),
    _off("reminder.stage_days", "CLM-18", "阶段到期前不提醒。", "No reminder before a stage ends."),
)

_FOLLOW_UP: Final = (
    Sentence(
        "CLM-16",
        "计为有效跟进的方式：{claim.qualified_kinds}；通话和消息须得到回应，且不能与上一次相同。",
        "Kinds of follow-up that qualify: {claim.qualified_kinds}; calls and messages only if answered, "
        "and no repeat of the last one.",
    ),
    _on(
        "claim.min_note_chars",
        "CLM-16",
        "有效跟进的内容不少于 {claim.min_note_chars} 个字。",
        "A qualified follow-up has a note of at least {claim.min_note_chars} characters.",
    ),
    _off("claim.min_note_chars", "CLM-16", "跟进内容不限字数。", "A follow-up note may be of any length."),
    _on(
        "claim.qualified_per_day",
        "CLM-16",
        "每份报备每天最多计 {claim.qualified_per_day} 次有效跟进。",
        "Qualified follow-ups counted per claim and day: {claim.qualified_per_day}.",
    ),
    _off(
        "claim.qualified_per_day", "CLM-16", "每天的有效跟进次数不限。", "Any number of follow-ups a day may qualify."
    ),
    _on(
        "claim.void_notice_wh",
        "CLM-16",
        "主管作废一次跟进后，新的截止时间至少在 {claim.void_notice_wh}之后。",
        "When a supervisor voids a follow-up, the new deadline is at least {claim.void_notice_wh} ahead.",
    ),
)

_RELEASE: Final = (
    Sentence(
        "CLM-23",
        "释放客户须选择理由：{release.reasons}。",
        "A release needs one of these reasons: {release.reasons}.",
    ),
    _on(
        "release.objection_wh",
        "CLM-23",
        "主管释放他人的客户时，归属人可在 {release.objection_wh}内提出异议，有异议即转为争议。",
        "When a supervisor releases a customer the owner may object within {release.objection_wh}; "
        "an objection becomes a dispute.",
    ),
    _on(
        "release.past_share_pct",
        "CLM-23",
        "客户要求换人的，原归属人保留 {release.past_share_pct}的份额。",
        "If the customer asks for someone else, the former owner keeps a share of {release.past_share_pct}.",
    ),
    _on(
        "transfer.accept_wh",
        "CLM-24",
        "转移的客户，接收人须在 {transfer.accept_wh}内接受，否则提议作废。",
        "A transfer is accepted by the receiver within {transfer.accept_wh}, or the offer ends.",
    ),
    _is("transfer.approval", "never", "CLM-24", "转移不需要主管批准。", "A transfer needs no approval."),
    _is(
        "transfer.approval",
        "cross_team",
        "CLM-24",
        "跨团队的转移须主管批准。",
        "A transfer between teams needs the supervisor's approval.",
    ),
    _is(
        "transfer.approval",
        "always",
        "CLM-24",
        "转移一律须主管批准。",
        "Every transfer needs the supervisor's approval.",
    ),
    _is("claim.lapse_to", "pool", "CLM-20", "失效的客户进入公海。", "A lapsed customer goes to the pool."),
    _is("claim.lapse_to", "dispatch", "CLM-20", "失效的客户重新分单。", "A lapsed customer is dispatched anew."),
    _is(
        "claim.lapse_to", "supervisor", "CLM-20", "失效的客户交主管安排。", "A lapsed customer goes to the supervisor."
    ),
    Sentence(
        "CLM-26",
        "原归属人再次报备或领取同一客户的等待期：{claim.reclaim_wait_h}。",
        "The former owner waits before claiming or taking the customer again: {claim.reclaim_wait_h}.",
    ),
    _on(
        "claim.return_flag_days",
        "CLM-26",
        "客户在 {claim.return_flag_days}内经同事转回原归属人的，告知监督员。",
        "A customer that returns to the former owner through a colleague within {claim.return_flag_days} "
        "is reported to oversight.",
    ),
    Sentence(
        "PPL-06",
        "人员离职或转岗时，主管安排其客户的期限为 {people.leaver_handover_wd}，逾期归：{people.handover_to}。",
        "When a person leaves or moves, the supervisor has {people.leaver_handover_wd} to decide on the customers; "
        "after that they go to: {people.handover_to}.",
    ),
)

_COLLISIONS: Final = (
    _is(
        "claim.on_collision",
        "refuse",
        "CLM-27",
        "客户已有归属时，后来的报备不予接受；报备人可以提出争议。",
        "A report on a customer that has an owner is rejected; its reporter may contest that.",
    ),
    Sentence(
        "CLM-27",
        "客户已有归属时，后来的报备排队，名额 {claim.queue_max}，有效期 {claim.queue_days}；客户释放后按顺序接受。",
        "A report on a customer that has an owner is queued, {claim.queue_max} places, for {claim.queue_days}; "
        "when the customer comes free the first in the queue is accepted.",
        {"claim.on_collision": "queue"},
    ),
    _is(
        "claim.on_collision",
        "dispute",
        "CLM-27",
        "客户已有归属时，后来的报备直接作为争议处理。",
        "A report on a customer that has an owner is opened as a dispute.",
    ),
    _is(
        "collision.reveal",
        "verdict",
        "CLM-27",
        "撞单时报备人只知道结论。",
        "The reporter of a collision learns the verdict only.",
    ),
    _is(
        "collision.reveal",
        "end_date",
        "CLM-27",
        "撞单时报备人知道结论和现有归属的到期日。",
        "The reporter of a collision learns the verdict and when the present ownership ends.",
    ),
    Sentence(
        "CLM-06",
        "几个人都主张归属时，按顺序看：{ownership.rules:order}；先分出高下的规则决定。",
        "Where several people claim a customer these rules are asked in order: {ownership.rules:order}; "
        "the first that separates them decides.",
        {"ownership.mode": "ordered"},
    ),
    Sentence(
        "CLM-06",
        "几个人都主张归属时，按权重计分：{ownership.rules}；总分最高者得。",
        "Where several people claim a customer these rules give points: {ownership.rules}; the highest total wins.",
        {"ownership.mode": "weighted"},
    ),
)

_DISPUTES: Final = (
    _on(
        "dispute.contest_wd",
        "DSP-02",
        "得知结果后 {dispute.contest_wd}内可以提出争议。",
        "A dispute may be opened within {dispute.contest_wd} of learning the result.",
    ),
    _on(
        "dispute.after_deal_days",
        "DSP-02",
        "客户已成交的，成交登记后 {dispute.after_deal_days}内可以提出争议。",
        "Where a deal was made a dispute may be opened within {dispute.after_deal_days} of its recording.",
    ),
    _on(
        "dispute.frivolous_days",
        "DSP-02",
        "{dispute.frivolous_days}内有 {dispute.frivolous_max} 件争议被驳回的人，须由主管同意并代为发起。",
        "Whoever had {dispute.frivolous_max} disputes dismissed within {dispute.frivolous_days} needs the supervisor's "
        "consent, who opens the next one for them.",
    ),
    _on(
        "dispute.auto_settle",
        "DSP-04",
        "记录清楚、无人质疑的，由系统判客；异议期 {dispute.objection_wh}。",
        "Where recorded, uncontested facts decide, the system settles the case; time to object: "
        "{dispute.objection_wh}.",
    ),
    _off("dispute.auto_settle", "DSP-04", "争议不由系统判客。", "The system settles no dispute by itself."),
    _on(
        "dispute.negotiation_oh",
        "DSP-05",
        "双方先协商，协商期 {dispute.negotiation_oh}。",
        "The parties negotiate first, for {dispute.negotiation_oh}.",
    ),
    Sentence(
        "DSP-05",
        "双方先协商，协商期 {dispute.negotiation_wh}。",
        "The parties negotiate first, for {dispute.negotiation_wh}.",
        {"dispute.negotiation_oh": "off", "dispute.negotiation_wh": "on"},
    ),
    _on(
        "discussion.close_wh",
        "DSP-07",
        "多人撞上的客户，主管可发起团队讨论，在 {discussion.close_wh}内定一位责任人；当事人拒绝的转为争议。",
        "On a customer several people met, a supervisor may open a team discussion and names one responsible person "
        "within {discussion.close_wh}; refused by a party, it becomes a dispute.",
    ),
    Sentence(
        "DSP-12",
        "协商不成的进入仲裁：每级 {dispute.tier_wh}，高管一级 {dispute.exec_wd}，逾期升级。",
        "Failing that it is arbitrated: each tier has {dispute.tier_wh}, the executive panel {dispute.exec_wd}; "
        "a missed limit moves it up.",
    ),
    _on(
        "dispute.appeal_wd",
        "DSP-16",
        "有新证据的，裁决后 {dispute.appeal_wd}内可以申诉一次。",
        "On new evidence each party may appeal once, within {dispute.appeal_wd} of the ruling.",
    ),
)

_MONEY: Final = (
    Sentence("COM-07", "佣金发放：{commission.release}。", "Commission is released: {commission.release}."),
    _on(
        "clawback.days",
        "COM-10",
        "退款或取消的，发放后 {clawback.days}内按比例追回佣金。",
        "On refund or cancellation commission is clawed back pro rata, within {clawback.days} of its payout.",
    ),
)

_CALENDAR: Final = (
    Sentence(
        "TER-06",
        "工作日：{calendar.weekdays}；办公时间 {calendar.office_hours}；时区 {calendar.zone}；"
        "节假日按 {calendar.country}。",
        "Working days: {calendar.weekdays}; office hours {calendar.office_hours}; time zone {calendar.zone}; "
        "public holidays of {calendar.country}.",
    ),
    _on(
        "calendar.min_notice_wd",
        "TER-06",
        "日历更新后，截止时间至少在 {calendar.min_notice_wd}之后。",
        "After a calendar update no deadline is less than {calendar.min_notice_wd} ahead.",
    ),
    _on(
        "policy.migration_notice_wd",
        "POL-02",
        "新规则缩短进行中的期限时，提前 {policy.migration_notice_wd}通知归属人。",
        "Where a new policy shortens a running deadline, its owner is told {policy.migration_notice_wd} ahead.",
    ),
    _is("program.mode", "live", "POL-08", "项目正式运行。", "The program is live."),
    _is(
        "program.mode",
        "trial",
        "POL-08",
        "项目试运行 {program.trial_days}：只显示结果，不生效。",
        "The program is in a trial run of {program.trial_days}: results are shown and nothing takes effect.",
    ),
)

TOPICS: Final[tuple[Topic, ...]] = (
    Topic("报备", "Reporting", ("claim", "guard", "ownership", "opening"), _REPORTING),
    Topic("客户身份与查重", "Identity and duplicates", ("match", "customer", "visibility"), _IDENTITY),
    Topic("关联客户与客户项目", "Related customers and projects", ("household", "group", "buyer", "bid"), ()),
    Topic("保护期与时钟", "Protection and clocks", (), _PROTECTION),
    Topic("停表、延期与提醒", "Pauses, extensions and reminders", ("absence", "delegation", "reminder"), _PAUSES),
    Topic("跟进", "Follow-up", ("stage", "handoff"), _FOLLOW_UP),
    Topic("释放、转移与交接", "Release, transfer and hand-over", ("release", "transfer", "people"), _RELEASE),
    Topic("撞单与归属规则", "Collisions and ownership", ("collision", "conflict", "override"), _COLLISIONS),
    Topic(
        "争议与裁决",
        "Disputes and rulings",
        ("dispute", "settle", "discussion", "precedent", "inspection", "investigation", "penalty", "remedy"),
        _DISPUTES,
    ),
    Topic(
        "成交与佣金",
        "Deals and commission",
        ("deal", "plan", "split", "assist", "joint", "commission", "clawback", "payout", "performance", "partner"),
        _MONEY,
    ),
    Topic("公海与抢单", "Pools and taking", ("pool", "load"), ()),
    Topic(
        "线索与接待",
        "Leads and reception",
        ("lead", "rotation", "dispatch", "recommend", "reception", "sop", "visit", "standin", "territory"),
        (),
    ),
    Topic("客户确认与关怀", "Confirmation and care", ("confirm", "feedback", "revisit", "care", "referral"), ()),
    Topic("激励与考核", "Incentives", ("award", "reward", "goal", "assess", "coaching"), ()),
    Topic(
        "通知与报告",
        "Notices and reports",
        ("notify", "dashboard", "publish", "retro", "fairness", "report", "record", "pack"),
        (),
    ),
    Topic("日历与规则", "Calendar and policy", ("calendar", "policy", "replay", "program", "org"), _CALENDAR),
    Topic(
        "数据与接口",
        "Data and interfaces",
        (
            "audit",
            "reveal",
            "alarm",
            "privacy",
            "auth",
            "engine",
            "api",
            "webhook",
            "import",
            "export",
            "sync",
            "mobile",
            "locale",
            "chat",
        ),
        (),
    ),
)
