"""Every table of the product (SQLAlchemy Core). What a column means stands where its name does not tell.

Rows of the company (people, teams, programs, policies, calendars) carry ``rev``, the revision that last wrote them, so
that a process reads only what changed (see :mod:`storage.setting`). Personal data stand in sealed columns only.
"""

from __future__ import annotations

import sqlalchemy as sa

from storage.types import Id, Instant, Json, Sealed, write_order

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

Col = sa.Column


def _rev() -> sa.Column[int]:
    return Col("rev", sa.BigInteger, nullable=False, index=True)


# --- one row each ----------------------------------------------------------------------------------------------

#: ``value`` grows with every change of people, programs, policies or calendars; its row is their common lock.
#: ``epoch`` grows when an operator wants every workflow to start a fresh run (upgrades).
revision = sa.Table(
    "revision",
    metadata,
    Col("id", sa.Integer, primary_key=True),
    Col("value", sa.BigInteger, nullable=False),
    Col("epoch", sa.Integer, nullable=False),
)

#: The shift of the database's clock: 0 for ever outside tests and the demo.
clock = sa.Table(
    "clock", metadata, Col("id", sa.Integer, primary_key=True), Col("shift_us", sa.BigInteger, nullable=False)
)

company = sa.Table(
    "company",
    metadata,
    Col("id", sa.Integer, primary_key=True),
    Col("name", sa.String(200), nullable=False),
    Col("root_team", Id, nullable=False),
    Col("installed_at", Instant, nullable=False),
    Col("key_id", sa.String(64), nullable=False),  # fingerprint of the key file this database was written with
)

#: Running numbers on SQLite; PostgreSQL has sequences of the same names, which no transaction waits for.
counter = sa.Table(
    "counter", metadata, Col("name", sa.String(40), primary_key=True), Col("value", sa.BigInteger, nullable=False)
)

# --- people ----------------------------------------------------------------------------------------------------

person = sa.Table(
    "person",
    metadata,
    Col("id", Id, primary_key=True),
    Col("number", sa.BigInteger, nullable=False, unique=True),
    Col("name", Sealed, nullable=False),
    Col("email", Sealed),
    Col("phone", Sealed),
    Col("team", Id, nullable=False),
    Col("active", sa.Boolean, nullable=False),
    Col("locale", sa.String(10), nullable=False),
    Col("external_id", sa.String(200), unique=True),
    Col("partner", Id),
    Col("created_at", Instant, nullable=False),
    Col("version", sa.Integer, nullable=False),
    _rev(),
)

team = sa.Table(
    "team",
    metadata,
    Col("id", Id, primary_key=True),
    Col("name", sa.String(200), nullable=False),
    Col("parent", Id, sa.ForeignKey("team.id")),
    Col("leader", Id),
    Col("external_id", sa.String(200), unique=True),
    Col("created_at", Instant, nullable=False),
    Col("version", sa.Integer, nullable=False),
    _rev(),
)

membership = sa.Table(
    "membership",
    metadata,
    Col("id", Id, primary_key=True),
    Col("person", Id, sa.ForeignKey("person.id"), nullable=False, index=True),
    Col("team", Id, sa.ForeignKey("team.id"), nullable=False),
    Col("from_at", Instant, nullable=False),
    Col("to_at", Instant),
    _rev(),
)

leadership = sa.Table(
    "leadership",
    metadata,
    Col("id", Id, primary_key=True),
    Col("team", Id, sa.ForeignKey("team.id"), nullable=False, index=True),
    Col("person", Id, sa.ForeignKey("person.id"), nullable=False),
    Col("from_at", Instant, nullable=False),
    Col("to_at", Instant),
    _rev(),
)

role_grant = sa.Table(
    "role_grant",
    metadata,
    Col("id", Id, primary_key=True),
    Col("person", Id, sa.ForeignKey("person.id"), nullable=False, index=True),
    Col("role", sa.String(20), nullable=False),
    Col("scope_kind", sa.String(10), nullable=False),
    Col("scope_id", Id),
    Col("from_at", Instant, nullable=False),
    Col("to_at", Instant),
    _rev(),
)

absence = sa.Table(
    "absence",
    metadata,
    Col("id", Id, primary_key=True),
    Col("person", Id, sa.ForeignKey("person.id"), nullable=False, index=True),
    Col("from_at", Instant, nullable=False),
    Col("to_at", Instant, nullable=False),
    Col("entered_at", Instant, nullable=False),
    Col("reason", Sealed),
    Col("duty", sa.Boolean, nullable=False, server_default=sa.false()),  # called away by the company (LEAD-04)
    _rev(),
)

#: What matching knows of a person; ``id`` is the person's (PPL-04).
profile = sa.Table(
    "profile",
    metadata,
    Col("id", Id, sa.ForeignKey("person.id"), primary_key=True),
    Col("detail", Json, nullable=False),  # the domain's profile
    Col("version", sa.Integer, nullable=False),
    _rev(),
)

delegation = sa.Table(
    "delegation",
    metadata,
    Col("id", Id, primary_key=True),
    Col("person", Id, sa.ForeignKey("person.id"), nullable=False, index=True),
    Col("delegate", Id, sa.ForeignKey("person.id"), nullable=False),
    Col("from_at", Instant, nullable=False),
    Col("to_at", Instant, nullable=False),
    _rev(),
)

#: Leaving and moving, as facts that later drains read (PPL-06).
person_change = sa.Table(
    "person_change",
    metadata,
    Col("number", sa.BigInteger, primary_key=True, autoincrement=False),
    Col("person", Id, sa.ForeignKey("person.id"), nullable=False, index=True),
    Col("kind", sa.String(10), nullable=False),
    Col("at", Instant, nullable=False),
    Col("program", Id),  # where it concerns customers of one program only
    _rev(),
)

token = sa.Table(
    "token",
    metadata,
    Col("id", Id, primary_key=True),
    Col("person", Id, sa.ForeignKey("person.id"), nullable=False, index=True),
    Col("name", sa.String(200), nullable=False),
    Col("digest", sa.LargeBinary, nullable=False, unique=True),
    Col("roles", Json),
    Col("expires_at", Instant),
    Col("revoked_at", Instant),
    Col("created_at", Instant, nullable=False),
)

#: A partner organisation (PPL-08). The leader of ``team`` is its channel manager, ``lead`` its own manager.
partner = sa.Table(
    "partner",
    metadata,
    Col("id", Id, primary_key=True),
    Col("name", sa.String(200), nullable=False),
    Col("team", Id, sa.ForeignKey("team.id"), nullable=False, unique=True),
    Col("lead", Id, sa.ForeignKey("person.id")),
    Col("start_on", sa.Date, nullable=False),
    Col("end_on", sa.Date),
    Col("suspended_at", Instant),
    Col("created_at", Instant, nullable=False),
    Col("version", sa.Integer, nullable=False),
    _rev(),
)

#: A code that lets one broker in; only its keyed digest is kept.
partner_invitation = sa.Table(
    "partner_invitation",
    metadata,
    Col("id", Id, primary_key=True),
    Col("partner", Id, sa.ForeignKey("partner.id"), nullable=False, index=True),
    Col("digest", sa.LargeBinary, nullable=False, unique=True),
    Col("made_by", Id, nullable=False),
    Col("created_at", Instant, nullable=False),
    Col("expires_at", Instant, nullable=False),
    Col("used_by", Id),
    Col("used_at", Instant),
)

