"""when a tendered project was awarded

Revision: award_dates
"""

import sqlalchemy as sa
from alembic import op

revision = "award_dates"
down_revision = "confirmation_forms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("project", sa.Column("award_date", sa.Date, nullable=True))
