"""who subscribes before there is a deal, and who signs no longer

Revision: subscribers
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "subscribers"
down_revision = "transfer_lists_refused"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("deal_buyer", schema=None) as batch_op:
        batch_op.alter_column("deal", existing_type=storage.types.Id, nullable=True)
        batch_op.add_column(sa.Column("claim", storage.types.Id, nullable=True))
        batch_op.add_column(sa.Column("ended_at", storage.types.Instant, nullable=True))
        batch_op.add_column(sa.Column("ended_by", storage.types.Id, nullable=True))
        batch_op.add_column(sa.Column("ended_reason", storage.types.Id, nullable=True))
        batch_op.create_index("ix_deal_buyer_claim", ["claim"], unique=False)
