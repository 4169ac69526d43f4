"""Whether the number of a person still lacks digits. Those reported before are taken as complete.

Revision: masked_numbers
"""

import sqlalchemy as sa
from alembic import op

revision = "masked_numbers"
down_revision = "assists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer", sa.Column("masked", sa.Boolean(), server_default=sa.false(), nullable=False))
