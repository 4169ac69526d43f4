"""what a follow-up was to record and did not

Revision: record_duties
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "record_duties"
down_revision = "award_dates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("follow_up", sa.Column("unrecorded", storage.types.Json, nullable=True))
