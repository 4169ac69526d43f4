"""territory transfers

Revision: territory_transfers
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "territory_transfers"
down_revision = "unrecognised"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "territory_transfer",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("plan", storage.types.Id, nullable=False),
        sa.Column("claims", storage.types.Json, nullable=False),
        sa.Column("by", storage.types.Id, nullable=False),
        sa.Column("reason", storage.types.Sealed, nullable=False),
        sa.Column("created_at", storage.types.Instant, nullable=False),
        sa.Column("approved_by", storage.types.Id, nullable=True),
        sa.Column("approved_at", storage.types.Instant, nullable=True),
        sa.ForeignKeyConstraint(["plan"], ["territory_plan.id"], name=op.f("fk_territory_transfer_plan_territory_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory_transfer")),
    )
    with op.batch_alter_table("territory_transfer", schema=None) as batch_op:
        batch_op.create_index("ix_territory_transfer_plan_created_at_id", ["plan", "created_at", "id"], unique=False)
