"""a claim says whether it is at the proposal or later, and whether a reception made it

What came before counts as it did until its stage is moved.

Revision: what_claims_weigh
"""

import sqlalchemy as sa
from alembic import op

revision = "what_claims_weigh"
down_revision = "record_duties"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("proposed", "by_reception"):
        op.add_column("claim", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false()))
