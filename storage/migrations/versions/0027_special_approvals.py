"""What somebody in charge let happen once, though a rule refuses it (CLM-34).

Revision: special_approvals
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "special_approvals"
down_revision = "linked_matters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "special_approval",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("claim", storage.types.Id, nullable=False),
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("by", storage.types.Id, nullable=False),
        sa.Column("at", storage.types.Instant(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("to", storage.types.Id, nullable=True),
        sa.Column("until", storage.types.Instant(), nullable=True),
        sa.Column("lost_by", storage.types.Id, nullable=True),
        sa.Column("object_by", storage.types.Instant(), nullable=True),
        sa.Column("past_share_bps", sa.Integer(), nullable=True),
        sa.Column("made", storage.types.Id, nullable=True),
        sa.Column("used_at", storage.types.Instant(), nullable=True),
        sa.Column("reason_text", storage.types.Id, nullable=True),
        sa.Column("shares_text", storage.types.Id, nullable=True),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name=op.f("fk_special_approval_claim")),
        sa.ForeignKeyConstraint(["made"], ["claim.id"], name=op.f("fk_special_approval_made")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_approval")),
    )
    op.create_index("ix_special_approval_claim", "special_approval", ["claim"])
    op.create_index("ix_special_approval_made", "special_approval", ["made"])
    op.create_index("ix_special_approval_by", "special_approval", ["by", "month"])
    op.create_index("ix_special_approval_at_id", "special_approval", ["at", "id"])
