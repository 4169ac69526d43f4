"""confirmations

Revision: confirmations
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "confirmations"
down_revision = "special_approvals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "confirmation",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("claim", storage.types.Id, nullable=False),
        sa.Column("customer", storage.types.Id, nullable=False),
        sa.Column("point", sa.String(length=20), nullable=False),
        sa.Column("person", storage.types.Id, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", storage.types.Instant, nullable=False),
        sa.Column("until", storage.types.Instant, nullable=True),
        sa.Column("answer", sa.String(length=3), nullable=True),
        sa.Column("named", storage.types.Id, nullable=True),
        sa.Column("text", storage.types.Id, nullable=True),
        sa.Column("answered_at", storage.types.Instant, nullable=True),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_confirmation_claim"),
        sa.PrimaryKeyConstraint("id", name="pk_confirmation"),
        sa.UniqueConstraint("digest", name="uq_confirmation_digest"),
    )
    op.create_index("ix_confirmation_claim", "confirmation", ["claim"])
    op.create_index("ix_confirmation_customer", "confirmation", ["customer"])
    op.add_column("outbox", sa.Column("confirmation", storage.types.Id, nullable=True))
