"""deal buyers

Revision: deal_buyers
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "deal_buyers"
down_revision = "confirmations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deal_buyer",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("deal", storage.types.Id, nullable=False),
        sa.Column("customer", storage.types.Id, nullable=False),
        sa.Column("record", storage.types.Id, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("entered_at", storage.types.Instant, nullable=False),
        sa.Column("entered_by", storage.types.Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deal_buyer"),
    )
    op.create_index("ix_deal_buyer_deal", "deal_buyer", ["deal"])
    op.create_index("ix_deal_buyer_customer", "deal_buyer", ["customer"])
    op.create_index("ix_deal_buyer_record", "deal_buyer", ["record"])
