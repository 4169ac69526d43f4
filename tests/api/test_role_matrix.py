"""Who may do what (contract section 9): every operation sent by every role, against a table written by hand.

A cell is the status of the answer. 404: the object lies outside the role's scope, or the role may not know of it.
403: it is visible, or is none of one person's, but the role may not act on it. The request itself is always one that
succeeds for somebody (`tests/support/operations.py`). Where the contract names no role, everybody signed in reads
who works here and under which rules: people, teams, programs, calendars, the company's policies.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.operations import FACTORIES, OPERATIONS, Wanted, World, opened_world

#: The roles of :class:`World` by the heads of the columns; ``nob`` has no token.
COLUMNS = {
    "nob": "nobody",
    "out": "outsider",  # a person without grants, of a team that is in no program
    "pee": "peer",  # a rep of the owner's team
    "own": "owner",  # reporter and owner of the claim, member of the program
    "lea": "leader",  # leads the owner's team
    "le2": "other_leader",  # leads another team of the program
    "man": "manager",  # manager over the owner's team
    "ma2": "other_manager",  # manager over another team
    "ove": "oversight",  # named by the program, without a grant
    "fin": "finance",
    "aud": "auditor",
    "pol": "policy_admin",
    "adm": "admin",
    "mar": "marketing",
    "rec": "reception",
    "bro": "broker",  # of a partner below another team of the program, and its own manager (PPL-08)
    "acc": "account_manager",  # of another team of the program
    "ser": "service",  # of the owner's team, sells nothing
    "med": "mediator",
}

TABLE = """
                             nob out pee own lea le2 man ma2 ove fin aud pol adm mar rec bro acc ser med

# Section 2: without a token
healthz                      200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
readyz                       200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
metrics                      200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200

# Oneself
read_me                      401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
list_notices                 401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
list_tasks                   401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_notice                  401 404 404 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404

# "people, teams, grants, tokens of others, programs, calendars: admin (own tokens: everyone)"
list_people                  401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_person                  401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 404 200 200 200
list_memberships             401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 404 200 200 200
enter_person                 401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
edit_person                  401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
leave                        401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
give_grant                   401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
# A grant is known to its holder, the leaders above and admins.
list_grants                  401 403 403 200 200 403 403 403 403 403 403 403 200 403 403 403 403 403 403
revoke_grant                 401 404 404 403 403 404 404 404 404 404 404 404 200 404 404 404 404 404 404
make_token                   401 403 403 201 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
make_token: for oneself      401 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201
list_tokens                  401 403 403 200 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
list_tokens: one's own       401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
revoke_token                 401 404 404 200 404 404 404 404 404 404 404 404 200 404 404 404 404 404 404
# PPL-05: a supervisor names the delegate; absences and delegates are read like grants.
enter_absence                401 403 403 403 201 403 403 403 403 403 403 403 201 403 403 403 403 403 403
list_absences                401 403 403 200 200 403 403 403 403 403 403 403 200 403 403 403 403 403 403
name_delegate                401 403 403 403 201 403 403 403 403 403 403 403 201 403 403 403 403 403 403
list_delegations             401 403 403 200 200 403 403 403 403 403 403 403 200 403 403 403 403 403 403
list_teams                   401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_team                    401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 404 200 200 200
enter_team                   401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
edit_team                    401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
list_programs                401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_program                 401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
open_program                 401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
edit_program                 401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
close_program                401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
reopen_program               401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
# POL-08: leaders and managers of any team see what concerns it, a partner's manager too, those who oversee all.
read_trial                   401 403 403 403 200 200 200 200 200 403 200 403 200 403 403 200 403 403 403
list_trial_results           401 403 403 403 200 200 200 200 200 403 200 403 200 403 403 200 403 403 403
go_live                      401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
add_member                   401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
remove_member                401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
# Section 12, PPL-08: 南区's leader is the channel manager of the partner, the broker its own manager.
enter_partner                401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
list_partners                401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_partner                 401 404 404 404 404 200 404 200 404 200 200 404 200 404 404 200 404 404 404
edit_partner                 401 404 404 404 404 403 404 403 404 403 403 404 200 404 404 404 404 404 404
suspend_partner              401 404 404 404 404 200 404 403 404 403 403 404 200 404 404 404 404 404 404
resume_partner               401 404 404 404 404 200 404 403 404 403 403 404 200 404 404 404 404 404 404
invite_broker                401 404 404 404 404 201 404 403 404 403 403 404 201 404 404 201 404 404 404
join_partner                 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201
read_partner_statement       401 404 404 404 404 200 404 200 404 200 200 404 404 404 404 200 404 404 404
make_partner_statement       401 404 404 404 404 403 404 403 404 201 403 404 404 404 404 403 404 404 404
list_partner_statements      401 404 404 404 404 200 404 200 404 200 200 404 404 404 404 200 404 404 404
confirm_partner_statement    401 404 404 404 404 403 404 403 404 403 403 404 404 404 404 200 404 404 404
question_partner_statement   401 404 404 404 404 403 404 403 404 403 403 404 404 404 404 200 404 404 404
list_calendars               401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_calendar                401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
list_days                    401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_deadline                401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
make_calendar                401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
edit_calendar                401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
load_year                    401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403

