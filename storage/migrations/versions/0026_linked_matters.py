"""Matters whose customers are relatives: who waits in one is told when the other is let go.

Revision: linked_matters
"""

import sqlalchemy as sa
from alembic import op

revision = "linked_matters"
down_revision = "features"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("number_rival", sa.Column("linked", sa.Boolean(), server_default=sa.false(), nullable=False))
