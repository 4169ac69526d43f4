"""why a link of customers ended

Revision: link_ends
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "link_ends"
down_revision = "arrival_codes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer_link", sa.Column("ended_reason", storage.types.Id, nullable=True))
