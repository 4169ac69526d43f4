"""What deals count for as performance, by month (COM-13).

Revision: performance
"""

import sqlalchemy as sa
from alembic import op

import storage.types
from storage.migrations import guards

revision = "performance"
down_revision = "company_names"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "performance_line",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("person", storage.types.Id, nullable=False),
        sa.Column("team", storage.types.Id, nullable=False),
        sa.Column("deal", storage.types.Id, nullable=False),
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("event_at", storage.types.Instant(), nullable=False),
        sa.Column("at", storage.types.Instant(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("share_bps", sa.Integer(), nullable=False),
        sa.Column("corrects", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["deal"], ["deal.id"], name=op.f("fk_performance_line_deal")),
        sa.PrimaryKeyConstraint("key", "person", name=op.f("pk_performance_line")),
    )
    op.create_index("ix_performance_line_deal", "performance_line", ["deal"])
    op.create_index("ix_performance_line_at", "performance_line", ["at", "key", "person"])
    op.create_index("ix_performance_line_month", "performance_line", ["month", "at", "key", "person"])
    op.create_index("ix_performance_line_person", "performance_line", ["person", "at", "key"])
    guards.install_performance(op)
