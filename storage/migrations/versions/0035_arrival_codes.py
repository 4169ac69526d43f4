"""arrival codes

Revision: arrival_codes
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "arrival_codes"
down_revision = "referrals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrival_code",
        sa.Column("claim", storage.types.Id, nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("until", storage.types.Instant, nullable=False),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_arrival_code_claim"),
        sa.PrimaryKeyConstraint("claim", name="pk_arrival_code"),
    )
    op.create_index("ix_arrival_code_until", "arrival_code", ["until"])
