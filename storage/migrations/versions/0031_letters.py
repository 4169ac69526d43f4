"""Authorisation letters of projects (CLM-33).

Revision: letters
"""

import sqlalchemy as sa
from alembic import op

import storage.types
from storage.migrations import guards

revision = "letters"
down_revision = "duties"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("claim", storage.types.Id, nullable=False),
        sa.Column("issued_by", storage.types.Id, nullable=False),
        sa.Column("issued_at", storage.types.Instant(), nullable=False),
        sa.Column("expires_at", storage.types.Instant(), nullable=False),
        sa.Column("voided_at", storage.types.Instant(), nullable=True),
        sa.Column("override", storage.types.Id, nullable=True),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name=op.f("fk_letter_claim")),
        sa.ForeignKeyConstraint(["override"], ["special_approval.id"], name=op.f("fk_letter_override")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("number", name=op.f("uq_letter_number")),
    )
    op.create_index("ix_letter_claim", "letter", ["claim"])
    op.create_index("ix_letter_issued_at_id", "letter", ["issued_at", "id"])
    guards.install_letters(op)
