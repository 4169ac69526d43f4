"""sales stages

Revision: stages
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "stages"
down_revision = "territories"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stage_move",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("claim", storage.types.Id, nullable=False),
        sa.Column("stage", sa.String(length=200), nullable=False),
        sa.Column("person", storage.types.Id, nullable=False),
        sa.Column("actor", storage.types.Id, nullable=True),
        sa.Column("at", storage.types.Instant, nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_stage_move_claim"),
        sa.PrimaryKeyConstraint("id", name="pk_stage_move"),
    )
    op.create_index("ix_stage_move_claim", "stage_move", ["claim"])
