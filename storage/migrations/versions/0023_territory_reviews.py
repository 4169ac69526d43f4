"""territory reviews

Revision: territory_reviews
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "territory_reviews"
down_revision = "dossiers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("territory_plan", sa.Column("review_by", storage.types.Instant, nullable=True))
