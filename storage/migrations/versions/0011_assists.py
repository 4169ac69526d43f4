"""Who credited whom for help with a deal (COM-05).

Revision: assists
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "assists"
down_revision = "blind_checks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assist",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("deal", storage.types.Id, nullable=False),
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("by", storage.types.Id, nullable=False),
        sa.Column("person", storage.types.Id, nullable=False),
        sa.Column("one", storage.types.Id, nullable=False),
        sa.Column("other", storage.types.Id, nullable=False),
        sa.Column("at", storage.types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["deal"], ["deal.id"], name=op.f("fk_assist_deal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assist")),
    )
    op.create_index("ix_assist_deal", "assist", ["deal"])
    op.create_index("ix_assist_program", "assist", ["program", "at"])
    op.create_index("ix_assist_pair", "assist", ["program", "one", "other", "at"])
