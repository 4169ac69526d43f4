"""trial run

Revision: trial_run
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "trial_run"
down_revision = "stages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("migration", sa.Column("goes_live", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "would_have",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", storage.types.Instant, nullable=False),
        sa.Column("claim", storage.types.Id, nullable=False),
        sa.Column("team", storage.types.Id, nullable=False),
        sa.Column("person", storage.types.Id, nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("rule", sa.String(length=40), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("facts", storage.types.Json, nullable=False),
        sa.Column("otherwise", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_would_have_claim"),
        sa.PrimaryKeyConstraint("id", name="pk_would_have"),
    )
    op.create_index("ix_would_have_program_at", "would_have", ["program", "at", "id"])
    op.create_index("ix_would_have_claim", "would_have", ["claim"])
