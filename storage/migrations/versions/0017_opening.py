"""The opening load of a program, and the claims that come from one.

Revision: opening
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "opening"
down_revision = "discussions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opening_load",
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("opened_by", storage.types.Id, nullable=False),
        sa.Column("opened_at", storage.types.Instant, nullable=False),
        sa.Column("go_live_at", storage.types.Instant, nullable=False),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name="fk_opening_load_program"),
        sa.PrimaryKeyConstraint("program", name="pk_opening_load"),
    )
    op.add_column("claim", sa.Column("opening", sa.String(length=10), nullable=True))
    op.create_index(
        "ix_claim_opening",
        "claim",
        ["program", "received_at", "id"],
        sqlite_where=sa.text("opening IS NOT NULL"),
        postgresql_where=sa.text("opening IS NOT NULL"),
    )
