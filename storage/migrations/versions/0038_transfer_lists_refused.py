"""a transfer list may be refused or withdrawn

Revision: transfer_lists_refused
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "transfer_lists_refused"
down_revision = "transfer_reasons"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("territory_transfer", sa.Column("ended", sa.String(length=10), nullable=True))
    op.add_column("territory_transfer", sa.Column("ended_by", storage.types.Id, nullable=True))
    op.add_column("territory_transfer", sa.Column("ended_at", storage.types.Instant, nullable=True))