# "policies: policy_admin; reading in force: every member"; those who check or watch the program read it too.
read_policy_in_force         401 403 200 200 200 200 200 200 200 200 200 200 200 403 403 200 200 200 200
list_program_policies        401 403 200 200 200 200 200 200 200 200 200 200 200 403 403 200 200 200 200
read_policy                  401 404 200 200 200 200 200 200 200 200 200 200 200 404 404 200 200 200 200
read_rule_text               401 404 200 200 200 200 200 200 200 200 200 200 200 404 404 200 200 200 200
list_company_policies        401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_policy: a draft         401 404 404 404 404 404 404 404 200 404 200 200 200 404 404 404 404 404 404
draft_program_policy         401 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403 403
draft_company_policy         401 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403 403
review_policy                401 404 404 404 404 404 404 404 403 404 403 200 403 404 404 404 404 404 404
approve_policy               401 404 404 404 404 404 404 404 403 404 403 200 403 404 404 404 404 404 404
activate_policy              401 404 404 404 404 404 404 404 403 404 403 200 403 404 404 404 404 404 404
migrate_claims               401 404 403 403 403 403 403 403 403 403 403 200 403 404 404 403 403 403 403

# Section 4. "customers: admin, marketing, reception; reveal: who may read the claim, auditor excepted; erase: admin"
list_customers               401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_customer                401 404 404 200 200 404 200 404 200 200 200 404 200 200 200 404 404 404 404
enter_customer               401 403 403 403 403 403 403 403 403 403 403 403 201 201 201 403 403 403 403
edit_customer                401 404 404 403 403 404 403 404 403 403 403 404 200 200 200 404 404 404 404
reveal                       401 404 404 200 200 404 200 404 200 200 403 404 200 403 403 404 404 404 404
erase                        401 404 404 403 403 404 403 404 403 403 403 404 200 403 403 404 404 404 404
# CUS-13: whoever keeps the customer base
merge_customer               401 404 404 403 403 404 403 404 403 403 403 404 200 200 200 404 404 404 404
unmerge_customer             401 404 404 403 403 404 403 404 403 403 403 404 200 200 200 404 404 404 404
# CUS-14: sellers who read both and keepers ask; supervisors of who asked decide
link_customer                401 404 404 201 403 404 403 404 403 403 403 404 201 201 201 404 404 404 404
list_links                   401 404 404 200 200 404 200 404 200 200 200 404 200 200 200 404 404 404 404
approve_link                 401 404 404 403 200 404 403 404 403 403 403 404 200 403 403 404 404 404 404
refuse_link                  401 404 404 403 200 404 403 404 403 403 403 404 200 403 403 404 404 404 404
end_link                     401 404 404 200 200 404 403 404 403 403 403 404 200 200 200 404 404 404 404
# CUS-08, CUS-09: members who sell, the reception, readers with scope.
look_up_ownership            401 403 200 200 200 200 200 200 200 200 200 403 200 403 200 200 200 403 403
list_checks                  401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200

