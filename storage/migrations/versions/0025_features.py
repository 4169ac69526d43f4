"""features of visitors

Revision: features
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "features"
down_revision = "customer_links"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feature",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("reception", storage.types.Id, nullable=False),
        sa.Column("customer", storage.types.Id, nullable=False),
        sa.Column("field", sa.String(length=200), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("until", storage.types.Instant, nullable=True),
        sa.ForeignKeyConstraint(["reception"], ["reception.id"], name="fk_feature_reception"),
        sa.PrimaryKeyConstraint("id", name="pk_feature"),
    )
    op.create_index("ix_feature_reception", "feature", ["reception"])
    op.create_index("ix_feature_customer", "feature", ["customer"])
    op.create_index("ix_feature_until", "feature", ["until"])
    op.create_table(
        "feature_word",
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("feature", storage.types.Id, nullable=False),
        sa.ForeignKeyConstraint(["feature"], ["feature.id"], name="fk_feature_word_feature", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", "feature", name="pk_feature_word"),
    )
    op.create_index("ix_feature_word_feature", "feature_word", ["feature"])
    _drop_open_features()


def _drop_open_features() -> None:
    """Features were kept open, where no erasure reached them (AUD-05); a migration has no key to seal them with."""
    reception = sa.table("reception", sa.column("id", storage.types.Id), sa.column("detail", storage.types.Json))
    connection = op.get_bind()
    for row in connection.execute(sa.select(reception)).all():
        if "features" in row.detail:
            kept = {name: value for name, value in row.detail.items() if name != "features"}
            connection.execute(reception.update().where(reception.c.id == row.id).values(detail=kept))
