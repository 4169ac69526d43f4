"""territories

Revision: territories
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "territories"
down_revision = "opening"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer", sa.Column("facets", storage.types.Json, nullable=True))
    op.create_table(
        "territory_plan",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("territories", storage.types.Json, nullable=False),
        sa.Column("waived", storage.types.Json, nullable=False),
        sa.Column("author", storage.types.Id, nullable=False),
        sa.Column("reason", storage.types.Sealed, nullable=True),
        sa.Column("activated_by", storage.types.Id, nullable=True),
        sa.Column("effective_at", storage.types.Instant, nullable=True),
        sa.Column("ended_at", storage.types.Instant, nullable=True),
        sa.Column("created_at", storage.types.Instant, nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name="fk_territory_plan_program"),
        sa.PrimaryKeyConstraint("id", name="pk_territory_plan"),
        sa.UniqueConstraint("program", "version", name="uq_territory_plan_program_version"),
    )
    op.create_index("ix_territory_plan_rev", "territory_plan", ["rev"])
    op.create_index("ix_territory_plan_created_at_id", "territory_plan", ["created_at", "id"])
