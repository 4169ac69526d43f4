"""referrals

Revision: referrals
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "referrals"
down_revision = "territory_transfers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referral_reward",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("lead", storage.types.Id, nullable=False),
        sa.Column("claim", storage.types.Id, nullable=False),
        sa.Column("deal", storage.types.Id, nullable=False),
        sa.Column("customer", storage.types.Id, nullable=False),
        sa.Column("at", storage.types.Instant, nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.id"], name="fk_referral_reward_deal"),
        sa.PrimaryKeyConstraint("id", name="pk_referral_reward"),
        sa.UniqueConstraint("deal", name="uq_referral_reward_deal"),
    )
    op.create_index("ix_referral_reward_program", "referral_reward", ["program"])
    op.create_index("ix_referral_reward_customer", "referral_reward", ["customer"])
