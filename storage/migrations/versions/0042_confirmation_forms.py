"""a customer may confirm on paper

Revision: confirmation_forms
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "confirmation_forms"
down_revision = "lead_stand_ins"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("confirmation", sa.Column("form", storage.types.Id, nullable=True))