# "read a claim: reporter, owner, leaders above, manager, oversight, finance, auditor, admin in scope"
list_claims                  401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_claim                   401 404 404 200 200 404 200 404 200 200 200 404 200 404 404 404 404 404 404
read_timeline                401 404 404 200 200 404 200 404 200 200 200 404 200 404 404 404 404 404 404
list_follow_ups              401 404 404 200 200 404 200 404 200 200 200 404 200 404 404 404 404 404 404
read_command                 401 404 404 200 200 404 200 404 200 200 200 404 200 404 404 404 404 404 404
download                     401 404 404 200 200 404 200 404 200 200 200 404 200 404 404 404 404 404 404
export_case                  401 404 404 200 200 404 200 404 200 200 200 404 200 404 404 404 404 404 404

# "report, follow up: rep, account_manager, broker; member of the program, as themselves"
report_claim                 401 403 201 201 403 403 403 403 403 403 403 403 403 403 403 201 201 403 403
correct_claim                401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
log_follow_up                401 404 404 201 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
correct_follow_up            401 404 404 201 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
give_arrival_code            401 404 404 201 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
withdraw_claim               401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
win_claim                    401 404 404 200 403 404 403 404 403 200 403 404 403 404 404 404 404 404 404
upload                       401 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201 201

# "judge, decide requests, void, release for another: supervisor; manager in scope"; never the reporter (CLM-04).
accept_claim                 401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
reject_claim                 401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
send_back_claim              401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
void_follow_up               401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
accept_request               401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
refuse_request               401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
withdraw_request             401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
list_requests                401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
# The owner asks or gives, the supervisor orders; a deal is cancelled by finance or supervisor (section 5).
release_claim                401 404 404 200 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
# LEAD-07: whoever may release it.
recommend_for_claim          401 404 404 200 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
# CUS-14: owner, supervisor, keepers of the customer base; masked for them and for whoever reads the claim.
list_buyers                  401 404 404 200 200 404 200 404 200 200 200 404 200 200 200 404 404 404 404
name_buyers                  401 404 404 200 200 404 200 404 403 403 403 404 200 200 200 404 404 404 404
# CUS-11: owner, collaborators, supervisors; whoever looks on or keeps the books reads the claim only.
read_dossier                 401 404 404 200 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
edit_dossier                 401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
hand_off_delivery            401 404 404 200 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
# CLM-31: who was asked, and people of the delivering team, but the owner
tick_delivery_item           401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
move_stage                   401 404 404 200 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
# Roles of `override.roles`, which is manager; never for oneself (section 20)
override_claim               401 404 404 403 403 404 200 404 403 403 403 404 403 404 404 404 404 404 404
# CLM-33: the owner of a project is given a letter, whoever reads the claim sees it
issue_letter                 401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
read_letter                  401 404 404 200 200 404 200 404 200 200 200 404 200 404 404 404 404 404 404
list_letters                 401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
list_overrides               401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
# CNF-01: the service sends the link, so that who works the customer never has it; customers have no token.
ask_customer                 401 404 404 200 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
override_confirmation        401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
enter_confirmation_form      401 404 404 403 200 404 422 404 403 403 403 404 403 404 404 404 404 404 404
print_confirmation_link      401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
read_question                200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
answer_question              200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
extend_claim                 401 404 404 200 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
pause_claim                  401 404 404 200 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
unpause_claim                401 404 404 200 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
cancel_deal                  401 404 404 403 200 404 200 404 403 200 403 404 403 404 404 404 404 404 404
transfer_claim               401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
# PPL-06: a leaver's claims are decided by their supervisor. The claim is of the owner's team, not the owner's own.
# "owner"; the broker is the collaborator, who reads the claim
invite_collaborator          401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
remove_collaborator          401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 403 404 404 404
# DSP-05: the peer's report was refused for the owner's customer, whom the peer asks to settle
settle_claim                 401 404 201 404 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
accept_request: settling     401 404 403 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
transfer_claim: a leaver's   401 404 404 404 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404

