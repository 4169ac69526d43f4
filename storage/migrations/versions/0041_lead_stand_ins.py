"""a lead may be looked after by a stand-in for whom it is meant

Revision: lead_stand_ins
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "lead_stand_ins"
down_revision = "level_reasons"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lead_offer", sa.Column("stands_for", storage.types.Id))
    op.create_index("ix_lead_offer_stands_for", "lead_offer", ["stands_for"])
