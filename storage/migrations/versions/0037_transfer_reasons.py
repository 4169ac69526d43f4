"""why a transfer list was made is told by its rows alone

Revision: transfer_reasons
"""

from alembic import op

revision = "transfer_reasons"
down_revision = "link_ends"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("territory_transfer", "reason")
