"""Records of one customer that were joined, and the matters that were with them.

Revision: merges
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "merges"
down_revision = "partners"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer", sa.Column("merged_into", storage.types.Id, nullable=True))
    op.create_index(
        "ix_customer_merged_into",
        "customer",
        ["merged_into"],
        sqlite_where=sa.text("merged_into IS NOT NULL"),
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.add_column("matter", sa.Column("merged_into", storage.types.Id, nullable=True))
    op.add_column("matter", sa.Column("split", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "customer_merge",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("customer", storage.types.Id, nullable=False),
        sa.Column("survivor", storage.types.Id, nullable=False),
        sa.Column("at", storage.types.Instant, nullable=False),
        sa.Column("by", storage.types.Id, nullable=False),
        sa.Column("reason", storage.types.Id, nullable=True),
        sa.Column("joined", storage.types.Json, nullable=False),
        sa.Column("undone_at", storage.types.Instant, nullable=True),
        sa.Column("undone_by", storage.types.Id, nullable=True),
        sa.Column("undone_reason", storage.types.Id, nullable=True),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name="fk_customer_merge_customer"),
        sa.ForeignKeyConstraint(["survivor"], ["customer.id"], name="fk_customer_merge_survivor"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_merge"),
    )
    op.create_index("ix_customer_merge_survivor", "customer_merge", ["survivor"])
    op.create_index(
        "uq_customer_merge_standing",
        "customer_merge",
        ["customer"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
