"""Blind checks are kept one by one, with keyed digests of what runs of numbers are seen by.

Revision: blind_checks
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "blind_checks"
down_revision = "performance"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blind_check",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("person", storage.types.Id, nullable=False),
        sa.Column("at", storage.types.Instant, nullable=False),
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("track", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=True),
        sa.Column("blocks", storage.types.Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blind_check")),
    )
    op.create_index("ix_blind_check_person", "blind_check", ["person", "at", "id"])
    op.create_index("ix_blind_check_program", "blind_check", ["program", "at", "id"])
    op.create_index("ix_blind_check_at", "blind_check", ["at", "id"])
