"""a customer keeps the level that its class brings, for rules that go by a level

The first rounds of the house count it for those who are known.

Revision: class_levels
"""

import sqlalchemy as sa
from alembic import op

revision = "class_levels"
down_revision = "what_claims_weigh"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer", sa.Column("class_level", sa.String(3)))