# Section 6. "parties, their supervisors, mediator, arbitrator, oversight, auditor; else 404"; the mediator of the table
# is not the mediator of the case. The peer contests the refusal for the owner's customer, the leader of both decides.
open_dispute                 401 422 201 422 201 422 201 422 201 403 403 422 403 422 422 422 422 422 422
list_disputes                401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_dispute                 401 404 200 200 200 404 200 404 200 404 200 404 200 404 404 404 404 404 404
read_dispute_timeline        401 404 200 200 200 404 200 404 200 404 200 404 200 404 404 404 404 404 404
list_evidence                401 404 200 200 200 404 200 404 200 404 200 404 200 404 404 404 404 404 404
list_proposals               401 404 200 200 200 404 200 404 200 404 200 404 200 404 404 404 404 404 404
list_messages                401 404 200 200 200 404 200 404 200 404 200 404 200 404 404 404 404 404 404
read_advice                  401 404 200 200 200 404 200 404 200 404 200 404 200 404 404 404 404 404 404
# Parties speak for themselves, their supervisors and oversight for what they saw.
add_evidence                 401 404 201 201 201 404 201 404 201 404 403 404 403 404 404 404 404 404 404
# DSP-06: "for parties, supervisors and mediator"; oversight speaks as it does in evidence.
say                          401 404 201 201 201 404 201 404 201 404 403 404 403 404 404 404 404 404 404
be_heard                     401 404 200 200 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
object_to_result             401 404 200 200 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
waive_negotiation            401 404 200 200 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
propose_terms                401 404 201 201 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
accept_proposal              401 404 200 200 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
decline_proposal             401 404 200 200 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
# "supervisor common to the parties, oversight"
name_mediator                401 404 403 403 200 404 403 404 200 404 403 404 403 404 404 404 404 404 404
# "rule: whoever the case names, no grant needed"
ask_for_more_evidence        401 404 403 403 200 404 403 404 403 404 403 404 403 404 404 404 404 404 404
ask_for_recusal              401 404 201 201 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
# DSP-13: one tier up, here the panel.
decide_recusal               401 404 403 403 403 404 403 404 403 404 403 404 200 404 404 404 404 404 404
# DSP-13: "a person named by the admin"; so may the oversight of the program.
name_arbitrator              401 404 403 403 403 404 403 404 200 404 403 404 200 404 404 404 404 404 404
rule_dispute                 401 404 403 403 200 404 403 404 403 404 403 404 403 404 404 404 404 404 404
appeal_ruling                401 404 200 200 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
withdraw_dispute             401 404 200 403 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
continue_dispute             401 404 403 200 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
# DSP-07: who leads or manages all who stand on the customer, and oversight, call them together; the leader of both did.
# Members, here the two, propose and vote; the owner and the peer are its parties.
open_discussion              401 422 403 422 201 422 201 422 201 403 403 422 403 422 422 422 422 422 422
list_discussions             401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_discussion              401 404 200 200 200 404 200 404 200 404 200 404 200 404 404 404 404 404 404
read_discussion_timeline     401 404 200 200 200 404 200 404 200 404 200 404 200 404 404 404 404 404 404
propose_in_discussion        401 404 200 200 200 404 403 404 403 404 403 404 403 404 404 404 404 404 404
vote_in_discussion           401 404 200 200 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
decide_discussion            401 404 403 403 200 404 403 404 403 404 403 404 403 404 404 404 404 404 404
answer_discussion            401 404 200 200 403 404 403 404 403 404 403 404 403 404 404 404 404 404 404
# Whoever is in charge of nobody finds an empty list.
list_conflicts               401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
# DSP-18: of programs whose rules the caller reads.
list_precedents              401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
dismiss_dispute              401 404 403 403 403 404 403 404 200 404 403 404 403 404 404 404 404 404 404

