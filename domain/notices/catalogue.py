"""What each kind of notice says, in both languages.

A template names its values in braces: ``{customer}``, ``{deadline}``, ``{reason}`` and so on. What stands in square
brackets is left out when a value in it is not known. A kind may have variants, ``kind/variant``; which one is told is
decided by the facts (:func:`domain.notices.sentences.sentences`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

LANGUAGES: Final = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Entry:
    """Title and sentence of one kind, keyed by language."""

    title: Mapping[str, str]
    text: Mapping[str, str]


# Positional on purpose: the table is read down its columns.
def _row(kind: str, zh_title: str, en_title: str, zh: str, en: str) -> tuple[str, Entry]:
    return kind, Entry(
        title=MappingProxyType({"zh": zh_title, "en": en_title}), text=MappingProxyType({"zh": zh, "en": en})
    )


_CLAIMS = (
    _row(
        "claim.received",
        "有新报备待您判客",
        "A report waits for your decision",
        "{customer}的报备需要您判定[，请在{until}前作出决定]。",
        "A report of {customer} needs your decision[ by {until}].",
    ),
    _row(
        "claim.out_of_territory",
        "您区域内的客户被他人报备",
        "Somebody reported a customer of your territory",
        "{customer}属于您负责的销售区域，由他人报备；判定前请说明您的意见[，请在{until}前提出]。",
        "The report of {customer} by somebody else lies in your territory; please say what you think of it before it "
        "is judged[, by {until}].",
    ),
    _row(
        "claim.out_of_territory/accepted",
        "跨区域报备已通过",
        "A report out of territory was accepted",
        "{customer}属于其他销售区域，[{by}的]报备已通过，仅作提醒。",
        "The report of {customer}[ by {by}] was accepted although the customer lies in another territory; this is for "
        "your information.",
    ),
    _row(
        "claim.accepted",
        "报备已通过",
        "Report accepted",
        "{customer}的报备已通过，现在由您跟进[；最近的期限是{deadline}]。",
        "Your report of {customer} was accepted and the customer is yours[; the next deadline is {deadline}].",
    ),
    _row(
        "claim.rejected",
        "报备被驳回",
        "Report rejected",
        "{customer}的报备没有通过[，原因：{reason}]。",
        "Your report of {customer} was not accepted[; reason: {reason}].",
    ),
    _row(
        "claim.sent_back",
        "报备被退回补正",
        "Report sent back",
        "{customer}的报备被退回，请补正后重新提交[；在{until}前补正的，报备时间不变]。",
        "Your report of {customer} was sent back for correction[; corrected by {until} it keeps its time].",
    ),
    _row(
        "claim.sent_back/late",
        "补正期限已过",
        "Time for the correction is over",
        "{customer}的报备没有按时补正，不再保留原来的次序；补正后按新的时间计算。",
        "Your report of {customer} was not corrected in time and lost its place; once corrected, its new time counts.",
    ),
    _row(
        "claim.withdrawn",
        "报备已撤回",
        "Report withdrawn",
        "{customer}的报备已由报备人撤回。",
        "The report of {customer} was withdrawn by its reporter.",
    ),
    _row(
        "claim.withdrawn/opening",
        "期初导入的客户已撤销",
        "Loaded customer taken back",
        "{customer}在期初导入中登记在您名下，现已由管理员撤销；原因见该报备的记录。",
        "{customer} was loaded as yours, and an administrator has taken that back; the history of the claim says why.",
    ),
    _row(
        "claim.worked",
        "客户进入跟进中",
        "Customer is being worked",
        "{customer}已有首次有效跟进[；最近的期限是{deadline}]。",
        "The first qualified follow-up for {customer} was logged[; the next deadline is {deadline}].",
    ),
    _row(
        "claim.won",
        "客户已成交",
        "Deal recorded",
        "{customer}已登记成交[，客户为您保留至{deadline}]。",
        "A deal was recorded for {customer}[; the customer stays yours until {deadline}].",
    ),
    _row(
        "claim.deal_cancelled",
        "成交已取消",
        "Deal cancelled",
        "{customer}的一笔成交已取消[；最近的期限是{deadline}]。",
        "A deal of {customer} was cancelled[; the next deadline is {deadline}].",
    ),
    _row(
        "claim.lapsed",
        "客户已失效",
        "Claim lapsed",
        "您对{customer}的报备已失效[，原因：{reason}]。",
        "Your claim of {customer} has lapsed[; reason: {reason}].",
    ),
    _row(
        "claim.rescued",
        "客户已挽回",
        "Customer rescued",
        "{customer}在宽限期内有了有效跟进，继续归您[；最近的期限是{deadline}]。",
        "A follow-up within the grace period brought {customer} back to you[; the next deadline is {deadline}].",
    ),
    _row(
        "claim.released",
        "客户已释放",
        "Customer released",
        "{customer}不再由您跟进[，原因：{reason}]。",
        "{customer} is no longer yours[; reason: {reason}].",
    ),
    _row(
        "claim.transferred",
        "客户已转交",
        "Customer transferred",
        "{customer}已转交给新的归属人[；最近的期限是{deadline}]。",
        "{customer} was handed to a new owner[; the next deadline is {deadline}].",
    ),
    _row(
        "claim.transferred/returned",
        "客户经同事转回原归属人",
        "A customer came back through a colleague",
        "{customer}失效或释放后不久，经同事转回给原归属人[{person}]，请关注。",
        "{customer} came back to its former owner[, {person},] through a colleague soon after a lapse or release; "
        "please have a look.",
    ),
    _row(
        "claim.accepted/returned",
        "客户经同事转回原归属人",
        "A customer came back through a colleague",
        "{customer}失效或释放后不久，经同事转回给原归属人[{person}]，请关注。",
        "{customer} came back to its former owner[, {person},] through a colleague soon after a lapse or release; "
        "please have a look.",
    ),
    _row(
        "claim.objected",
        "期初导入的客户另有人主张",
        "Somebody else claims a loaded customer",
        "{customer}在期初导入中归您，现另有人提出异议或被列为归属人[；如到{until}仍未撤回，将转为争议处理]。",
        "{customer} was loaded as yours, and somebody objects or is named as well[; unless that is withdrawn by "
        "{until} it becomes a dispute].",
    ),
    _row(
        "opening.listed",
        "期初数据开始公示",
        "Customers are being loaded for objection",
        "您所在项目正在导入上线前的客户及其归属人[，{until}起生效]；请查看清单，有异议请及时提出。",
        "A program of yours is being loaded with its customers and their owners[; they take effect at {until}]. Please "
        "look through the list and object where somebody is yours.",
    ),
    _row(
        "claim.disputed",
        "客户进入争议",
        "Customer in dispute",
        "{customer}的归属有争议，结案前各项期限停止计算。",
        "The ownership of {customer} is in dispute; all clocks stand still until it is settled.",
    ),
    _row(
        "claim.restored",
        "争议结束，恢复原状",
        "Dispute ended, claim restored",
        "{customer}的争议已结束，报备恢复原来的状态[；最近的期限是{deadline}]。",
        "The dispute about {customer} ended and the claim is as it was before[; the next deadline is {deadline}].",
    ),
    _row(
        "claim.ruled",
        "争议已裁决",
        "Dispute ruled on",
        "{customer}的争议已有裁决。",
        "There is a ruling in the dispute about {customer}.",
    ),
    _row(
        "claim.appealed",
        "裁决被申诉",
        "Ruling appealed",
        "{customer}的裁决已被申诉。",
        "The ruling about {customer} was appealed.",
    ),
    _row(
        "claim.kept",
        "裁决生效，客户归您",
        "Ruling final: the customer is yours",
        "{customer}的裁决已生效，客户归您[；最近的期限是{deadline}]。",
        "The ruling about {customer} is final and the customer is yours[; the next deadline is {deadline}].",
    ),
    _row(
        "claim.ended",
        "裁决生效，报备结束",
        "Ruling final: the claim has ended",
        "{customer}的裁决已生效，您的报备就此结束。",
        "The ruling about {customer} is final and your claim has ended.",
    ),
    _row(
        "claim.follow_up",
        "有新的跟进",
        "New follow-up",
        "{customer}有一条新的跟进记录。",
        "A follow-up was logged for {customer}.",
    ),
    _row(
        "claim.corrected",
        "报备资料有变更",
        "Report corrected",
        "{customer}的报备资料有变更[；最近的期限是{deadline}]。",
        "The report of {customer} was changed[; the next deadline is {deadline}].",
    ),
    _row(
        "claim.corrected/collaborator",
        "您成为客户的协作人",
        "You collaborate on a customer",
        "您现在是{customer}的协作人[，归属人是{by}]。",
        "You now collaborate on {customer}[, whose owner is {by}].",
    ),
    _row(
        "claim.corrected/collaborator_removed",
        "协作结束",
        "Collaboration ended",
        "您不再是{customer}的协作人[，归属人是{by}]。",
        "You no longer collaborate on {customer}[, whose owner is {by}].",
    ),
    _row(
        "claim.completed",
        "报备资料已补全",
        "Report completed",
        "{customer}的报备资料已补全。",
        "The report of {customer} is complete.",
    ),
    _row(
        "claim.voided",
        "跟进被判无效",
        "Follow-up voided",
        "您对{customer}的一条跟进被判无效[；最近的期限现在是{deadline}]。",
        "One of your follow-ups for {customer} was voided[; the next deadline is now {deadline}].",
    ),
    _row(
        "claim.attempt",
        "可能是同一位客户",
        "Possibly the same customer",
        "{customer}的报备与[另外{possible}条]客户资料相近，可能是同一位客户[；名称相近，{differs}]，请核对。",
        "The report of {customer} resembles [{possible} ]other customer records[; the names are close, {differs}]; "
        "please check whether they are the same.",
    ),
    _row(
        "claim.attempt/attempt",
        "有人触及已有归属的客户",
        "Somebody reached for an owned customer",
        "有两人[（{by}与{person}）]在{customer}上相遇：一人归属该客户，另一人试图报备或跟进；这只是提醒，请及早沟通。",
        "Two people met on {customer}[, {by} and {person}]: one of them owns the customer, the other tried to report "
        "or work it; this is a hint only, please talk about it early.",
    ),
    _row(
        "claim.attempt/logging",
        "两人都在跟进同一客户",
        "Two people work on one customer",
        "有两人[（{by}与{person}）]都记录了对{customer}的跟进；这只是提醒，请及早沟通。",
        "Two people logged work on {customer}[, {by} and {person}]; this is a hint only, please talk about it early.",
    ),
    _row(
        "claim.attempt/named",
        "客户指认了另一位接待人",
        "The customer named somebody else",
        "{customer}在确认中指认最先接待的是另一个人[（归属人{by}，客户指认{person}）]；这只是提醒，请及早沟通。",
        "Asked who served them first, {customer} named somebody other than the owner[ ({by} owns, {person} was "
        "named)]; this is a hint only, please talk about it early.",
    ),
    _row(
        "claim.confirmed",
        "客户已确认",
        "Confirmed by the customer",
        "{customer}已确认您是最先接待的人。",
        "{customer} confirmed that you were the first to serve them.",
    ),
    _row(
        "claim.denied",
        "客户未予确认",
        "The customer did not confirm",
        "{customer}在确认中表示最先接待的不是归属人[{by}][，而是{person}]；请与客户核实，尽早处理。",
        "{customer} says that the owner[, {by},] was not the first to serve them[ and names {person}]; please talk to "
        "them early.",
    ),
    _row(
        "claim.paused",
        "期限停止计算",
        "Clocks paused",
        "{customer}的期限已停止计算[，{until}恢复]。",
        "The clocks of {customer} stand still[ until {until}].",
    ),
    _row(
        "claim.resumed",
        "期限恢复计算",
        "Clocks resumed",
        "{customer}的期限已恢复计算[；最近的期限是{deadline}][，客户为您保留至{until}]。",
        "The clocks of {customer} run again[; the next deadline is {deadline}][; you keep the customer until {until}].",
    ),
    _row(
        "claim.extended",
        "保护已延长",
        "Protection extended",
        "{customer}的保护已延长[，最近的期限是{deadline}]。",
        "The protection of {customer} was extended[; the next deadline is {deadline}].",
    ),
    _row(
        "claim.overridden",
        "客户有一项领导特批",
        "Special approval for a customer",
        "{customer}有一项领导特批[，有效至{until}][，审批人：{by}]。",
        "There is a special approval for {customer}[; it holds until {until}][; given by {by}].",
    ),
    _row(
        "claim.overridden/assign",
        "客户经领导特批改派他人",
        "Your customer was given to somebody else by a special approval",
        "{customer}经[{by}]特批改派他人，不再由您跟进[；如有异议，请在{until}前提出争议]。",
        "{customer} is no longer yours: a special approval[ by {by}] gave it to somebody else[; if you object, please "
        "open a dispute by {until}].",
    ),
    _row(
        "claim.overridden/assigned",
        "客户经领导特批交给您",
        "A customer is yours by a special approval",
        "{customer}经[{by}]特批交由您跟进。",
        "By a special approval[ of {by}] {customer} is yours to follow up.",
    ),
    _row(
        "claim.overridden/keep",
        "客户经领导特批保留",
        "Your customer is kept by a special approval",
        "{customer}经[{by}]特批保留[，{until}之前不会失效]。",
        "By a special approval[ of {by}] {customer} stays yours[; nothing lapses before {until}].",
    ),
    _row(
        "claim.overridden/extend",
        "保护经领导特批延长",
        "Protection extended by a special approval",
        "{customer}的保护经[{by}]特批延长[至{until}]。",
        "The protection of {customer} was extended by a special approval[ of {by}][ until {until}].",
    ),
    _row(
        "claim.overridden/exceed",
        "您可超出上限接收客户",
        "You may take a customer beyond the cap",
        "经[{by}]特批，您可以超出上限接收{customer}一次[，有效至{until}]。",
        "By a special approval[ of {by}] caps do not keep you from {customer}, once[ and until {until}].",
    ),
    _row(
        "claim.overridden/letter",
        "可再开具一份授权书",
        "You may be given one more letter",
        "经[{by}]特批，{customer}的项目可再开具一份授权书[，请在{until}前办理]。",
        "By a special approval[ of {by}] one more letter may be issued for the project of {customer}[, until {until}].",
    ),
    _row(
        "claim.renewed",
        "保护已续期",
        "Protection renewed",
        "{customer}近期有有效跟进，保护自动续期[至{deadline}]。",
        "{customer} was worked lately, so the protection was renewed[ until {deadline}].",
    ),
    _row(
        "claim.stage_reached",
        "客户进入新阶段",
        "Stage reached",
        "{customer}进入了新的阶段[“{stage}”][；该阶段的期限是{deadline}]。",
        "{customer} reached a new stage[, “{stage}”][; its deadline is {deadline}].",
    ),
    _row(
        "claim.stage_reached/responsible",
        "由您负责该阶段",
        "You answer for a stage",
        "{customer}现在处于[“{stage}”]阶段，由您负责[，期限是{deadline}]。",
        "You answer for {customer} in the present stage[, “{stage}”][; its deadline is {deadline}].",
    ),
    _row(
        "claim.reveal",
        "客户联系方式被查看",
        "Contact data revealed",
        "[{by}]查看了{customer}的联系方式明文，已记入该客户的时间线。",
        "The contact data of {customer} were revealed[ to {by}]; the timeline of your claim shows it.",
    ),
)

_DISPUTES: Final = (
    _row(
        "dispute.opened",
        "争议已立案",
        "Dispute opened",
        "{customer}的争议已立案，客户暂由指定人员服务，各项期限停止计算[；{until}前可以处理]。",
        "A dispute about {customer} was opened; one named person serves the customer and all clocks stand still"
        "[; you may act until {until}].",
    ),
    _row(
        "dispute.proposed",
        "系统判客待异议",
        "The rules decided, objections possible",
        "{customer}的争议已按归属规则得出结果[；{until}前可以提出异议]。",
        "The ownership rules settled the dispute about {customer}[; you may object until {until}].",
    ),
    _row(
        "dispute.message",
        "争议中有新消息",
        "New message in a dispute",
        "{customer}的争议中有给您的新消息，请查看。",
        "There is a new message for you in the dispute about {customer}.",
    ),
    _row(
        "dispute.mediating",
        "争议调解中",
        "Dispute in mediation",
        "{customer}的争议正在调解[；调解到{until}为止]。",
        "The dispute about {customer} is in mediation[; it ends on {until}].",
    ),
    _row(
        "dispute.mediator_gone",
        "调解员不能继续",
        "The mediator cannot go on",
        "{customer}的争议调解员已离职或不在岗，可以另行指定[；{until}前没有人接替则进入仲裁]。",
        "The mediator of the dispute about {customer} has left or is away; another may be named"
        "[, else it goes to arbitration on {until}].",
    ),
    _row(
        "dispute.negotiating",
        "争议协商中",
        "Dispute in negotiation",
        "{customer}的争议正在协商，请查看提出的方案[；协商到{until}为止]。",
        "The dispute about {customer} is in negotiation; please look at what is proposed[; it ends on {until}].",
    ),
    _row(
        "dispute.arbitrating",
        "争议进入仲裁",
        "Dispute in arbitration",
        "{customer}的争议正在仲裁，请在期限内陈述或裁决[；期限是{until}]。",
        "The dispute about {customer} is in arbitration; please state your case or decide in time"
        "[; it is due by {until}].",
    ),
    _row(
        "dispute.reassigned",
        "争议更换仲裁人",
        "Another arbitrator",
        "{customer}的争议改由另一位仲裁人裁决。",
        "Another arbitrator decides the dispute about {customer} from now on.",
    ),
    _row(
        "dispute.nobody_decides",
        "争议没有中立的仲裁人",
        "Nobody neutral to decide a dispute",
        "{customer}的争议已没有可用的中立仲裁人，请指定一位来裁决。",
        "Nobody neutral is left to decide the dispute about {customer}; please name somebody.",
    ),
    _row(
        "dispute.recusal",
        "有回避申请待您决定",
        "A request for recusal waits for you",
        "{customer}的争议中有一项回避申请由您决定[，期限是{until}]。",
        "A request for recusal in the dispute about {customer} is yours to decide[ by {until}].",
    ),
    _row(
        "dispute.recusal_asked",
        "争议中有回避申请",
        "Recusal asked for",
        "{customer}的争议中有当事人提出回避申请[，将在{until}前决定]。",
        "A party to the dispute about {customer} asked for a recusal[; it is decided by {until}].",
    ),
    _row(
        "dispute.recusal_decided",
        "回避申请已决定",
        "Recusal decided",
        "{customer}的争议中的回避申请已有决定。",
        "The request for recusal in the dispute about {customer} has been decided.",
    ),
    _row(
        "dispute.recusal_decided/accepted",
        "回避申请获准",
        "Recusal granted",
        "{customer}的争议中的回避申请已获准，改由他人处理。",
        "The recusal in the dispute about {customer} was granted; somebody else takes over.",
    ),
    _row(
        "dispute.recusal_decided/refused",
        "回避申请未获准",
        "Recusal refused",
        "{customer}的争议中的回避申请没有获准，原来的人继续处理。",
        "The recusal in the dispute about {customer} was refused; the same person goes on.",
    ),
    _row(
        "dispute.succeeded",
        "由您接替争议当事人",
        "You take a party's place",
        "[{person}]已离职，{customer}的争议由您接替其当事人身份。",
        "You take the place of a party who left[, {person},] in the dispute about {customer}.",
    ),
    _row(
        "dispute.ruled",
        "争议已裁决",
        "Dispute ruled on",
        "{customer}的争议已有裁决[；{until}前可以申诉]。",
        "There is a ruling in the dispute about {customer}[; an appeal is possible until {until}].",
    ),
    _row(
        "dispute.violation",
        "裁决认定您违规",
        "A ruling found a violation",
        "{customer}的争议裁决认定您有违规行为，请查看裁决内容。",
        "The ruling in the dispute about {customer} found a violation of yours; please read it.",
    ),
    _row(
        "dispute.same",
        "两条记录认定为同一客户",
        "Two records found to be one customer",
        "争议认定{customer}与另一条记录是同一客户，在本业务项目中已合为一条；请合并客户记录。",
        "A case has found {customer} and another record to be one customer, and in its program they are one now; "
        "please merge the records.",
    ),
    _row(
        "dispute.final",
        "裁决生效",
        "Ruling final",
        "{customer}的争议裁决已生效。",
        "The ruling in the dispute about {customer} is final.",
    ),
    _row(
        "dispute.settled",
        "争议已和解",
        "Dispute settled",
        "{customer}的争议已由各方和解，和解内容自动生效。",
        "The parties settled the dispute about {customer}; what they agreed takes effect by itself.",
    ),
    _row(
        "dispute.dismissed",
        "争议被驳回",
        "Dispute dismissed",
        "{customer}的争议被驳回，一切恢复原状。",
        "The dispute about {customer} was dismissed and everything is as it was before.",
    ),
    _row(
        "dispute.withdrawn",
        "争议撤回",
        "Dispute withdrawn",
        "{customer}的争议已由发起人撤回[；其他当事人可在{until}前继续]。",
        "The dispute about {customer} was withdrawn by its opener[; another party may carry it on until {until}].",
    ),
)

_DISCUSSIONS: Final = (
    _row(
        "discussion.opened",
        "请参加团队讨论",
        "You are called to a team discussion",
        "关于{customer}由谁负责，主管发起了团队讨论，请提出方案并表态[，讨论到{until}为止]。",
        "A team discussion about who is responsible for {customer} was opened; please propose and vote[ by {until}].",
    ),
    _row(
        "discussion.proposed",
        "团队讨论有新方案",
        "A new proposal in a team discussion",
        "关于{customer}的团队讨论有新的方案，请查看并表态。",
        "There is a new proposal in the team discussion about {customer}; please look and vote.",
    ),
    _row(
        "discussion.decided",
        "团队讨论已定责任人",
        "A team discussion named the responsible person",
        "关于{customer}的团队讨论已定责任人[：{person}]。您可以接受；不同意的，请[在{until}前]拒绝，即转为争议。",
        "The team discussion about {customer} named the responsible person[, {person}]. You may accept; if you refuse"
        "[ by {until}], it becomes a dispute.",
    ),
    _row(
        "discussion.closed",
        "团队讨论已有结果",
        "A team discussion has been carried out",
        "{customer}由团队讨论确定的责任人[{person}]负责，请查看跟进计划。",
        "{customer} is with the person whom the team discussion named[, {person}]; please see the follow-up plan.",
    ),
    _row(
        "discussion.overdue",
        "团队讨论已逾期",
        "A team discussion is overdue",
        "关于{customer}的团队讨论[应在{until}前]确定责任人，现已逾期，请尽快决定。",
        "The team discussion about {customer} should have named somebody[ by {until}]; please decide.",
    ),
    _row(
        "discussion.reopened",
        "团队讨论的决定无法执行",
        "A decision cannot be carried out",
        "关于{customer}的团队讨论的决定无法执行[，原因：{reason}]，请重新决定。",
        "What was decided in the team discussion about {customer} cannot be carried out[; reason: {reason}]; "
        "please decide anew.",
    ),
    _row(
        "discussion.disputed",
        "团队讨论转为争议",
        "A team discussion became a dispute",
        "关于{customer}的团队讨论已结束，改由争议程序处理。",
        "The team discussion about {customer} is over; the matter goes on as a dispute.",
    ),
)

_REQUESTS = (
    _row(
        "request.extension",
        "延期申请待您审批",
        "Extension requested",
        "有一项关于{customer}的延期申请待您处理[，请在{until}前决定]。",
        "An extension for {customer} waits for your decision[ by {until}].",
    ),
    _row(
        "request.pause",
        "停表申请待您审批",
        "Pause requested",
        "有一项关于{customer}的停表申请待您处理[，请在{until}前决定]。",
        "A pause for {customer} waits for your decision[ by {until}].",
    ),
    _row(
        "request.transfer",
        "转交申请待您确认",
        "Transfer requested",
        "{customer}的转交待您确认[，请在{until}前决定]。",
        "A transfer of {customer} waits for your decision[ by {until}].",
    ),
    _row(
        "request.release",
        "主管提出释放客户",
        "Release requested",
        "主管提出释放{customer}[，如有异议请在{until}前提出，否则届时生效]。",
        "Your supervisor wants to release {customer}[; it takes effect at {until} unless you object before].",
    ),
    _row(
        "request.settle",
        "有一项协商方案待您确认",
        "A settlement waits for you",
        "关于{customer}的归属，有一项协商方案待您确认[，请在{until}前决定]。",
        "A settlement about {customer} waits for your decision[ by {until}].",
    ),
    _row(
        "request.guard",
        "客户到期，待您决定",
        "A worked customer would lapse",
        "{customer}已到期但仍在跟进，是否延长由您决定[，请在{until}前处理]。",
        "{customer} has reached its deadline while being worked; please decide whether to extend it[ by {until}].",
    ),
    _row(
        "request.handover",
        "人员变动，客户待安排",
        "A customer needs a decision",
        "{customer}的归属人离职或转岗，客户的去向由您决定[，请在{until}前处理]。",
        "The owner of {customer} has left or moved; please decide who keeps the customer[ by {until}].",
    ),
    _row(
        "request.delivery",
        "交付交接待您确认",
        "A delivery waits for you",
        "{customer}已成交，交付交接待您接受或退回[，请在{until}前处理]。",
        "{customer} was won; please accept or return the delivery hand-off[ by {until}].",
    ),
    _row(
        "request.delivery/late",
        "交付交接逾期未接受",
        "Delivery not accepted in time",
        "{customer}的交付交接逾期无人接受，请协调处理。",
        "Nobody accepted the delivery hand-off of {customer} in time; please see to it.",
    ),
    *(
        row
        for kind, zh, en in (
            ("extension", "延期申请", "extension"),
            ("pause", "停表申请", "pause"),
            ("transfer", "转交申请", "transfer"),
            ("release", "释放申请", "release"),
            ("settle", "协商方案", "settlement"),
            ("guard", "到期处理", "extension at the deadline"),
            ("handover", "客户安排", "hand-over"),
            ("delivery", "交付交接", "delivery hand-off"),
        )
        for row in (
            _row(
                f"request.{kind}/accepted",
                f"{zh}已同意",
                f"Request accepted: {en}",
                f"您对{{customer}}提出的{zh}已获同意。",
                f"Your request about {{customer}} ({en}) was accepted.",
            ),
            _row(
                f"request.{kind}/refused",
                f"{zh}被拒绝",
                f"Request refused: {en}",
                f"您对{{customer}}提出的{zh}被拒绝。",
                f"Your request about {{customer}} ({en}) was refused.",
            ),
            _row(
                f"request.{kind}/expired",
                f"{zh}逾期未处理",
                f"Request expired: {en}",
                f"您对{{customer}}提出的{zh}逾期无人处理，已经失效。",
                f"Nobody decided in time on your request about {{customer}} ({en}); it has expired.",
            ),
            _row(
                f"request.{kind}/withdrawn",
                f"{zh}已撤回",
                f"Request withdrawn: {en}",
                f"关于{{customer}}的{zh}已由提出人撤回。",
                f"The request about {{customer}} ({en}) was withdrawn.",
            ),
        )
    ),
)

_REMINDERS = (
    *(
        row
        for clock, zh, en in (
            ("first_follow_up", "首次跟进", "first follow-up"),
            ("idle", "跟进", "next follow-up"),
            ("no_deal", "成交", "deal"),
            ("protection", "保护", "protection"),
            ("stage", "当前阶段", "present stage"),
            ("sales_stage", "销售阶段", "sales stage"),
            ("provisional", "预报备补全", "completion of the provisional report"),
            ("queue", "排队", "place in the queue"),
            ("approval", "判客", "decision on the report"),
            ("after_deal", "成交后保护", "period after the deal"),
            ("rhythm", "按跟进流程的跟进", "follow-up by the procedure"),
        )
        for row in (
            _row(
                f"reminder.{clock}",
                f"{zh}期限提醒",
                f"Reminder: {en}",
                f"{{customer}}的{zh}期限[是{{deadline}}]，请留意。",
                f"Please mind the time limit of {{customer}} ({en})[: {{deadline}}].",
            ),
            _row(
                f"reminder.{clock}/last",
                f"{zh}即将到期",
                f"Last reminder: {en}",
                f"{{customer}}的{zh}即将到期[，期限是{{deadline}}]，这是到期前最后一次提醒。",
                f"The time limit of {{customer}} ({en}) is near[: {{deadline}}]; this is the last reminder.",
            ),
            _row(
                f"reminder.{clock}/list",
                "客户期限提醒",
                "Reminder of deadlines",
                f"您有{{count}}项客户期限临近，最早的是{{customer}}的{zh}期限[，{{deadline}}到期]。",
                f"{{count}} deadlines of your customers are near; the first is that of {{customer}} ({en})"
                "[: {deadline}].",
            ),
        )
    ),
    _row(
        "reminder.first_follow_up/missed",
        "首次跟进逾期",
        "First follow-up missed",
        "{customer}没有按时完成首次跟进，请督促或另行安排。",
        "The first follow-up for {customer} was not made in time; please see to it.",
    ),
    _row(
        "reminder.sales_stage/missed",
        "销售阶段逾期",
        "Sales stage overdue",
        "{customer}没有按时走完[“{stage}”]阶段，请尽快推进。",
        "{customer} did not get through the stage[ “{stage}”] in time; please see to it.",
    ),
    _row(
        "reminder.rhythm/overdue",
        "跟进逾期",
        "Follow-up overdue",
        "按跟进流程，{customer}的跟进[在{deadline}]已到期，请尽快跟进[；上次跟进未记录：{missing}]。这只是提醒，不影响客户归属。",
        "By the follow-up procedure {customer} was due to be followed up[ at {deadline}]; please do so[; the last"
        " follow-up did not record: {missing}]. This only reminds: whose customer it is does not depend on it.",
    ),
    _row(
        "reminder.completion",
        "报备资料仍不完整",
        "Report still incomplete",
        "{customer}的报备资料在补全期限后仍不完整[，缺少：{missing}]。",
        "The report of {customer} is still incomplete after the time for it[; missing: {missing}].",
    ),
)

_MONEY = (
    _row(
        "money.accrual",
        "佣金已计提",
        "Commission accrued",
        "{customer}的一笔成交已计提您的佣金。",
        "Commission on a deal of {customer} has accrued to you.",
    ),
    _row(
        "money.release",
        "佣金已结佣",
        "Commission released",
        "{customer}的成交有新的回款或阶段，您的一部分佣金已转为应付。",
        "A payment or stage of a deal of {customer} released a part of your commission.",
    ),
    _row(
        "money.hold",
        "佣金已冻结",
        "Commission held",
        "{customer}有争议，未付的佣金在争议结束前冻结。",
        "There is a dispute about {customer}; commission that is not paid yet is held until it ends.",
    ),
    _row(
        "money.hold/confirmation",
        "佣金等待客户确认",
        "Commission waits for the customer",
        "{customer}尚未确认首次接待人，成交的佣金在确认前冻结；合同不受影响。",
        "{customer} has not confirmed who served them first; the commission of the deal is held until then, the "
        "contract is not.",
    ),
    _row(
        "money.hold_release/confirmation",
        "佣金已解冻",
        "Hold ended",
        "{customer}的客户确认已完成，您冻结的佣金已解冻。",
        "The confirmation of {customer} is settled and your commission is no longer held.",
    ),
    _row(
        "money.hold_release",
        "佣金已解冻",
        "Hold ended",
        "{customer}的争议已结束，您冻结的佣金已解冻。",
        "The dispute about {customer} is over and your commission is no longer held.",
    ),
    _row(
        "money.reallocation",
        "佣金已重新分配",
        "Commission re-allocated",
        "{customer}的成交有了新的分配，您的佣金随之调整；已付而不再归您的部分须退回。",
        "A deal of {customer} is shared differently now and your commission changed with it; what was "
        "paid and is no longer yours is owed.",
    ),
    _row(
        "money.clawback",
        "佣金已追回",
        "Commission clawed back",
        "{customer}发生退款或退订，相应的佣金已追回。",
        "A refund or cancellation by {customer} took the commission on it back.",
    ),
    _row(
        "money.amendment",
        "佣金已调整",
        "Commission adjusted",
        "{customer}的成交有变更，您的佣金已按差额调整。",
        "A deal of {customer} was changed and your commission was adjusted by the difference.",
    ),
    _row(
        "money.overlay",
        "获得协助佣金",
        "Assist credited",
        "您在{customer}的成交中获得了协助奖励。",
        "You were credited for helping to close a deal of {customer}.",
    ),
    _row(
        "money.overlay/channel",
        "推荐奖励恢复",
        "Your referral credit is back",
        "{customer}的渠道成交已取消，您的推荐奖励已恢复。",
        "The channel's deal with {customer} was called off, and your credit for bringing them is back.",
    ),
    _row(
        "money.payment",
        "佣金已支付",
        "Commission paid",
        "{customer}的佣金已支付给您。",
        "Commission on a deal of {customer} was paid to you.",
    ),
    _row(
        "money.set_off",
        "佣金已抵扣",
        "Commission set off",
        "您的一笔应付佣金抵扣了{customer}的应退佣金。",
        "Commission payable to you was set off against what you owe for {customer}.",
    ),
    _row(
        "money.reversal",
        "佣金已更正",
        "Commission corrected",
        "{customer}的一笔佣金记录已冲正。",
        "An entry about the commission on {customer} was reversed.",
    ),
    _row(
        "money.reversal/channel",
        "推荐奖励被冲销",
        "Your referral credit was reversed",
        "{customer}有了渠道成交；按规则渠道与推荐只付其一，您的推荐奖励已冲销，已付部分需要退回。",
        "The channel has a deal with {customer} now. Rules pay the channel or the referral, so your credit was "
        "reversed; what was paid of it is owed.",
    ),
    _row(
        "money.shares",
        "分配比例待您确认",
        "Shares wait for your consent",
        "{customer}的成交提出了分配比例，请您确认[；请在{until}前答复]。",
        "Shares of a deal of {customer} wait for your consent[; please answer by {until}].",
    ),
)

_OTHERS = (
    _row(
        "payout.due",
        "结算批次待准备",
        "A payout run is due",
        "[{month}]有应付的佣金[（{currency}）]，已到结算日，请准备结算批次。",
        "Commission[ of {month}][ in {currency}] is to be paid and the payout day has come; please prepare the run.",
    ),
    _row(
        "policy.changed",
        "规则有变更",
        "Policy changed",
        "适用的规则有变更，请查看新的规则说明。",
        "The rules that apply to you have changed; please read their new text.",
    ),
    _row(
        "policy.changed/self_approved",
        "新规则由起草人批准",
        "New rules approved by their author",
        "新一版规则由起草人[{by}]批准，没有第二人审批[；{until}之前仍按现行规则]。请查看新的规则说明。",
        "A new version of the rules was approved by its author[, {by}], without a second person[; until {until} the "
        "present ones hold]. Please read its text.",
    ),
    _row(
        "territory.activated",
        "您有负责的销售区域",
        "A territory is yours",
        "新的销售区域划分已定，其中有您负责的区域；已有的报备不变。请查看区域划分。",
        "A new division into territories was decided, and part of it is yours; claims stay with their owners. Please "
        "read the plan.",
    ),
    _row(
        "policy.changed/live",
        "试运行结束，规则正式生效",
        "Trial run over, the rules hold",
        "项目已由[{by}]正式启用，规则从现在起生效；各项期限重新计算。请查看规则说明。",
        "The program went live[ by {by}] and its rules hold from now on; deadlines begin again. Please read their "
        "text.",
    ),
    _row(
        "policy.trial_over",
        "试运行时间已满，等待决定",
        "The trial run waits for a decision",
        "项目的试运行时间已[于{until}]期满，尚未决定是否正式启用；在您决定之前，试运行继续。",
        "The time of the program's trial run was over[ at {until}] and nobody has decided yet; until you do, the trial "
        "goes on.",
    ),
    _row(
        "duty.published",
        "职责说明有新版本",
        "A new duty statement",
        "您所任角色的职责说明已发布新版本，请阅读并确认。",
        "A new version of the duty statement of a role of yours was published; please read and acknowledge it.",
    ),
    _row(
        "territory.transfers_asked",
        "客户转移清单等待审批",
        "A transfer list waits for a decision",
        "有一份按现行区域划分转移客户的清单[（由{by}提交）]须由另一人审批；在您批准或否决之前，客户归属不变。",
        "A list of claims that are to follow the territory plan was made[ by {by}] and needs a second person; until "
        "you approve or refuse it, nobody's customers move.",
    ),
    _row(
        "territory.transfers_refused",
        "客户转移清单被否决",
        "Your transfer list was refused",
        "您提交的客户转移清单被否决[（由{by}决定）]，客户归属不变；理由见清单。",
        "The transfer list that you made was refused[ by {by}]; nobody's customers move, and the list says why.",
    ),
    _row(
        "territory.review_overdue",
        "区域划分逾期未审查",
        "The review of a territory plan is overdue",
        "销售区域划分应在[{until}]前审查，至今没有结论；现行划分继续有效，请督促。",
        "The territory plan was to be reviewed[ by {until}] and no decision was taken; it stays in force. Please see "
        "to it.",
    ),
    _row(
        "policy.changed/policy",
        "规则变更，期限调整",
        "Policy changed, deadline moved",
        "规则变更后，{customer}的期限已重新计算[，最近的期限是{deadline}]。",
        "After a change of policy the deadlines of {customer} were counted again[; the next is {deadline}].",
    ),
    _row(
        "policy.changed/award",
        "招标日期更正，保护期提前到期",
        "Tender date corrected, protection ends earlier",
        "同一项目的另一归属人更正了开标或中标日期，{customer}的保护期提前到期[，最近的期限是{deadline}]；如有疑问请核对。",
        "Another owner of the project corrected its bid or award date, so the protection of {customer} ends earlier[; "
        "the next deadline is {deadline}]. Please check it if in doubt.",
    ),
    _row(
        "policy.changed/calendar",
        "日历更新，期限调整",
        "Calendar updated, deadline moved",
        "工作日历更新后，{customer}的期限已重新计算[，最近的期限是{deadline}]。",
        "After an update of the working calendar the deadlines of {customer} were counted again[; the next is "
        "{deadline}].",
    ),
    _row(
        "customer.duplicate",
        "客户资料可能重复",
        "Customer records may be the same",
        "{customer}的资料修改后与[另外{possible}条]客户资料相同或相近[；名称相近，{differs}]，请核对。",
        "After a change {customer} equals or resembles [{possible} ]other customer records[; the names are close, "
        "{differs}]; please check.",
    ),
    _row(
        "customer.merged",
        "客户记录已合并",
        "Customer records merged",
        "[{by}]把另一条客户记录与{customer}合并，今后按同一客户处理；各自的历史不变。",
        "Another record was joined with {customer}[ by {by}]: from now on they are one. Each keeps its history.",
    ),
    _row(
        "customer.unmerged",
        "客户记录合并已撤销",
        "Merge of customer records undone",
        "[{by}]撤销了{customer}的合并：原有的报备随原记录返回，合并后发生的保留在合并后的记录上。",
        "The merge of {customer} was undone[ by {by}]: what it had goes back with it, what happened since stays.",
    ),
    _row(
        "customer.link_asked",
        "关联客户待审批",
        "Link of customers to approve",
        "有人申请把{customer}与另一客户关联，请审批；关联不改变现有归属。",
        "Somebody asks to link {customer} with another customer; please decide. A link changes no ownership.",
    ),
    _row(
        "customer.linked",
        "客户已关联",
        "Customers linked",
        "{customer}已与另一客户关联；现有归属和时间不变。",
        "{customer} was linked with another customer; ownership and its dates stay as they are.",
    ),
    _row(
        "customer.link_refused",
        "关联申请未通过",
        "Link of customers refused",
        "{customer}与另一客户的关联申请未通过。",
        "The request to link {customer} with another customer was refused.",
    ),
    _row(
        "customer.link_ended",
        "客户关联已解除",
        "Link of customers ended",
        "{customer}与另一客户的关联已解除；已作出的决定不变。",
        "The link of {customer} with another customer was ended; what was decided stays.",
    ),
    _row(
        "alarm.cap",
        "报备上限将减半",
        "Your cap will be halved",
        "您的报备中进展到到访或接通联系的太少[；自{until}起，您的在手报备上限减半为{cap}条]，比例回升后即恢复。",
        "Too few of your reports lead to a visit or an answered contact[; from {until} on you may hold {cap} at a "
        "time], until the rate recovers.",
    ),
    _row(
        "alarm.load",
        "工作量已满",
        "Workload is full",
        "[{person}]的工作量已达上限，未能领取、报备公海客户或接收线索；请安排减负或由他人接手[，目前有余力的有{room}]。",
        "[{person} ]is at the limit of the workload and could not take or report a pooled customer, or be given a "
        "lead; please lighten it, or let somebody else have them[; these have room: {room}].",
    ),
    _row(
        "alarm.reads",
        "大量读取客户记录",
        "Mass reading of records",
        "[{person}]在一小时内读取了超过[{cap}条]他人的客户记录，请核查。",
        "[{person} ]read more than [{cap} ]records of others within one hour; please look into it.",
    ),
    _row(
        "alarm.ledger",
        "台账编号被重复使用",
        "A ledger reference was used again",
        "[{person}]用已记账的编号登记了不同的内容，未予入账，请核查。",
        "[{person} ]told something else under a reference that is in the ledger already; nothing was posted, please "
        "look into it.",
    ),
    _row(
        "claim.no_credit",
        "报备不计渠道业绩",
        "Your report earns no channel credit",
        "{customer}在您报备前已到访[（{arrived}）]，本次报备不计渠道业绩；如有异议，请在到访记录中提出。",
        "{customer} had come[ on {arrived}] before you reported them, so the report earns no channel credit; object to "
        "how the visit is recorded if that is wrong.",
    ),
    _row(
        "claim.credit_proposed",
        "请确认转交人的协助奖励",
        "Please credit who handed the customer over",
        "{customer}由[{person}]作为线索转交给您，现已成交；请在成交单上确认其协助奖励。",
        "{customer} was handed over to you as a lead[ by {person}] and has become a deal; please credit them for it "
        "there.",
    ),
    _row(
        "alarm.balance",
        "线索分配明显不均",
        "Leads are dealt out unevenly",
        "近期分给[{person}]的线索数量明显偏离应得份额；请查看分配情况。",
        "The number of leads that went to [{person}]lately is far from the share to be expected; please look at the"
        " distribution.",
    ),
    _row(
        "alarm.balance/value",
        "线索金额分配明显不均",
        "The value of leads is dealt out unevenly",
        "近期分给[{person}]的线索，其预计金额明显偏离应得份额；请查看分配情况。",
        "What the leads are worth that went to [{person}]lately is far from the share to be expected; please look at "
        "the distribution.",
    ),
    _row(
        "alarm.balance/both",
        "线索数量和金额分配明显不均",
        "Number and value of leads are dealt out unevenly",
        "近期分给[{person}]的线索，其数量和预计金额都明显偏离应得份额；请查看分配情况。",
        "Both the number of leads that went to [{person}]lately and what they are worth are far from the share to be "
        "expected; please look at the distribution.",
    ),
    _row(
        "alarm.assists",
        "两人经常互相给予协助奖励",
        "Two people credit each other often",
        "[{by}与{person}]近期互相给予了[{count}次]协助奖励；这只是提醒，请了解情况。",
        "[{by} and {person} ]credited each other for assists [{count} times ]lately; this is a hint only, please look "
        "into it.",
    ),
    _row(
        "alarm.probes",
        "连号查询客户",
        "Neighbouring numbers checked",
        "[{person}]在一天内查询了[{count}个]相邻的电话号码，请核查。",
        "[{person} ]checked [{count} ]neighbouring phone numbers within one day; please look into it.",
    ),
)

_LEADS = (
    _row(
        "lead.offered",
        "有新线索待您接收",
        "A lead waits for you",
        "{customer}的线索已分配给您[，请在{until}前联系客户]。",
        "The lead on {customer} was given to you[; please contact them by {until}].",
    ),
    _row(
        "lead.stand_in",
        "您不在，线索由同事代接",
        "A colleague looks after your lead",
        "{customer}的线索是给您的，您不在期间[由{by}]代接；客户归属不变。",
        "The lead on {customer} is yours and is looked after[ by {by}] while you are away; so is the customer.",
    ),
    _row(
        "lead.accepted",
        "线索已被接收",
        "Lead accepted",
        "{customer}的线索已[由{by}]接收。",
        "The lead on {customer} was accepted[ by {by}].",
    ),
    _row(
        "lead.returned",
        "线索被退回",
        "Lead returned",
        "{customer}的线索被退回给您[，原因：{reason}]。",
        "The lead on {customer} was returned to you[; reason: {reason}].",
    ),
    _row(
        "lead.response_missed",
        "首次联系超时",
        "First contact missed",
        "{customer}的线索没有在时限内首次联系。",
        "There was no first contact with {customer} within the time allowed.",
    ),
    _row(
        "lead.escalated",
        "线索待您分配",
        "A lead waits for you to assign it",
        "{customer}的线索没有人接手，请您指定负责人。",
        "Nobody took the lead on {customer}; please name somebody for it.",
    ),
    _row(
        "lead.attached",
        "线索已并入",
        "Lead attached",
        "{customer}的新线索已并入现有的客户归属或线索。",
        "A new lead on {customer} was attached to the claim or lead that is there already.",
    ),
    _row(
        "lead.pooled",
        "线索客户已入公海",
        "A lead's customer entered the pool",
        "{customer}的线索没有可分配的人员，客户已进入公海。",
        "There was nobody to give the lead on {customer} to; the customer entered the pool.",
    ),
    _row(
        "lead.assess_missed",
        "需求评估超时",
        "Needs assessment missed",
        "{customer}的线索没有按时完成需求评估，已照常分配。",
        "The need of {customer} was not assessed in time; the lead was given out as it is.",
    ),
)

_RECEPTIONS = (
    _row(
        "reception.called",
        "有客户到访，请接待",
        "A visitor waits for you",
        "{customer}已到访，请您接待。",
        "{customer} has arrived; please receive them.",
    ),
    _row(
        "reception.stand_in",
        "您的客户到访，由同事代接",
        "A colleague receives your customer",
        "{customer}已到访，[由{by}]代您接待；客户归属不变。",
        "{customer} has arrived and is received for you[ by {by}]; the customer stays yours.",
    ),
    _row(
        "reception.partner_led",
        "渠道带看已登记",
        "A partner-led visit is on record",
        "{customer}到访已登记为渠道带看[，请在{until}前确认]。",
        "The visit of {customer} is recorded as led by a partner[; please confirm it by {until}].",
    ),
    _row(
        "reception.not_led",
        "到访未登记为您的带看",
        "A visit is not recorded as led by you",
        "您报备的{customer}已到访，未登记为您的带看[；如有异议请在{until}前提出]。",
        "{customer}, whom you reported, has come; the visit is not recorded as led by you[; object by {until}].",
    ),
    _row(
        "reception.unrecognised",
        "有回访客户待认领",
        "A returning visitor is not recognised",
        "{customer}称曾来访，但未找到接待人[；如是您的客户，请在{until}前认领]。",
        "{customer} says they were here before, and nobody knows with whom[; if they are yours, say so by {until}].",
    ),
    _row(
        "reception.recognised",
        "有人认领了到访客户",
        "A visitor was recognised",
        "{customer}被[{by}]认领，请核对是否为同一客户。",
        "{customer} was recognised[ by {by}]; please find out whether the two records are one customer.",
    ),
    _row(
        "reception.waiting",
        "到访客户待安排",
        "A visitor waits to be received",
        "{customer}已到访，目前无人可以接待，请您指定接待人。",
        "{customer} has arrived and nobody is free; please name somebody to receive them.",
    ),
    _row(
        "reception.waiting/restricted",
        "到访客户待安排",
        "A visitor waits to be received",
        "{customer}已到访，仅限指定人员接待，目前没有符合条件的人空闲，请您安排。",
        "{customer} has arrived; only certain people may receive them, and none of those is free; please arrange it.",
    ),
)

#: What is said of a kind that has no sentence of its own, by the family of the kind.
FAMILIES: Final[Mapping[str, Entry]] = MappingProxyType(
    dict(
        (
            _row(
                "claim",
                "报备有新进展",
                "News about a claim",
                "{customer}的报备有新的进展，请查看。",
                "There is news about the claim of {customer}.",
            ),
            _row(
                "reminder",
                "期限提醒",
                "Reminder",
                "{customer}有期限临近[：{deadline}]，请留意。",
                "A deadline of {customer} is near[: {deadline}].",
            ),
            _row(
                "request",
                "有申请待处理",
                "A request needs attention",
                "关于{customer}的申请有新的情况[，期限是{until}]，请查看。",
                "There is news about a request on {customer}[; it is due by {until}].",
            ),
            _row(
                "dispute",
                "争议有新进展",
                "News about a dispute",
                "{customer}的争议有新的进展[，期限是{deadline}]，请查看。",
                "There is news about the dispute on {customer}[; the next deadline is {deadline}].",
            ),
            _row(
                "lead",
                "线索有新进展",
                "News about a lead",
                "{customer}的线索有新的进展，请查看。",
                "There is news about the lead on {customer}.",
            ),
            _row(
                "reception",
                "接待有新进展",
                "News about a reception",
                "{customer}的接待有新的进展，请查看。",
                "There is news about the reception of {customer}.",
            ),
            _row(
                "money",
                "佣金有变动",
                "Commission changed",
                "{customer}的佣金有变动，请查看明细。",
                "The commission of {customer} has changed; please see your statement.",
            ),
            _row("", "有新的通知", "New notice", "您有一条新的通知，请登录查看。", "There is a new notice for you."),
        )
    )
)

CATALOGUE: Final[Mapping[str, Entry]] = MappingProxyType(
    dict(
        (
            *_CLAIMS,
            *_DISPUTES,
            *_DISCUSSIONS,
            *_REQUESTS,
            *_REMINDERS,
            *_MONEY,
            *_LEADS,
            *_RECEPTIONS,
            *_OTHERS,
        )
    )
)

#: Words for the codes that facts carry as ``reason``; refusal codes have their own titles.
REASONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "no_first_follow_up": ("没有按时首次跟进", "no first follow-up in time"),
        "idle": ("太久没有有效跟进", "no qualified follow-up for too long"),
        "no_deal": ("超过时限没有成交", "no deal within the time allowed"),
        "protection_end": ("保护期结束", "the protection ended"),
        "stage_missed": ("当前阶段逾期", "the stage was not passed in time"),
        "incomplete": ("预报备没有补全", "the provisional report was not completed"),
        "queue_end": ("排队期限已过", "the time in the queue is over"),
        "after_deal": ("成交后的保护已结束", "the period after the deal is over"),
        "judged": ("主管判定不通过", "decided by the supervisor"),
        "ruled_out": ("裁决归他人", "ruled to somebody else"),
        "by_owner": ("归属人主动释放", "given up by its owner"),
        "by_supervisor": ("由主管释放", "released by the supervisor"),
        "by_override": ("领导特批改派", "given to somebody else by a special approval"),
        "to_pool": ("裁决退回公海", "ruled into the pool"),
        "handover": ("人员变动", "its owner left or moved"),
        "wrong_number": ("空号", "wrong number"),
        "no_need": ("无需求", "no need"),
        "duplicate": ("重复", "duplicate"),
        "out_of_scope": ("不在范围内", "out of scope"),
    }
)

#: Words for the fields that facts carry as ``missing``.
FIELDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "identity": ("客户身份", "identity"),
        "program": ("业务项目", "program"),
        "need": ("需求", "need"),
        "progress": ("进展", "progress"),
        "next_follow_up_at": ("下次跟进时间", "next follow-up"),
        "expected_close": ("预计成交时间", "expected close"),
        "expected_amount": ("预计金额", "expected amount"),
        "source": ("来源", "source"),
        "first_contact": ("首次接触", "first contact"),
        "outcome": ("跟进结果", "outcome"),
        "next_at": ("下次跟进日期", "next date"),
        "files": ("附件", "a file"),
    }
)

#: Words for the parts of a company name, and for how two of them differ (CUS-05).
PARTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "region": ("地区", "region"),
        "core": ("字号", "core"),
        "trade": ("行业", "trade"),
        "form": ("组织形式", "legal form"),
        "branch": ("分支机构", "branch"),
    }
)
FINDINGS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "missing": ("有一方未写", "given in one of them only"),
        "narrower": ("一方更细", "narrower in one of them"),
        "near": ("相近", "alike"),
        "sound": ("音近或形近", "alike in sound or look"),
        "typo": ("有个别字不同", "different in few characters"),
        "other": ("不同", "different"),
    }
)
