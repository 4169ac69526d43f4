"""customer links

Revision: customer_links
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "customer_links"
down_revision = "territory_reviews"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_link",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("one", storage.types.Id, nullable=False),
        sa.Column("other", storage.types.Id, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("proof", sa.String(length=10), nullable=True),
        sa.Column("reason", storage.types.Id, nullable=True),
        sa.Column("asked_by", storage.types.Id, nullable=False),
        sa.Column("asked_at", storage.types.Instant, nullable=False),
        sa.Column("waits_for", storage.types.Id, nullable=True),
        sa.Column("decided_by", storage.types.Id, nullable=True),
        sa.Column("decided_at", storage.types.Instant, nullable=True),
        sa.Column("ended_by", storage.types.Id, nullable=True),
        sa.Column("ended_at", storage.types.Instant, nullable=True),
        sa.ForeignKeyConstraint(["one"], ["customer.id"], name="fk_customer_link_one"),
        sa.ForeignKeyConstraint(["other"], ["customer.id"], name="fk_customer_link_other"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_link"),
    )
    op.create_index("ix_customer_link_one", "customer_link", ["one"])
    op.create_index("ix_customer_link_other", "customer_link", ["other"])
