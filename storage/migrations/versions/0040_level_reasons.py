"""why people gave a customer its level

Revision: level_reasons
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "level_reasons"
down_revision = "subscribers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer", sa.Column("level_reason", storage.types.Id))