# Section 19: admin divides; reading as of policies, without the partner's people.
draft_territory_plan         401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
list_territory_plans         401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_territory_plan          401 404 200 200 200 200 200 200 200 200 200 200 200 404 404 404 200 200 200
preview_territory_plan       401 404 404 404 404 404 404 404 200 404 200 200 200 404 404 404 404 404 404
activate_territory_plan      401 404 404 404 404 404 404 404 403 404 403 403 200 404 404 404 404 404 404
read_territory_review        401 404 403 403 403 403 403 403 200 403 200 200 200 404 404 404 403 403 403
review_territory_plan        401 404 403 403 403 403 403 403 403 403 403 403 200 404 404 404 403 403 403
comment_on_claim             401 404 403 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
list_transfers               401 404 403 403 403 403 403 403 403 403 403 403 201 404 404 404 403 403 403
read_transfers               401 404 403 403 403 403 403 403 403 403 403 403 200 404 404 404 403 403 403
approve_transfers            401 404 403 403 403 403 403 403 403 403 403 403 200 404 404 404 403 403 403
refuse_transfers             401 404 403 403 403 403 403 403 403 403 403 403 200 404 404 404 403 403 403
withdraw_transfers           401 404 403 403 403 403 403 403 403 403 403 403 200 404 404 404 403 403 403
archive_territory_plan       401 404 404 404 404 404 404 404 403 404 403 403 200 404 404 404 404 404 404

# Section 23, PPL-03: everybody reads the duty statements; holders of the role, or members of the program, acknowledge.
publish_duty                 401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
list_duties                  401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
acknowledge                  401 403 201 201 403 403 403 403 403 403 403 403 403 403 403 403 403 403 403
acknowledge: the rules       401 422 201 201 201 201 201 201 403 403 403 403 403 422 422 201 201 201 403
list_owed_acknowledgements   401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
comment_on_rules             401 422 201 201 201 201 201 201 403 403 403 403 403 422 422 201 201 201 403
list_rule_comments           401 422 200 200 200 200 200 200 200 200 200 200 200 422 422 200 200 200 200

