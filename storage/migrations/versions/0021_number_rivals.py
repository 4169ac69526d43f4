"""Matters that may be one customer's, as a number of either is masked.

Records of before are not in the index of visible digits, which takes the key ring that a migration has not: they have
no rivals until their number or name is entered again, and are compared from then on.

Revision: number_rivals
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "number_rivals"
down_revision = "trial_run"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("matter", sa.Column("rivalled", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "number_rival",
        sa.Column("one", storage.types.Id, nullable=False),
        sa.Column("other", storage.types.Id, nullable=False),
        sa.Column("since", storage.types.Instant, nullable=True),
        sa.Column("apart", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["one"], ["matter.id"], name="fk_number_rival_one"),
        sa.ForeignKeyConstraint(["other"], ["matter.id"], name="fk_number_rival_other"),
        sa.PrimaryKeyConstraint("one", "other", name="pk_number_rival"),
    )
    op.create_index("ix_number_rival_other", "number_rival", ["other"])
