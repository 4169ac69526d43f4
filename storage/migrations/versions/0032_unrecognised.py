"""unrecognised visitors

Revision: unrecognised
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "unrecognised"
down_revision = "letters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reception", sa.Column("recognise_by", storage.types.Instant, nullable=True))
    op.create_index("ix_reception_recognise_by", "reception", ["recognise_by"])