# Section 7. "policies, plans: policy_admin; reading in force: every member"; drafts as those of policies.
draft_plan                   401 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403 403
list_plans                   401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_plan                    401 404 200 200 200 200 200 200 200 200 200 200 200 404 404 200 200 200 200
review_plan                  401 404 404 404 404 404 404 404 403 404 403 200 403 404 404 404 404 404 404
approve_plan                 401 404 404 404 404 404 404 404 403 404 403 200 403 404 404 404 404 404 404
activate_plan                401 404 404 404 404 404 404 404 403 404 403 200 403 404 404 404 404 404 404
# "owner, finance"; a customer of whom one reads no claim is as good as none.
record_deal                  401 422 422 201 403 422 403 422 403 201 403 422 403 422 422 422 422 422 422
list_deals                   401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_deal                    401 404 404 200 200 404 200 404 200 200 200 404 200 404 404 404 404 404 404
amend_deal                   401 404 404 200 403 404 403 404 403 200 403 404 403 404 404 404 404 404 404
# "supervisor". Those in charge of people in the program see what is unclaimed; here it goes to a claim of the owner's.
allocate_deal                401 404 404 404 200 422 200 422 403 403 403 404 403 404 404 404 404 404 404
# "finance, supervisor"
call_off_deal                401 404 404 403 200 404 200 404 403 200 403 404 403 404 404 404 404 404 404
# "owner · holders · supervisor"; the peer is the other holder.
propose_shares               401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
accept_shares                401 404 200 200 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
set_shares                   401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 404 404
# "receipts, refunds, stages, payouts, ledger of all: finance; reading: auditor"; assists: owner.
record_receipt               401 404 404 403 403 404 403 404 403 201 403 404 403 404 404 404 404 404 404
record_refund                401 404 404 403 403 404 403 404 403 201 403 404 403 404 404 404 404 404 404
reach_stage                  401 404 404 403 403 404 403 404 403 201 403 404 403 404 404 404 404 404 404
reverse_entry                401 404 404 403 403 404 403 404 403 201 403 404 403 404 404 404 404 404 404
credit_assist                401 404 404 201 403 404 403 404 403 403 403 404 403 404 404 404 404 404 404
list_accounts                401 403 403 403 403 403 403 403 403 200 200 403 403 403 403 403 403 403 403
list_entries                 401 403 403 403 403 403 403 403 403 200 200 403 403 403 403 403 403 403 403
# COM-11: one's own, leaders and managers their people's.
read_statement               401 404 404 200 200 404 200 404 404 200 200 404 404 404 404 404 404 404 404
# COM-05: those who oversee the program, or read all of it.
list_assist_pairs            401 403 403 403 403 403 403 403 200 403 200 403 200 403 403 403 403 403 403
# COM-13: everybody what is theirs, leaders and managers their people's, finance and auditors all.
list_performance             401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
prepare_payout               401 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403 403 403 403
list_payouts                 401 403 403 403 403 403 403 403 403 200 200 403 403 403 403 403 403 403 403
read_payout                  401 404 404 404 404 404 404 404 404 200 200 404 404 404 404 404 404 404 404
approve_payout               401 404 404 404 404 404 404 404 404 200 403 404 404 404 404 404 404 404 404
pay_payout                   401 404 404 404 404 404 404 404 404 200 403 404 404 404 404 404 404 404 404

# Section 11. Members of the program and its readers know its pools, people of a partner only where they are named;
# admins of a pool manage it, here the administrator.
list_pools                   401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
# Oneself, and whoever is in charge of the owner.
read_load                    401 404 404 200 200 404 200 404 404 404 404 404 200 404 404 404 404 404 404
read_pool                    401 404 200 200 200 200 200 200 200 200 200 404 200 404 404 404 200 200 404
make_pool                    401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
edit_pool                    401 404 403 403 403 403 403 403 403 403 403 404 200 404 404 404 403 403 404
list_pooled                  401 404 200 200 200 200 200 200 200 200 200 404 200 404 404 404 200 200 404
open_pooled                  401 404 200 200 200 200 200 200 200 200 200 404 200 404 404 404 200 200 404
take_customer                401 403 201 201 403 403 403 403 403 403 403 403 403 403 403 404 201 403 403
assign_customer              401 404 403 403 403 403 403 403 403 403 403 404 201 404 404 404 403 403 404
assign_customers             401 404 403 403 403 403 403 403 403 403 403 404 200 404 404 404 403 403 404
move_customers               401 404 403 403 403 403 403 403 403 403 403 404 200 404 404 404 403 403 404
lock_customers               401 404 403 403 403 403 403 403 403 403 403 404 200 404 404 404 403 403 404
unlock_customers             401 404 403 403 403 403 403 403 403 403 403 404 200 404 404 404 403 403 404
restrict_customers           401 404 403 403 403 403 403 403 403 403 403 404 200 404 404 404 403 403 404
add_customers                401 404 403 403 403 403 403 403 403 403 403 404 200 404 404 404 403 403 404

