"""Whether two records are one customer is remembered, and a case about two is found by either.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: that would make the table anew, and rows of others refer to its rows.
    op.add_column("dispute", sa.Column("other_customer", storage.types.Id, nullable=True))
    op.create_index("ix_dispute_other_customer", "dispute", ["other_customer"])
    op.create_table(
        "identity_answer",
        sa.Column("one", storage.types.Id, nullable=False),
        sa.Column("other", storage.types.Id, nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("dispute", storage.types.Id, nullable=False),
        sa.Column("at", storage.types.Instant, nullable=False),
        sa.ForeignKeyConstraint(["dispute"], ["dispute.id"], name="fk_identity_answer_dispute_dispute"),
        sa.PrimaryKeyConstraint("one", "other", name="pk_identity_answer"),
    )
    _fill()


def _fill() -> None:
    """Cases that were decided before the answers were kept."""
    bind = op.get_bind()
    dispute = sa.table(
        "dispute",
        sa.column("id", storage.types.Id),
        sa.column("customer", storage.types.Id),
        sa.column("other_customer", storage.types.Id),
        sa.column("grounds", sa.String),
        sa.column("state", sa.String),
        sa.column("ended_at", storage.types.Instant),
        sa.column("detail", storage.types.Json),
    )
    answer = sa.table(
        "identity_answer",
        sa.column("one", storage.types.Id),
        sa.column("other", storage.types.Id),
        sa.column("same", sa.Boolean),
        sa.column("dispute", storage.types.Id),
        sa.column("at", storage.types.Instant),
    )
    cases = bind.execute(sa.select(dispute).where(dispute.c.grounds == "identity").order_by(dispute.c.ended_at))
    latest = {}
    for case in cases.mappings().all():
        other = case["detail"].get("other_customer")
        bind.execute(dispute.update().where(dispute.c.id == case["id"]).values(other_customer=other))
        outcome = case["detail"].get("outcome") or {}
        if other is None or case["state"] not in ("final", "settled") or outcome.get("same") is None:
            continue
        one, two = sorted((case["customer"], other))
        latest[one, two] = {
            "one": one,
            "other": two,
            "same": outcome["same"],
            "dispute": case["id"],
            "at": case["ended_at"],
        }
    if latest:
        bind.execute(answer.insert(), list(latest.values()))