#: What a month added to a partner's accounts, fixed when it was made, and how the partner answered (对账).
partner_statement = sa.Table(
    "partner_statement",
    metadata,
    Col("id", Id, primary_key=True),
    Col("partner", Id, sa.ForeignKey("partner.id"), nullable=False),
    Col("period", sa.String(7), nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("totals", Json, nullable=False),
    Col("made_by", Id),  # None: the house
    Col("made_at", Instant, nullable=False),
    Col("confirm_by", Instant),
    Col("decided_by", Id),
    Col("decided_at", Instant),
    Col("reason", Id),  # free text
    sa.UniqueConstraint("partner", "period"),
)

# --- programs, policies, calendars -------------------------------------------------------------------------------

program = sa.Table(
    "program",
    metadata,
    Col("id", Id, primary_key=True),
    Col("name", sa.String(200), nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("external_id", sa.String(200), unique=True),
    Col("oversight", Json, nullable=False),
    Col("panel", Json, nullable=False),
    Col("calendar", Id, nullable=False),
    Col("default_pool", Id, nullable=False),
    Col("created_at", Instant, nullable=False),
    Col("version", sa.Integer, nullable=False),
    _rev(),
)

program_member = sa.Table(
    "program_member",
    metadata,
    Col("id", Id, primary_key=True),
    Col("program", Id, sa.ForeignKey("program.id"), nullable=False, index=True),
    Col("team", Id, sa.ForeignKey("team.id")),
    Col("person", Id, sa.ForeignKey("person.id")),
    Col("from_at", Instant, nullable=False),
    Col("to_at", Instant),
    _rev(),
)

pool = sa.Table(
    "pool",
    metadata,
    Col("id", Id, primary_key=True),
    Col("program", Id, sa.ForeignKey("program.id"), nullable=False),
    Col("name", sa.String(200), nullable=False),
    Col("is_default", sa.Boolean, nullable=False),
    Col("open_to", sa.String(10), nullable=False, server_default="members"),
    Col("members", Json, nullable=False, server_default="[]"),  # [{team, person}]; none: every member of the program
    Col("admins", Json, nullable=False, server_default="[]"),
    Col("windows", Json),  # null: those of the policy
    Col("rule", Json),  # {levels, sources, regions}: which customers come here (POOL-02)
    Col("priority", Json),  # {levels, people, teams}: who may take first (POOL-05)
    Col("created_at", Instant, nullable=False, server_default="0"),
    Col("version", sa.Integer, nullable=False, server_default="1"),
    Col("rev", sa.BigInteger, nullable=False, index=True, server_default="0"),
)

#: ``program`` is null for the company's own policy. Only what the version sets; defaults stand in the domain.
policy = sa.Table(
    "policy",
    metadata,
    Col("id", Id, primary_key=True),
    Col("program", Id, sa.ForeignKey("program.id"), index=True),
    Col("version", sa.Integer, nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("parameters", Json, nullable=False),
    Col("overrides", Json, nullable=False),
    Col("author", Id, nullable=False),
    Col("reviewed_by", Id),
    Col("approved_by", Id),
    Col("approved_at", Instant),
    Col("not_before", Instant),  # approved by its author in a small team: announced first (POL-09)
    Col("reason", Sealed),
    Col("effective_at", Instant),
    Col("created_at", Instant, nullable=False),
    Col("warnings", Json, nullable=False),
    _rev(),
    sa.UniqueConstraint("program", "version"),
)

#: Open claims of a program that take on another version (POL-02). ``claims`` null = all.
migration = sa.Table(
    "migration",
    metadata,
    Col("number", sa.BigInteger, primary_key=True, autoincrement=False),
    Col("program", Id, sa.ForeignKey("program.id"), nullable=False),
    Col("policy", Id, sa.ForeignKey("policy.id"), nullable=False),
    Col("at", Instant, nullable=False),
    Col("claims", Json),
    Col("actor", Id, nullable=False),
    Col("goes_live", sa.Boolean, nullable=False, server_default=sa.false()),
    _rev(),
)

calendar = sa.Table(
    "calendar",
    metadata,
    Col("id", Id, primary_key=True),
    Col("name", sa.String(200), nullable=False, unique=True),
    Col("country", sa.String(10), nullable=False),
    Col("zone", sa.String(64), nullable=False),
    Col("office_hours", sa.String(11), nullable=False),
    Col("weekdays", Json, nullable=False),
    Col("version", sa.Integer, nullable=False),
    Col("changed_at", Instant, nullable=False),
    _rev(),
)

calendar_year = sa.Table(
    "calendar_year",
    metadata,
    Col("id", Id, primary_key=True),
    Col("calendar", Id, sa.ForeignKey("calendar.id"), nullable=False),
    Col("year", sa.Integer, nullable=False),
    Col("free_days", Json, nullable=False),
    Col("work_days", Json, nullable=False),
    Col("loaded_at", Instant, nullable=False),
    _rev(),
    sa.UniqueConstraint("calendar", "year"),
)

# --- customers ---------------------------------------------------------------------------------------------------

#: Company names and codes stay in clear for search (CUS-01); a person's name is sealed.
customer = sa.Table(
    "customer",
    metadata,
    Col("id", Id, primary_key=True),
    Col("kind", sa.String(10), nullable=False),
    Col("name", Sealed),
    Col("company_name", sa.String(200)),
    # Of a company: grows with every change of the record, so that each process reads only what is new to it (CUS-05).
    Col("name_revision", sa.BigInteger, index=True),
    # Of a person: the number was reported masked and is not complete yet (CUS-06).
    Col("masked", sa.Boolean, nullable=False, server_default=sa.false()),
    Col("merged_into", Id),  # the record that stands for this one, itself merged into none (CUS-13)
    Col("company_code", sa.String(18)),
    Col("phone", Sealed),
    Col("email", Sealed),
    Col("level", sa.String(3)),
    Col("level_reason", Id),  # why people gave it (CUS-12)
    Col("class_level", sa.String(3)),  # what its class brings, as last counted; of whoever has a deal (CUS-12)
    Col("source", sa.String(200)),
    Col("facets", Json),  # what territories are divided by: one word each (TER-02)
    Col("external_id", sa.String(200), unique=True),
    Col("created_at", Instant, nullable=False),
    Col("active_at", Instant, nullable=False),
    Col("erased_at", Instant),
    Col("version", sa.Integer, nullable=False),
    sa.Index("ix_customer_created_at_id", "created_at", "id"),
    # Of the few that are: nobody else's row costs anything.
    sa.Index(
        "ix_customer_merged_into",
        "merged_into",
        sqlite_where=sa.text("merged_into IS NOT NULL"),
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    ),
)

#: The customer's own data key, sealed with the master key; gone with erasure (AUD-05).
customer_secret = sa.Table(
    "customer_secret",
    metadata,
    Col("customer", Id, sa.ForeignKey("customer.id"), primary_key=True),
    Col("sealed_key", sa.LargeBinary, nullable=False),
)

#: Blind index. A row per (field, value) digest is the lock that two reports of one new customer meet at.
identity_key = sa.Table(
    "identity_key",
    metadata,
    Col("digest", sa.LargeBinary, primary_key=True),
)

#: Which customer has which key, strong or weak (CUS-02); the digest covers the field's name.
customer_key = sa.Table(
    "customer_key",
    metadata,
    Col("digest", sa.LargeBinary, primary_key=True),
    Col("customer", Id, sa.ForeignKey("customer.id"), primary_key=True, index=True),
    Col("field", sa.String(20), nullable=False),
    Col("kind", sa.String(10), nullable=False),
)

customer_word = sa.Table(
    "customer_word",
    metadata,
    # Prefixes are asked for as ranges, so words sort by code point on both databases.
    Col("word", sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql"), primary_key=True),
    Col("customer", Id, sa.ForeignKey("customer.id"), primary_key=True, index=True),
)

project = sa.Table(
    "project",
    metadata,
    Col("id", Id, primary_key=True),
    Col("customer", Id, sa.ForeignKey("customer.id"), nullable=False, index=True),
    Col("name", sa.String(200), nullable=False),
    Col("name_key", sa.String(200), nullable=False),
    Col("department", sa.String(200)),
    Col("site", sa.String(200)),
    Col("tender_number", sa.String(200)),
    Col("bid_date", sa.Date),
    Col("award_date", sa.Date),
    Col("created_at", Instant, nullable=False),
    sa.UniqueConstraint("customer", "tender_number"),
)

#: Each joining of ``customer`` to ``survivor``, and its undoing. ``joined``: which matters became one, and in which
#: pools they lay before (CUS-13).
customer_merge = sa.Table(
    "customer_merge",
    metadata,
    Col("id", Id, primary_key=True),
    Col("customer", Id, sa.ForeignKey("customer.id"), nullable=False),
    Col("survivor", Id, sa.ForeignKey("customer.id"), nullable=False, index=True),
    Col("at", Instant, nullable=False),
    Col("by", Id, nullable=False),
    Col("reason", Id),  # free text
    Col("joined", Json, nullable=False),
    Col("undone_at", Instant),
    Col("undone_by", Id),
    Col("undone_reason", Id),
    sa.Index(
        "uq_customer_merge_standing",
        "customer",
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    ),
)

#: Customers that belong together (关联客户, CUS-14), by the records they were when it was asked. ``proof``: what linked
#: them at once; without any it waits for a supervisor. ``reason`` and ``ended_reason`` are free text of ``one``.
customer_link = sa.Table(
    "customer_link",
    metadata,
    Col("id", Id, primary_key=True),
    Col("one", Id, sa.ForeignKey("customer.id"), nullable=False, index=True),
    Col("other", Id, sa.ForeignKey("customer.id"), nullable=False, index=True),
    Col("kind", sa.String(10), nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("proof", sa.String(10)),
    Col("reason", Id),
    Col("asked_by", Id, nullable=False),
    Col("asked_at", Instant, nullable=False),
    Col("waits_for", Id),
    Col("decided_by", Id),
    Col("decided_at", Instant),
    Col("ended_by", Id),
    Col("ended_at", Instant),
    Col("ended_reason", Id),
)

#: Free text, sealed with the customer's key (or the master key); histories keep its id and keyed digest (AUD-01).
free_text = sa.Table(
    "free_text",
    metadata,
    Col("id", Id, primary_key=True),
    Col("customer", Id, index=True),
    Col("sealed", Sealed, nullable=False),
    Col("digest", sa.String(64), nullable=False),
)

# --- matters and claims ------------------------------------------------------------------------------------------

#: The unit of decision and the first lock. ``subject`` is the project where there is one, else the customer.
matter = sa.Table(
    "matter",
    metadata,
    Col("id", Id, primary_key=True),
    Col("program", Id, sa.ForeignKey("program.id"), nullable=False),
    Col("customer", Id, sa.ForeignKey("customer.id"), nullable=False, index=True),
    Col("project", Id, sa.ForeignKey("project.id")),
    Col("subject", Id, nullable=False),
    Col("track", sa.String(10), nullable=False),
    Col("owner_claim", Id),
    Col("last_at", Instant, nullable=False),
    Col("pooled", sa.Boolean, nullable=False),
    Col("pool_at", Instant),
    Col("pool", Id),
    Col("pool_locked", sa.Boolean, nullable=False, server_default=sa.false()),
    Col("pool_only", Json),  # {people, teams, skills: [[skill, level]]}: who alone may take (POOL-08)
    Col("poisoned", sa.Boolean, nullable=False),
    Col("dealt", sa.Boolean, nullable=False, server_default=sa.false()),  # it has or had deals
    Col("led", sa.Boolean, nullable=False, server_default=sa.false()),  # a lead of it is open, or watched
    Col("merged_into", Id),  # where everything of it lies and is decided since the records are known as one (CUS-13)
    Col("split", sa.Boolean, nullable=False, server_default=sa.false()),  # it gave something back once
    Col("discussed", sa.Boolean, nullable=False, server_default=sa.false()),  # a team discussion of it is open
    Col("rivalled", sa.Boolean, nullable=False, server_default=sa.false()),  # it has, or had, rivals (CUS-07)
    sa.UniqueConstraint("program", "subject", "track"),
    sa.Index("ix_matter_pool", "pool", "pool_at", "id"),
)

#: Matters of one program and track that may be one customer's, as a number of either is masked, each two once
#: (``one`` < ``other``); ``apart``: they are not, as is known since (CUS-07). ``linked``: their customers are
#: relatives, so that a report in one is kept by whoever holds the other (CUS-14).
number_rival = sa.Table(
    "number_rival",
    metadata,
    Col("one", Id, sa.ForeignKey("matter.id"), primary_key=True),
    Col("other", Id, sa.ForeignKey("matter.id"), primary_key=True, index=True),
    Col("since", Instant),
    Col("apart", sa.Boolean, nullable=False),
    Col("linked", sa.Boolean, nullable=False, server_default=sa.false()),
)

#: Customers that went from a pool to somebody who took or reported them: counted per day, never changed (POOL-06).
pool_take = sa.Table(
    "pool_take",
    metadata,
    Col("id", Id, primary_key=True),
    Col("person", Id, nullable=False),
    Col("at", Instant, nullable=False),
    Col("claim", Id, nullable=False),
    Col("matter", Id, nullable=False),
    Col("pool", Id, nullable=False),
    sa.Index("ix_pool_take_person", "person", "at"),
)

claim = sa.Table(
    "claim",
    metadata,
    Col("id", Id, primary_key=True),
    Col("receipt", sa.BigInteger, nullable=False, unique=True),
    Col("matter", Id, sa.ForeignKey("matter.id"), nullable=False),
    Col("program", Id, nullable=False),
    Col("customer", Id, nullable=False),
    Col("project", Id),
    Col("track", sa.String(10), nullable=False),
    Col("reporter", Id, nullable=False),
    Col("owner", Id),  # who holds it, or held it last
    Col("team", Id, nullable=False),
    Col("reporter_team", Id, nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("holds", sa.Boolean, nullable=False),
    Col("decided", sa.Boolean, nullable=False),
    Col("reason", sa.String(40)),
    Col("reason_text", Id),
    Col("release_reason", sa.String(40)),
    Col("channel", sa.String(10), nullable=False),
    Col("source", sa.String(200)),
    Col("customer_kind", sa.String(10), nullable=False),
    Col("customer_level", sa.String(3)),
    Col("provisional", sa.Boolean, nullable=False),
    Col("received_at", Instant, nullable=False),
    Col("rank_at", Instant, nullable=False),
    Col("accepted_at", Instant),
    Col("ended_at", Instant),
    Col("complete_by", Instant),
    Col("grace_until", Instant),
    Col("deadline", Instant),
    Col("last_qualified_at", Instant),
    Col("policy", Id, nullable=False),
    Col("company_policy", Id, nullable=False),
    Col("policy_version", sa.Integer, nullable=False),
    Col("calendar_version", sa.Integer, nullable=False),
    Col("detail", Json, nullable=False),  # clocks, pauses, judges and counters of the domain's claim
    Col("need", Id),
    Col("progress", Id),
    Col("next_follow_up_at", Instant),
    Col("expected_close", sa.Date),
    Col("expected_minor", sa.BigInteger),
    Col("expected_currency", sa.String(3)),
    Col("first_contact", Json),
    Col("external_id", sa.String(200)),  # the reporter's, from the system it was imported from (INT-03)
    Col("facts_digest", sa.String(64), nullable=False),
    Col("asked", sa.Boolean, nullable=False),  # there is or was a request about it
    Col("dispute", Id),
    Col("opening", sa.String(10)),  # a row of an opening load, or an objection to one (INT-10)
    Col("proposed", sa.Boolean, nullable=False),  # at stage proposal or later (table 0.4)
    Col("by_reception", sa.Boolean, nullable=False),
    Col("version", sa.Integer, nullable=False),
    sa.Index("ix_claim_received_at_id", "received_at", "id"),
    sa.Index("ix_claim_matter", "matter"),
    sa.Index("ix_claim_customer", "customer", "received_at"),
    sa.Index("ix_claim_program_state", "program", "state", "received_at", "id"),
    sa.Index("ix_claim_program", "program", "received_at", "id"),
    sa.Index("ix_claim_state", "state", "received_at", "id"),
    # The state is in them so that a list of one state reads no row of another.
    sa.Index("ix_claim_owner", "owner", "received_at", "id", "state"),
    sa.Index("ix_claim_reporter", "reporter", "received_at", "id", "state"),
    sa.Index("ix_claim_team", "team", "received_at", "id", "state"),
    sa.Index("ix_claim_reporter_team", "reporter_team", "received_at", "id", "state"),
    sa.Index("ix_claim_deadline", "deadline", "received_at", "id", "state"),
    sa.UniqueConstraint("external_id", "reporter"),
    sa.Index(
        "ix_claim_opening",
        "program",
        "received_at",
        "id",
        sqlite_where=sa.text("opening IS NOT NULL"),
        postgresql_where=sa.text("opening IS NOT NULL"),
    ),
    # The database itself refuses a second owner (TER-01).
    sa.Index(
        "uq_claim_one_owner",
        "matter",
        unique=True,
        sqlite_where=sa.text("holds"),
        postgresql_where=sa.text("holds"),
    ),
)

request = sa.Table(
    "request",
    metadata,
    Col("id", Id, primary_key=True),
    Col("kind", sa.String(10), nullable=False),
    Col("claim", Id, sa.ForeignKey("claim.id"), nullable=False, index=True),
    Col("by", Id),
    Col("waiting_for", Json, nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("created_at", Instant, nullable=False),
    Col("decide_by", Instant),
    Col("decided_by", Id),
    Col("decided_at", Instant),
    Col("reason_text", Id),
    Col("data", Json, nullable=False),
)

#: Authorisation letters (授权书) of projects, numbered over the company, void from the end of their claim (CLM-33).
letter = sa.Table(
    "letter",
    metadata,
    Col("id", Id, primary_key=True),
    Col("number", sa.BigInteger, nullable=False, unique=True),
    Col("claim", Id, sa.ForeignKey("claim.id"), nullable=False, index=True),
    Col("issued_by", Id, nullable=False),
    Col("issued_at", Instant, nullable=False),
    Col("expires_at", Instant, nullable=False),
    Col("voided_at", Instant),
    Col("override", Id, sa.ForeignKey("special_approval.id")),
    sa.Index("ix_letter_issued_at_id", "issued_at", "id"),
)

#: What somebody in charge let happen once, though a rule refuses it (领导特批, CLM-34). ``month``: the local one that
#: it counts for. It lies where its claim does.
special_approval = sa.Table(
    "special_approval",
    metadata,
    Col("id", Id, primary_key=True),
    Col("claim", Id, sa.ForeignKey("claim.id"), nullable=False, index=True),
    Col("program", Id, nullable=False),
    Col("kind", sa.String(10), nullable=False),
    Col("by", Id, nullable=False),
    Col("at", Instant, nullable=False),
    Col("month", sa.String(7), nullable=False),
    Col("to", Id),
    Col("until", Instant),
    Col("lost_by", Id),
    Col("object_by", Instant),
    Col("past_share_bps", sa.Integer),
    Col("made", Id, sa.ForeignKey("claim.id"), index=True),
    Col("used_at", Instant),
    Col("reason_text", Id),
    Col("shares_text", Id),
    sa.Index("ix_special_approval_by", "by", "month"),
    sa.Index("ix_special_approval_at_id", "at", "id"),
)

#: Whom an open request waits for, so that their list and their right to see the claim are one look-up.
request_waiting = sa.Table(
    "request_waiting",
    metadata,
    Col("person", Id, primary_key=True),
    Col("request", Id, sa.ForeignKey("request.id"), primary_key=True, index=True),
    Col("claim", Id, nullable=False, index=True),
)

#: A deal (COM-01). Without ``claim`` and ``matter`` it is unclaimed, until somebody allocates it (CLM-03).
deal = sa.Table(
    "deal",
    metadata,
    Col("id", Id, primary_key=True),
    Col("number", sa.BigInteger, nullable=False, unique=True),
    Col("claim", Id, sa.ForeignKey("claim.id"), index=True),
    Col("matter", Id, sa.ForeignKey("matter.id", name="fk_deal_matter"), index=True),
    Col("program", Id, nullable=False),
    Col("customer", Id, nullable=False),
    Col("project", Id),
    Col("track", sa.String(10), nullable=False, server_default="sales"),
    Col("kind", sa.String(12), nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("owner", Id),  # who held the customer at the contract
    Col("amount_minor", sa.BigInteger, nullable=False),
    Col("currency", sa.String(3), nullable=False),
    Col("contract_at", Instant, nullable=False),
    Col("contract_end", sa.Date),
    Col("product", sa.String(200)),
    Col("external_id", sa.String(200)),
    Col("plan", Id),
    Col("plan_version", sa.Integer),
    Col("rate_rule", sa.String(20)),
    Col("rate_bps", sa.Integer),
    Col("shares_state", sa.String(10), nullable=False, server_default="none"),
    # Release, shares, cash, stages, credits, holds, what was paid and set off, of the domain's deal.
    Col("detail", Json, nullable=False, server_default="{}"),
    Col("recorded_at", Instant, nullable=False),
    Col("recorded_by", Id, nullable=False),
    Col("version", sa.Integer, nullable=False, server_default="1"),
    sa.Index("ix_deal_recorded_at_id", "recorded_at", "id"),
    sa.Index("ix_deal_program", "program", "recorded_at", "id"),
    sa.Index("ix_deal_customer", "customer", "recorded_at"),
    sa.Index("ix_deal_owner", "owner", "recorded_at", "id"),
)

#: Who signs beside the customer (认购人、共有人), sealed with the key of ``customer`` of the deal. ``record``: whom
#: their keys match at the contract (CUS-14). Written with the command, before there is a deal. Of a ``claim``: who
#: subscribed while there was none. ``ended_reason``: the id of a text that says why they sign no longer.
deal_buyer = sa.Table(
    "deal_buyer",
    metadata,
    Col("id", Id, primary_key=True),
    Col("deal", Id, index=True),
    Col("claim", Id, index=True),
    Col("customer", Id, nullable=False, index=True),
    Col("record", Id, index=True),
    Col("sealed", Sealed, nullable=False),
    Col("entered_at", Instant, nullable=False),
    Col("entered_by", Id, nullable=False),
    Col("ended_at", Instant),
    Col("ended_by", Id),
    Col("ended_reason", Id),
)

#: Who has a share or an overlay of a deal, so that their list and their right to see it are one look-up.
deal_payee = sa.Table(
    "deal_payee",
    metadata,
    Col("person", Id, primary_key=True),
    Col("deal", Id, sa.ForeignKey("deal.id"), primary_key=True, index=True),
)

#: What a deal was before it was amended: amount, unit or buyer (COM-01).
deal_version = sa.Table(
    "deal_version",
    metadata,
    Col("deal", Id, sa.ForeignKey("deal.id"), primary_key=True),
    Col("version", sa.Integer, primary_key=True),
    Col("amount_minor", sa.BigInteger, nullable=False),
    Col("contract_end", sa.Date),
    Col("shares", Json, nullable=False),
    Col("replaced_at", Instant, nullable=False),
)

follow_up = sa.Table(
    "follow_up",
    metadata,
    Col("id", Id, primary_key=True),
    Col("claim", Id, sa.ForeignKey("claim.id"), nullable=False),
    Col("author", Id, nullable=False),
    Col("kind", sa.String(10), nullable=False),
    Col("note", Id, nullable=False),
    Col("outcome", Id),
    Col("at", Instant, nullable=False),
    Col("received_at", Instant, nullable=False),
    Col("late", sa.Boolean, nullable=False),
    Col("answered", sa.Boolean, nullable=False),
    Col("next_at", Instant),
    Col("files", Json, nullable=False),
    Col("qualified", sa.Boolean, nullable=False),
    Col("why", sa.String(60)),
    Col("unrecorded", Json),  # fields that it was to record and did not (LEAD-12)
    Col("revision", sa.Integer, nullable=False),
    Col("voided_by", Id),
    Col("voided_at", Instant),
    Col("voided_text", Id),
    Col("external_id", sa.String(200)),
    sa.Index("ix_follow_up_claim", "claim", "received_at", "id"),
    sa.UniqueConstraint("claim", "external_id"),
)

#: When a claim came to which sales stage (CLM-30). ``counts``: it speaks for the depth of ``person`` (CLM-08).
stage_move = sa.Table(
    "stage_move",
    metadata,
    Col("id", Id, primary_key=True),
    Col("claim", Id, sa.ForeignKey("claim.id"), nullable=False, index=True),
    Col("stage", sa.String(200), nullable=False),
    Col("person", Id, nullable=False),
    Col("actor", Id),
    Col("at", Instant, nullable=False),
    Col("counts", sa.Boolean, nullable=False),
)

#: What is known of a customer in one program and track, sealed with the key of the record it was begun under (CUS-11).
dossier = sa.Table(
    "dossier",
    metadata,
    Col("id", Id, primary_key=True),
    Col("matter", Id, sa.ForeignKey("matter.id"), nullable=False),
    Col("customer", Id, nullable=False, index=True),
    Col("sealed", Sealed, nullable=False),
    Col("version", sa.Integer, nullable=False),
    Col("changed_at", Instant, nullable=False),
    Col("changed_by", Id, nullable=False),
    sa.UniqueConstraint("matter", "customer"),
)

#: A customer is asked who served them first (CNF-01). Of the link's code there is a keyed digest; ``sealed``, with the
#: customer's key, is the code itself for as long as it may have to be sent. ``text``: whom they named, in their words.
confirmation = sa.Table(
    "confirmation",
    metadata,
    Col("id", Id, primary_key=True),
    Col("claim", Id, sa.ForeignKey("claim.id"), nullable=False, index=True),
    Col("customer", Id, nullable=False, index=True),
    Col("point", sa.String(20), nullable=False),
    Col("person", Id, nullable=False),
    Col("digest", sa.LargeBinary, nullable=False, unique=True),
    Col("sealed", Sealed),
    Col("asked_at", Instant, nullable=False),
    Col("until", Instant),
    Col("answer", sa.String(3)),
    Col("named", Id),
    Col("text", Id),
    Col("answered_at", Instant),
    Col("form", Id),  # the paper the customer signed instead of using the link
)

#: What customers are owed for bringing others, paid outside of commission (CNF-05); whether the deal stands, it says.
referral_reward = sa.Table(
    "referral_reward",
    metadata,
    Col("id", Id, primary_key=True),
    Col("program", Id, nullable=False, index=True),
    Col("lead", Id, nullable=False),
    Col("claim", Id, nullable=False),
    Col("deal", Id, sa.ForeignKey("deal.id"), nullable=False, unique=True),
    Col("customer", Id, nullable=False, index=True),
    Col("at", Instant, nullable=False),
)

#: Which decision maker of a dossier was met in which follow-up; ids only, so that advice needs no key (CLM-08).
decision_maker_met = sa.Table(
    "decision_maker_met",
    metadata,
    Col("id", Id, primary_key=True),
    Col("matter", Id, sa.ForeignKey("matter.id"), nullable=False, index=True),
    Col("customer", Id, nullable=False, index=True),
    Col("decision_maker", Id, nullable=False),
    Col("follow_up", Id, sa.ForeignKey("follow_up.id"), nullable=False),
    Col("entered_at", Instant, nullable=False),
    sa.UniqueConstraint("decision_maker", "follow_up"),
)

#: What a correction replaced: entries are never overwritten (CLM-15).
follow_up_revision = sa.Table(
    "follow_up_revision",
    metadata,
    Col("follow_up", Id, sa.ForeignKey("follow_up.id"), primary_key=True),
    Col("revision", sa.Integer, primary_key=True),
    Col("note", Id, nullable=False),
    Col("outcome", Id),
    Col("next_at", Instant),
    Col("replaced_at", Instant, nullable=False),
)

task = sa.Table(
    "task",
    metadata,
    Col("id", Id, primary_key=True),
    Col("key", sa.String(80), nullable=False),
    Col("person", Id, nullable=False, index=True),
    Col("kind", sa.String(40), nullable=False),
    Col("subject_type", sa.String(20), nullable=False),
    Col("subject", Id, nullable=False),
    Col("due", Instant),
    Col("state", sa.String(10), nullable=False),
    Col("created_at", Instant, nullable=False),
    sa.UniqueConstraint("key", "person"),
)

#: What was uploaded; the content lies sealed in the file folder. ``sealed_key`` opens name and content and is gone with
#: the erasure of a customer whom the file is about, while size and digest stay for the record (AUD-05).
file = sa.Table(
    "file",
    metadata,
    Col("id", Id, primary_key=True),
    Col("name", Sealed),
    Col("media_type", sa.String(100), nullable=False),
    Col("size", sa.BigInteger, nullable=False),
    Col("sha256", sa.String(64), nullable=False),
    Col("sealed_key", sa.LargeBinary),
    Col("uploaded_by", Id, nullable=False),
    Col("uploaded_at", Instant, nullable=False),
)

#: Which claims a file was attached to, by a follow-up or a request; their readers may read it.
file_use = sa.Table(
    "file_use",
    metadata,
    Col("file", Id, sa.ForeignKey("file.id"), primary_key=True),
    Col("claim", Id, sa.ForeignKey("claim.id"), primary_key=True, index=True),
)

# --- disputes ----------------------------------------------------------------------------------------------------

dispute = sa.Table(
    "dispute",
    metadata,
    Col("id", Id, primary_key=True),
    Col("number", sa.BigInteger, nullable=False, unique=True),
    Col("matter", Id, sa.ForeignKey("matter.id"), nullable=False, index=True),
    Col("program", Id, nullable=False),
    Col("customer", Id, nullable=False, index=True),
    Col("other_customer", Id, index=True),  # of kind identity (CUS-13)
    Col("project", Id),
    Col("track", sa.String(10), nullable=False),
    Col("grounds", sa.String(20), nullable=False),
    Col("state", sa.String(12), nullable=False),
    Col("open", sa.Boolean, nullable=False),
    Col("tier", sa.Integer),
    Col("arbitrator", Id),
    Col("mediator", Id),
    Col("served_by", Id),
    Col("opened_by", Id, nullable=False),
    Col("opened_at", Instant, nullable=False),
    Col("ended_at", Instant),
    Col("statement", Id),
    Col("policy", Id, nullable=False),
    Col("company_policy", Id, nullable=False),
    Col("policy_version", sa.Integer, nullable=False),
    Col("calendar_version", sa.Integer, nullable=False),
    Col("detail", Json, nullable=False),  # parties, windows, proposals and rulings of the domain's dispute
    Col("version", sa.Integer, nullable=False),
    sa.Index("ix_dispute_opened_at_id", "opened_at", "id"),
    sa.Index("ix_dispute_program", "program", "opened_at", "id"),
    # One open case per customer and track (DSP-01).
    sa.Index(
        "uq_dispute_one_open",
        "matter",
        unique=True,
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    ),
)

# --- leads -----------------------------------------------------------------------------------------------------

lead = sa.Table(
    "lead",
    metadata,
    Col("id", Id, primary_key=True),
    Col("number", sa.BigInteger, nullable=False, unique=True),
    Col("matter", Id, sa.ForeignKey("matter.id"), nullable=False, index=True),
    Col("program", Id, nullable=False),
    Col("customer", Id, nullable=False, index=True),
    Col("project", Id),
    Col("track", sa.String(10), nullable=False),
    Col("sender", Id, nullable=False),
    Col("team", Id, nullable=False),
    Col("receiver", Id),  # in whose hands it is
    Col("receiver_team", Id),
    Col("source", sa.String(200), nullable=False),
    Col("campaign", sa.String(200)),
    Col("external_id", sa.String(200)),
    Col("state", sa.String(10), nullable=False),
    Col("watched", sa.Boolean, nullable=False),
    Col("grade", sa.String(1), nullable=False),
    Col("score", sa.Integer, nullable=False),
    Col("value_minor", sa.BigInteger),
    Col("currency", sa.String(3)),
    Col("claim", Id, index=True),
    Col("duplicate_of", Id),
    Col("received_at", Instant, nullable=False),
    Col("ended_at", Instant),
    Col("policy", Id, nullable=False),
    Col("company_policy", Id, nullable=False),
    Col("policy_version", sa.Integer, nullable=False),
    Col("calendar_version", sa.Integer, nullable=False),
    Col("detail", Json, nullable=False),  # facets, factors, limits and marks of the domain's lead
    Col("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("sender", "external_id"),
    sa.Index("ix_lead_received_at_id", "received_at", "id"),
    sa.Index("ix_lead_program", "program", "received_at", "id"),
    sa.Index("ix_lead_receiver", "receiver", "state"),
    sa.Index("ix_lead_sender", "sender", "received_at", "id"),
)

#: Every time a lead was in somebody's hands, in order: what shares and rates are counted from (LEAD-13, LEAD-16).
lead_offer = sa.Table(
    "lead_offer",
    metadata,
    Col("lead", Id, sa.ForeignKey("lead.id"), primary_key=True),
    Col("place", sa.Integer, primary_key=True),
    Col("program", Id, nullable=False),
    Col("person", Id, nullable=False),
    Col("team", Id, nullable=False),
    Col("at", Instant, nullable=False),
    Col("way", sa.String(12), nullable=False),
    Col("stands_for", Id, index=True),  # whom a stand-in has it for
    Col("scope", Id),
    Col("makeup", sa.Boolean, nullable=False),
    Col("respond_by", Instant),
    Col("accept_by", Instant),
    Col("end", sa.String(10)),
    Col("reason", sa.String(40)),  # of a return
    Col("ended_at", Instant),
    Col("data", Json, nullable=False),  # who was passed over, how people were ranked
    sa.Index("ix_lead_offer_person", "person", "at"),
    sa.Index("ix_lead_offer_program", "program", "at"),
)

#: One row per rotation; its lock is what turns are given under. ``scope``: a team, or the program for all of it.
rotation = sa.Table(
    "rotation",
    metadata,
    Col("program", Id, sa.ForeignKey("program.id"), primary_key=True),
    Col("scope", Id, primary_key=True),
    Col("state", Json, nullable=False),  # the domain's rotation
)

#: Assignment rules of a program; ``id`` is the program's (LEAD-03).
lead_rules = sa.Table(
    "lead_rules",
    metadata,
    Col("id", Id, sa.ForeignKey("program.id"), primary_key=True),
    Col("rules", Json, nullable=False),
    Col("version", sa.Integer, nullable=False),
    _rev(),
)

# --- reception -------------------------------------------------------------------------------------------------

#: Where customers arrive (案场). Its lock is what turns are given under (LEAD-08).
site = sa.Table(
    "site",
    metadata,
    Col("id", Id, primary_key=True),
    Col("program", Id, sa.ForeignKey("program.id"), nullable=False, index=True),
    Col("name", sa.String(200), nullable=False),
    Col("lead", Id, sa.ForeignKey("person.id")),  # the duty manager
    Col("queue", Json, nullable=False),  # the domain's queue
    Col("created_at", Instant, nullable=False),
    Col("version", sa.Integer, nullable=False),
)

reception = sa.Table(
    "reception",
    metadata,
    Col("id", Id, primary_key=True),
    Col("site", Id, sa.ForeignKey("site.id"), nullable=False),
    Col("matter", Id, sa.ForeignKey("matter.id"), nullable=False, index=True),
    Col("program", Id, nullable=False),
    Col("customer", Id, nullable=False, index=True),
    Col("project", Id),
    Col("track", sa.String(10), nullable=False),
    Col("day", sa.Date, nullable=False),  # the local day of the arrival
    Col("registered_by", Id, nullable=False),
    Col("source", sa.String(12), nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("server", Id),
    Col("team", Id),  # of the server
    Col("owner", Id),
    Col("owner_team", Id),
    Col("arrived_at", Instant, nullable=False),
    Col("completed_at", Instant),
    Col("ended_at", Instant),
    Col("claim", Id),
    Col("recognise_by", Instant, index=True),  # posted to reps until then (CUS-13)
    Col("detail", Json, nullable=False),  # what else the domain's reception knows
    Col("version", sa.Integer, nullable=False),
    sa.Index("ix_reception_site", "site", "day"),
    sa.Index("ix_reception_program", "program", "arrived_at"),
    sa.Index("ix_reception_server", "server"),
)
#: One-time codes by which an arrival is known as that of a claim's customer (到访确认, LEAD-10): gone once used.
arrival_code = sa.Table(
    "arrival_code",
    metadata,
    Col("claim", Id, sa.ForeignKey("claim.id"), primary_key=True),
    Col("digest", sa.String(32), nullable=False),
    Col("until", Instant, nullable=False, index=True),
)
#: What was noticed of a visitor (CUS-10): sealed with the customer's key, deleted at ``until``.
feature = sa.Table(
    "feature",
    metadata,
    Col("id", Id, primary_key=True),
    Col("reception", Id, sa.ForeignKey("reception.id"), nullable=False, index=True),
    Col("customer", Id, nullable=False, index=True),
    Col("field", sa.String(200)),
    Col("sealed", Sealed, nullable=False),
    Col("until", Instant, index=True),
)
#: A word of a feature, blinded with its program and field.
feature_word = sa.Table(
    "feature_word",
    metadata,
    Col("digest", sa.String(32), primary_key=True),
    Col("feature", Id, sa.ForeignKey("feature.id", ondelete="CASCADE"), primary_key=True, index=True),
)

#: Whom a case concerns, so that their list and their right to see it are one look-up.
dispute_party = sa.Table(
    "dispute_party",
    metadata,
    Col("dispute", Id, sa.ForeignKey("dispute.id"), primary_key=True),
    Col("person", Id, primary_key=True, index=True),
    Col("claim", Id),
)

#: A team discussion (DSP-07).
discussion = sa.Table(
    "discussion",
    metadata,
    Col("id", Id, primary_key=True),
    Col("matter", Id, sa.ForeignKey("matter.id"), nullable=False, index=True),
    Col("claim", Id, sa.ForeignKey("claim.id"), nullable=False),
    Col("program", Id, nullable=False),
    Col("customer", Id, nullable=False),
    Col("project", Id),
    Col("track", sa.String(10), nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("opened_by", Id, nullable=False),
    Col("opened_at", Instant, nullable=False),
    Col("ended_at", Instant),
    Col("policy", Id, nullable=False),
    Col("company_policy", Id, nullable=False),
    Col("policy_version", sa.Integer, nullable=False),
    Col("calendar_version", sa.Integer, nullable=False),
    Col("detail", Json, nullable=False),  # members, proposals, votes, decision of the domain's discussion
    Col("version", sa.Integer, nullable=False),
    sa.Index("ix_discussion_opened_at_id", "opened_at", "id"),
)

#: Who reads a discussion: by name, and by whose the ``claim`` is that makes a party of them.
discussion_member = sa.Table(
    "discussion_member",
    metadata,
    Col("discussion", Id, sa.ForeignKey("discussion.id"), primary_key=True),
    Col("person", Id, primary_key=True, index=True),
    Col("claim", Id, index=True),
)

#: Customers that a company had before it went live with a program (期初导入, INT-10).
opening_load = sa.Table(
    "opening_load",
    metadata,
    Col("program", Id, sa.ForeignKey("program.id"), primary_key=True),
    Col("opened_by", Id, nullable=False),
    Col("opened_at", Instant, nullable=False),
    Col("go_live_at", Instant, nullable=False),
)

#: Whether two records, ``one`` the lower id, are one customer; ``dispute`` is the proof (CUS-13).
identity_answer = sa.Table(
    "identity_answer",
    metadata,
    Col("one", Id, primary_key=True),
    Col("other", Id, primary_key=True),
    Col("same", sa.Boolean, nullable=False),
    Col("dispute", Id, sa.ForeignKey("dispute.id"), nullable=False),
    Col("at", Instant, nullable=False),
)

#: Entered once and never changed; a correction is a new item (DSP-09).
evidence = sa.Table(
    "evidence",
    metadata,
    Col("id", Id, primary_key=True),
    Col("dispute", Id, sa.ForeignKey("dispute.id"), nullable=False, index=True),
    Col("kind", sa.String(20), nullable=False),
    Col("at", Instant, nullable=False),
    Col("received_at", Instant, nullable=False),
    Col("author", Id),
    Col("about", Id),
    Col("origin", sa.String(12), nullable=False),
    Col("consent", sa.Boolean),
    Col("text", Id),
    Col("file", Id),
    Col("digest", sa.String(64), nullable=False),
    Col("corrects", Id),
)

#: Final rulings without anybody's name (DSP-18). ``id`` tells nothing of its ruling, ``place`` orders them undated.
precedent = sa.Table(
    "precedent",
    metadata,
    Col("id", Id, primary_key=True),
    Col("place", sa.BigInteger, nullable=False),
    Col("dispute", Id, sa.ForeignKey("dispute.id"), nullable=False),
    Col("program", Id, nullable=False),
    Col("track", sa.String(10), nullable=False),
    Col("grounds", sa.String(20), nullable=False),
    Col("tier", sa.Integer, nullable=False),
    Col("outcome", sa.String(10), nullable=False),
    Col("rules", sa.String(400), nullable=False),  # the ownership rules that spoke, each between commas
    Col("overturned", sa.Boolean, nullable=False),
    Col("at", Instant, nullable=False),
    Col("policy_version", sa.Integer, nullable=False),
    sa.Index("ix_precedent_program", "program", "place", "id"),
)

#: What was said in a case (DSP-06). ``side``: the party whose private line it is, None for what the arbitrator says.
case_message = sa.Table(
    "case_message",
    metadata,
    Col("id", Id, primary_key=True),
    Col("dispute", Id, sa.ForeignKey("dispute.id"), nullable=False),
    Col("line", sa.String(10), nullable=False),
    Col("side", Id),
    Col("author", Id, nullable=False),
    Col("at", Instant, nullable=False),
    Col("text", Id),
    Col("released", sa.Boolean, nullable=False),
    sa.Index("ix_case_message_dispute", "dispute", "at", "id"),
)

#: Who else reads a claim (CLM-29): their rights stand in its ``detail``, this finds their claims.
collaborator = sa.Table(
    "collaborator",
    metadata,
    Col("person", Id, primary_key=True),
    Col("claim", Id, sa.ForeignKey("claim.id"), primary_key=True, index=True),
)

#: Two people who met on one customer, ``one`` < ``other``, from ``at`` to the end of a window (DSP-19).
conflict = sa.Table(
    "conflict",
    metadata,
    Col("id", Id, primary_key=True),
    Col("kind", sa.String(12), nullable=False),
    Col("at", Instant, nullable=False),
    Col("last_at", Instant, nullable=False),
    Col("times", sa.Integer, nullable=False),
    Col("matter", Id, sa.ForeignKey("matter.id"), nullable=False),
    Col("program", Id, nullable=False),
    Col("customer", Id, nullable=False),
    Col("project", Id),
    Col("track", sa.String(10), nullable=False),
    Col("claim", Id, nullable=False),
    Col("one", Id, nullable=False),
    Col("other", Id, nullable=False),
    Col("one_team", Id, nullable=False),
    Col("other_team", Id, nullable=False),
    sa.Index("ix_conflict_pair", "matter", "one", "other", "at"),
    sa.Index("ix_conflict_at_id", "at", "id"),
    sa.Index("ix_conflict_program", "program", "at", "id"),
)

# --- money -------------------------------------------------------------------------------------------------------

#: A version of a commission plan (COM-02); never edited. ``program`` is null for the company's own.
plan = sa.Table(
    "plan",
    metadata,
    Col("id", Id, primary_key=True),
    Col("program", Id, sa.ForeignKey("program.id"), index=True),
    Col("version", sa.Integer, nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("effective_from", sa.Date, nullable=False),
    Col("rates", Json, nullable=False),
    Col("author", Id, nullable=False),
    Col("reviewed_by", Id),
    Col("approved_by", Id),
    Col("approved_at", Instant),
    Col("not_before", Instant),  # approved by its author in a small team: announced first (POL-09)
    Col("created_at", Instant, nullable=False),
    _rev(),
    sa.UniqueConstraint("program", "version"),
)

#: Versions of a program's division (TER-02, TER-03). ``territories`` is what was drafted, and never changes; which
#: version is in force at an instant is told by ``effective_at`` and ``ended_at``.
territory_plan = sa.Table(
    "territory_plan",
    metadata,
    Col("id", Id, primary_key=True),
    Col("program", Id, sa.ForeignKey("program.id"), nullable=False),
    Col("version", sa.Integer, nullable=False),
    Col("territories", Json, nullable=False),
    Col("waived", Json, nullable=False),  # overlaps that were left in: between whom, by whom, and the text why
    Col("author", Id, nullable=False),
    Col("reason", Sealed),
    Col("activated_by", Id),
    Col("effective_at", Instant),
    Col("ended_at", Instant),
    Col("review_by", Instant),  # of the one in force, or to be: until when it is reviewed (TER-04)
    Col("created_at", Instant, nullable=False),
    _rev(),
    sa.UniqueConstraint("program", "version"),
    sa.Index("ix_territory_plan_created_at_id", "created_at", "id"),
)

#: What the holders of a role are there for, in both languages; published once, never edited (PPL-03).
duty = sa.Table(
    "duty",
    metadata,
    Col("id", Id, primary_key=True),
    Col("role", sa.String(20), nullable=False),
    Col("version", sa.Integer, nullable=False),
    Col("text", Json, nullable=False),
    Col("author", Id, nullable=False),
    Col("published_at", Instant, nullable=False),
    sa.UniqueConstraint("role", "version"),
    sa.Index("ix_duty_published_at_id", "published_at", "id"),
)

#: Who has read a duty statement, or a version of a policy, that concerns them (PPL-03).
acknowledgement = sa.Table(
    "acknowledgement",
    metadata,
    Col("subject", Id, primary_key=True),
    Col("person", Id, primary_key=True),
    Col("at", Instant, nullable=False),
)

#: What somebody thinks of one of those; kept for its next review (PPL-03, POL-06).
rule_comment = sa.Table(
    "rule_comment",
    metadata,
    Col("id", Id, primary_key=True),
    Col("subject", Id, nullable=False),
    Col("person", Id, nullable=False),
    Col("text", Id, nullable=False),
    Col("at", Instant, nullable=False),
    sa.Index("ix_rule_comment_subject", "subject", "at", "id"),
)

#: Lists of claims that are to follow a division, each to somebody, once a second person approves (TER-03). ``claims``:
#: ``[{claim, owner, to, text, command, code, refused}]``; ``text`` is why the list was made, ``refused`` why it was
#: refused, ``command`` and ``code`` are since the approval. ``ended``: ``refused`` or ``withdrawn``.
territory_transfer = sa.Table(
    "territory_transfer",
    metadata,
    Col("id", Id, primary_key=True),
    Col("plan", Id, sa.ForeignKey("territory_plan.id"), nullable=False),
    Col("claims", Json, nullable=False),
    Col("by", Id, nullable=False),
    Col("created_at", Instant, nullable=False),
    Col("approved_by", Id),
    Col("approved_at", Instant),
    Col("ended", sa.String(10)),
    Col("ended_by", Id),
    Col("ended_at", Instant),
    sa.Index("ix_territory_transfer_plan_created_at_id", "plan", "created_at", "id"),
)

#: What happened, once (COM-06): ``key`` names the cause, ``digest`` covers the content, ``lines`` counts the postings.
#: Neither entries nor postings are ever changed, and the database refuses those that do not balance
#: (:mod:`storage.migrations.guards`).
ledger_entry = sa.Table(
    "ledger_entry",
    metadata,
    Col("id", Id, primary_key=True),
    Col("key", sa.String(200), nullable=False, unique=True),
    Col("kind", sa.String(20), nullable=False),
    Col("at", Instant, nullable=False),
    Col("deal", Id, sa.ForeignKey("deal.id"), nullable=False),
    Col("dispute", Id),
    Col("ruling", Id),
    Col("plan_version", sa.Integer),
    Col("rate_rule", sa.String(20)),
    Col("share_bps", sa.Integer),
    Col("stage", sa.String(20)),
    Col("reverses", sa.String(200)),
    Col("reason", sa.String(60)),
    Col("lines", sa.Integer, nullable=False),
    Col("digest", sa.String(64), nullable=False),
    sa.Index("ix_ledger_entry_at_id", "at", "id"),
    sa.Index("ix_ledger_entry_deal", "deal", "at", "id"),
)

#: Postings of an entry sum to zero per currency. ``holder`` is the payee, null for the company's own account; it and
#: ``deal`` and ``at`` stand here too, so that somebody's statement is one range of an index.
ledger_posting = sa.Table(
    "ledger_posting",
    metadata,
    Col(
        "entry",
        Id,
        sa.ForeignKey("ledger_entry.id", deferrable=True, initially="DEFERRED"),
        primary_key=True,
    ),
    Col("line", sa.Integer, primary_key=True),
    Col("account", sa.String(70), nullable=False),
    Col("holder", Id),
    Col("deal", Id, nullable=False),
    Col("currency", sa.String(3), nullable=False),
    Col("amount_minor", sa.BigInteger, nullable=False),
    Col("share_bps", sa.Integer),
    Col("at", Instant, nullable=False),
    sa.Index("ix_ledger_posting_holder", "holder", "at", "entry"),
)

#: What the postings come to, by account and deal: kept in the transaction that posts, compared with a recomputation
#: by ``fairclaim verify``.
ledger_balance = sa.Table(
    "ledger_balance",
    metadata,
    Col("account", sa.String(70), primary_key=True),
    Col("deal", Id, primary_key=True, index=True),
    Col("currency", sa.String(3), primary_key=True),
    Col("holder", Id, index=True),
    Col("amount_minor", sa.BigInteger, nullable=False),
)

#: What deals count for, by cause and person, in the month it counts in (COM-13). Never changed either.
performance_line = sa.Table(
    "performance_line",
    metadata,
    Col("key", sa.String(200), primary_key=True),
    Col("person", Id, primary_key=True),
    Col("team", Id, nullable=False),
    Col("deal", Id, sa.ForeignKey("deal.id"), nullable=False, index=True),
    Col("program", Id, nullable=False),
    Col("month", sa.String(7), nullable=False),
    Col("event_at", Instant, nullable=False),
    Col("at", Instant, nullable=False),
    Col("currency", sa.String(3), nullable=False),
    Col("amount_minor", sa.BigInteger, nullable=False),
    Col("share_bps", sa.Integer, nullable=False),
    Col("corrects", sa.String(200)),
    sa.Index("ix_performance_line_at", "at", "key", "person"),
    sa.Index("ix_performance_line_month", "month", "at", "key", "person"),
    sa.Index("ix_performance_line_person", "person", "at", "key"),
)

#: Who credited whom for help with a deal (COM-05). ``one`` and ``other`` are the two in order, whoever credited whom.
assist = sa.Table(
    "assist",
    metadata,
    Col("id", Id, primary_key=True),
    Col("deal", Id, sa.ForeignKey("deal.id"), nullable=False, index=True),
    Col("program", Id, nullable=False),
    Col("by", Id, nullable=False),
    Col("person", Id, nullable=False),
    Col("one", Id, nullable=False),
    Col("other", Id, nullable=False),
    Col("at", Instant, nullable=False),
    sa.Index("ix_assist_program", "program", "at"),
    sa.Index("ix_assist_pair", "program", "one", "other", "at"),
)

#: What the rules would have done in a trial (POL-08). ``otherwise``: whether people acted otherwise, as it stood when
#: the program went live; null until then, and for what was noted after that.
would_have = sa.Table(
    "would_have",
    metadata,
    Col("id", Id, primary_key=True),
    Col("program", Id, nullable=False),
    Col("kind", sa.String(10), nullable=False),
    Col("at", Instant, nullable=False),
    Col("claim", Id, sa.ForeignKey("claim.id"), nullable=False),
    Col("team", Id, nullable=False),
    Col("person", Id),
    Col("code", sa.String(40)),
    Col("rule", sa.String(40)),
    Col("policy_version", sa.Integer),
    Col("facts", Json, nullable=False),
    Col("otherwise", sa.Boolean),
    sa.Index("ix_would_have_program_at", "program", "at", "id"),
    sa.Index("ix_would_have_claim", "claim"),
)

#: A payout run (COM-12): prepared and approved by two people, then locked.
payout = sa.Table(
    "payout",
    metadata,
    Col("id", Id, primary_key=True),
    Col("period", sa.String(7), nullable=False),
    Col("currency", sa.String(3), nullable=False),
    Col("state", sa.String(10), nullable=False),
    Col("prepared_by", Id, nullable=False),
    Col("approved_by", Id),
    Col("paid_by", Id),
    Col("created_at", Instant, nullable=False),
    Col("approved_at", Instant),
    Col("paid_at", Instant),
    sa.Index("ix_payout_created_at_id", "created_at", "id"),
)

#: What a run pays to one payee of one deal; below zero: what it sets off (COM-10). ``dropped`` says why it does not.
payout_line = sa.Table(
    "payout_line",
    metadata,
    Col("id", Id, primary_key=True),
    Col("payout", Id, sa.ForeignKey("payout.id"), nullable=False, index=True),
    Col("kind", sa.String(10), nullable=False),
    Col("payee", sa.String(60), nullable=False),
    Col("holder", Id, nullable=False),
    Col("deal", Id, sa.ForeignKey("deal.id"), nullable=False, index=True),
    Col("amount_minor", sa.BigInteger, nullable=False),
    Col("dropped", sa.String(20)),
    Col("command", Id),  # which posts it
)

# --- commands, streams, bells ------------------------------------------------------------------------------------

command = sa.Table(
    "command",
    metadata,
    Col("id", Id, primary_key=True),
    Col("kind", sa.String(20), nullable=False),
    Col("matter", Id, sa.ForeignKey("matter.id"), nullable=False),
    Col("stream", Id, nullable=False),
    Col("claim", Id, nullable=False),
    Col("actor", Id),
    Col("target_type", sa.String(20), nullable=False),
    Col("target", Id, nullable=False),
    Col("received_at", Instant, nullable=False),
    Col("decided_at", Instant),
    Col("data", Json, nullable=False),  # ids, codes, numbers, instants
    Col("problem", Json),
    Col("tries", sa.Integer, nullable=False),
    sa.Index(
        "ix_command_undecided",
        "matter",
        "received_at",
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    ),
    sa.Index(
        "ix_command_waiting",
        "received_at",
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    ),
)

#: Stored answers are sealed: they may hold names (contract section 1, Idempotency).
idempotency = sa.Table(
    "idempotency",
    metadata,
    Col("person", Id, primary_key=True),
    Col("key", sa.String(128), primary_key=True),
    Col("fingerprint", sa.LargeBinary, nullable=False),
    Col("command", Id),
    Col("status", sa.Integer),
    Col("answer", Sealed),
    Col("created_at", Instant, nullable=False, index=True),
)

#: One per durable workflow. ``next_instant`` is what its workflow has armed.
stream = sa.Table(
    "stream",
    metadata,
    Col("id", Id, primary_key=True),
    Col("kind", sa.String(10), nullable=False),
    Col("matter", Id, sa.ForeignKey("matter.id"), nullable=False, index=True),
    Col("open", sa.Boolean, nullable=False),
    Col("next_instant", Instant),
    Col("epoch", sa.Integer, nullable=False, server_default="0"),  # the epoch its present run belongs to
    sa.Index(
        "ix_stream_next_instant",
        "next_instant",
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    ),
)

bell = sa.Table(
    "bell",
    metadata,
    Col("id", Id, primary_key=True),
    Col("stream", Id, nullable=False, index=True),
    Col("kind", sa.String(10), nullable=False),
    Col("not_before", Instant, nullable=False, index=True),
    Col("tries", sa.Integer, nullable=False),
)

#: Items that failed again and again (design section 2, "Poison"). ``parked_at`` is set when they were given up.
poison = sa.Table(
    "poison",
    metadata,
    Col("matter", Id, primary_key=True),
    Col("item", sa.String(160), primary_key=True),
    Col("tries", sa.Integer, nullable=False),
    Col("error_id", Id, nullable=False),
    Col("parked_at", Instant),
)

# --- notices -----------------------------------------------------------------------------------------------------

notice = sa.Table(
    "notice",
    metadata,
    Col("id", Id, primary_key=True),
    Col("person", Id, nullable=False),
    Col("kind", sa.String(40), nullable=False),
    Col("urgency", sa.String(10), nullable=False),
    Col("at", Instant, nullable=False),
    Col("subject_type", sa.String(20), nullable=False),
    Col("subject", Id, nullable=False),
    Col("rule", sa.String(10)),
    Col("policy_version", sa.Integer),
    Col("facts", Json, nullable=False),
    Col("read_at", Instant),
    sa.Index("ix_notice_person", "person", "at", "id"),
)

#: Deliveries to outside channels, and planned reminders (CLM-18): ``due_at``, and the deadline they belong to.
outbox = sa.Table(
    "outbox",
    metadata,
    Col("id", Id, primary_key=True),
    Col("channel", sa.String(10), nullable=False),
    Col("notice", Id),  # or a confirmation, which goes to a customer
    Col("confirmation", Id),
    Col("due_at", Instant, nullable=False),
    Col("tries", sa.Integer, nullable=False),
    Col("sent_at", Instant, index=True),
    Col("dead_at", Instant),
    Col("error", sa.String(60)),
    sa.Index(
        "ix_outbox_due",
        "due_at",
        sqlite_where=sa.text("sent_at IS NULL AND dead_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND dead_at IS NULL"),
    ),
)

reminder = sa.Table(
    "reminder",
    metadata,
    Col("id", Id, primary_key=True),
    Col("claim", Id, nullable=False),
    Col("clock", sa.String(20), nullable=False),
    Col("deadline", Instant, nullable=False),
    Col("due_at", Instant, nullable=False),
    Col("last", sa.Boolean, nullable=False),
    Col("sent_at", Instant),
    sa.UniqueConstraint("claim", "clock", "deadline", "due_at"),
    sa.Index(
        "ix_reminder_due",
        "due_at",
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    ),
)

# --- audit -------------------------------------------------------------------------------------------------------

event = sa.Table(
    "event",
    metadata,
    Col("stream", Id, primary_key=True),
    Col("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    Col("stream_kind", sa.String(12), nullable=False),
    Col("kind", sa.String(40), nullable=False),
    Col("at", Instant, nullable=False),
    Col("actor", Id),
    Col("reason", sa.String(60)),
    Col("policy_version", sa.Integer),
    Col("before", sa.String(12)),
    Col("after", sa.String(12)),
    Col("data", Json, nullable=False),
    Col("prev_hash", sa.LargeBinary, nullable=False),
    Col("hash", sa.LargeBinary, nullable=False),
    # In which order transactions wrote; outside the hash. Checkpoints read by it what is new, `at` would not tell.
    Col("written", sa.BigInteger, nullable=False, default=write_order(), index=True),
    sa.Index("ix_event_at", "at", "stream", "seq"),
    sa.Index("ix_event_actor", "actor", "at"),
)

#: The last entry of each stream; its row is locked last in every transaction.
stream_head = sa.Table(
    "stream_head",
    metadata,
    Col("stream", Id, primary_key=True),
    Col("kind", sa.String(12), nullable=False),
    Col("seq", sa.BigInteger, nullable=False),
    Col("hash", sa.LargeBinary, nullable=False),
    Col("changed_at", Instant, nullable=False),
)

#: Which checkpoint files there are, so that a lost newest one is missed (AUD-02). What counts is in the files.
checkpoint = sa.Table(
    "checkpoint",
    metadata,
    Col("number", sa.BigInteger, primary_key=True, autoincrement=False),
    Col("id", Id, nullable=False),
    Col("at", Instant, nullable=False),
)

#: 403, 409 and 429, outside the chain (AUD-01).
refusal = sa.Table(
    "refusal",
    metadata,
    Col("id", Id, primary_key=True),
    Col("at", Instant, nullable=False, index=True),
    Col("person", Id),
    Col("code", sa.String(40), nullable=False),
    Col("rule", sa.String(10)),
    Col("operation", sa.String(80), nullable=False),
    Col("request_id", Id, nullable=False),
)

#: Acts that are counted per hour or day: look-ups (CUS-08), reveals (AUD-03), reads (AUD-04).
#: Every blind check that was answered (CUS-08). ``number`` and ``blocks`` are keyed digests, gone after a while.
blind_check = sa.Table(
    "blind_check",
    metadata,
    Col("id", Id, primary_key=True),
    Col("person", Id, nullable=False),
    Col("at", Instant, nullable=False),
    Col("program", Id, nullable=False),
    Col("track", sa.String(10), nullable=False),
    Col("answer", sa.String(10), nullable=False),
    Col("number", sa.String(24)),
    Col("blocks", Json, nullable=False),
    sa.Index("ix_blind_check_person", "person", "at", "id"),
    sa.Index("ix_blind_check_program", "program", "at", "id"),
    sa.Index("ix_blind_check_at", "at", "id"),
)

usage = sa.Table(
    "usage",
    metadata,
    Col("person", Id, primary_key=True),
    Col("kind", sa.String(10), primary_key=True),
    Col("bucket", sa.String(40), primary_key=True, index=True),  # 2026-11-22 or 2026-11-22T14, or a day and a digest
    Col("count", sa.Integer, nullable=False),
)