# Section 13. "members that wear one of the roles, or lead; some with a grant over the program". Service is the sender,
# the owner has it in hand; marketing has no grant over the program.
receive_lead                 401 403 201 201 201 201 201 201 403 403 403 403 201 403 201 201 201 201 403
# CNF-05: what customers are owed is finance's to pay and audit's to check.
list_rewards                 401 403 403 403 403 403 403 403 403 200 200 403 403 403 403 403 403 403 403
list_leads                   401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_lead                    401 404 404 200 200 404 200 404 200 200 200 404 200 404 404 404 404 200 404
read_lead_timeline           401 404 404 200 200 404 200 404 200 200 200 404 200 404 404 404 404 200 404
accept_lead                  401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 403 404
return_lead                  401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 403 404
contact_lead                 401 404 404 200 403 404 403 404 403 403 403 404 403 404 404 404 404 403 404
# "sender in returned; supervisor of receiver or sender in every open state"
assign_lead                  401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 403 404
grade_lead                   401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 200 404
close_lead                   401 404 404 403 200 404 200 404 403 403 403 404 403 404 404 404 404 200 404
# Sender, receiver and those in charge of them ask for advice; figures are of people in one's scope.
recommend_for_lead           401 404 404 200 200 404 200 404 403 403 403 404 403 404 404 404 404 200 404
read_lead_balance            401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 403 200 200 200
read_lead_rates              401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_lead_rules              401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 403 200 200 200
set_lead_rules               401 403 403 403 403 403 403 403 403 403 403 403 200 403 403 403 403 403 403
# Section 16, INT-10: admins load, members and readers of the program see it, whoever sells there objects. What in-house
# people had is not the partner's to see.
start_opening_load           401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
read_opening_load            401 404 200 200 200 200 200 200 200 200 200 404 200 404 404 200 200 200 404
list_opening_rows            401 404 200 200 200 200 200 200 200 200 200 404 200 404 404 200 200 200 404
load_opening_row             401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
object_to_opening_row        401 404 201 201 403 403 403 403 403 403 403 404 403 404 404 404 201 403 404
# PPL-04: the person, leaders and managers above, admins; nobody confirms their own skills.
read_profile                 401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 404 200 200 200
edit_profile                 401 403 403 200 200 403 200 403 403 403 403 403 200 403 403 403 403 403 403
confirm_skills               401 403 403 403 200 403 200 403 403 403 403 403 200 403 403 403 403 403 403
# Nobody has it in hand yet.
assess_lead                  401 404 404 404 200 404 200 404 403 403 403 404 403 404 404 404 404 200 404

# Section 15. Members, the desk, readers of the program know its sites; admins over it make them; own people who sell
# sign in. The owner holds the customer who came and receives them; the admin is desk and duty manager as well.
list_sites                   401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_site                    401 404 200 200 200 200 200 200 200 200 200 404 200 404 200 404 200 200 404
read_site_timeline           401 404 200 200 200 200 200 200 200 200 200 404 200 404 200 404 200 200 404
make_site                    401 403 403 403 403 403 403 403 403 403 403 403 201 403 403 403 403 403 403
edit_site                    401 404 403 403 403 403 403 403 403 403 403 404 200 404 403 404 403 403 404
set_presence                 401 404 200 200 403 403 403 403 403 403 403 404 403 404 403 404 200 403 404
swap_turns                   401 404 422 200 403 403 403 403 403 403 403 404 403 404 403 404 422 403 404
search_features              401 403 200 200 200 200 200 200 200 200 200 403 200 403 200 403 200 403 403
register_arrival             401 404 403 403 403 403 403 403 403 403 403 404 201 404 201 404 403 403 404
list_receptions              401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
read_reception               401 404 404 200 200 404 200 404 200 200 200 404 200 404 200 404 404 404 404
read_reception_timeline      401 404 404 200 200 404 200 404 200 200 200 404 200 404 200 404 404 404 404
call_next                    401 404 404 404 404 404 404 404 403 403 403 404 200 404 200 404 404 404 404
assign_reception             401 404 404 403 403 404 403 404 403 403 403 404 200 404 403 404 404 404 404
greet_visitor                401 404 404 200 403 404 403 404 403 403 403 404 403 404 403 404 404 404 404
record_visitor               401 404 404 200 403 404 403 404 403 403 403 404 403 404 403 404 404 404 404
list_unrecognised            401 404 200 200 200 200 200 200 200 200 200 404 200 404 200 404 200 200 404
recognise_visitor            401 404 422 200 403 403 403 403 403 403 403 404 403 404 403 404 422 403 404
hand_over_visitor            401 404 404 200 403 404 403 404 403 403 403 404 403 404 403 404 404 404 404
complete_reception           401 404 404 200 403 404 403 404 403 403 403 404 403 404 403 404 404 404 404
close_reception              401 404 404 200 403 404 403 404 403 403 403 404 200 404 200 404 404 404 404
# LEAD-14: the broker and whoever reads the reception, which nobody serves yet; the admin confirms as the desk.
read_visit                   401 404 404 404 404 404 404 404 200 200 200 404 200 404 404 200 404 404 404
confirm_visit                401 404 404 404 404 404 404 404 403 403 403 404 200 404 404 200 404 404 404
object_to_visit              401 404 404 404 404 404 404 404 403 403 403 404 403 404 404 201 404 404 404

# Section 8: "audit: auditor, admin, oversight of the program" · "verify: auditor, admin"
list_events                  401 403 403 403 403 403 403 403 200 403 200 403 200 403 403 403 403 403 403
check_history                401 403 403 403 403 403 403 403 403 403 200 403 200 403 403 403 403 403 403
"""


CODES = {401: "not_signed_in", 403: "not_allowed", 404: "not_found", 422: "field_invalid"}
#: CLM-04: nobody judges their own report.
OTHER_CODES = {(row, "owner"): "recusal_required" for row in ("accept_claim", "reject_claim", "send_back_claim")}
OTHER_CODES |= {("receive_lead", "marketing"): "not_member"}


def _rows() -> dict[str, dict[str, int]]:
    """The table: for each operation, or situation of one, the expected status by role."""
    lines = [line for line in TABLE.splitlines() if line.strip() and not line.startswith("#")]
    roles = [COLUMNS[head] for head in lines[0].split()]
    assert roles == list(COLUMNS.values())
    found: dict[str, dict[str, int]] = {}
    for line in lines[1:]:
        *name, cells = line.split("  ", 1)[0], line.split("  ", 1)[1].split()
        assert len(cells) == len(roles), line
        assert name[0] not in found, line
        found[name[0]] = dict(zip(roles, map(int, cells), strict=True))
    return found


ROWS = _rows()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened_world(request.param, request, tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.mark.parametrize("row", ROWS)
def test_each_role_gets_the_answer_of_the_table(world: World, row: str) -> None:
    """Contract section 9, PPL-02: a refusal changes nothing, so the next role finds the request as valid as it was."""
    expected = ROWS[row]
    found: dict[str, int] = {}
    codes: dict[str, str] = {}
    wanted: Wanted | None = None
    for role in expected:
        wanted = wanted or FACTORIES[row](world)
        answer = world.send(wanted, role)
        found[role] = answer.status_code
        if answer.status_code >= 400:
            codes[role] = answer.json()["code"]
        elif wanted.operation.writes:
            wanted = None  # it is done: the next role needs another one
    assert found == expected
    assert codes == {
        role: OTHER_CODES.get((row, role), CODES[status]) for role, status in expected.items() if status >= 400
    }


def test_every_operation_has_a_row_and_a_factory() -> None:
    """A new operation needs a row written by hand, a removed one loses it."""
    assert {row.partition(":")[0] for row in ROWS} == set(OPERATIONS)
    assert set(ROWS) == set(FACTORIES)


def test_every_operation_succeeds_for_the_role_its_factory_names() -> None:
    """Else the table would say nothing but no."""
    for row, expected in ROWS.items():
        assert any(status < 300 for status in expected.values()), row
    assert {status for row in ROWS.values() for status in row.values()} == {200, 201, 401, 403, 404, 422}
