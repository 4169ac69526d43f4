"""Pools have members, admins, hours and rules; who takes what is kept for ever

Revision: pools
"""

import sqlalchemy as sa
from alembic import op

import storage.types
from storage.migrations import guards

revision = "pools"
down_revision = "leads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Columns are added one by one, not in a batch: that would make the tables anew, and other rows refer to theirs.
    for column in (
        sa.Column("open_to", sa.String(length=10), server_default="members", nullable=False),
        sa.Column("members", storage.types.Json, server_default="[]", nullable=False),
        sa.Column("admins", storage.types.Json, server_default="[]", nullable=False),
        sa.Column("windows", storage.types.Json, nullable=True),
        sa.Column("rule", storage.types.Json, nullable=True),
        sa.Column("priority", storage.types.Json, nullable=True),
        sa.Column("created_at", storage.types.Instant(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("rev", sa.BigInteger(), server_default="0", nullable=False),
    ):
        op.add_column("pool", column)
    op.create_index("ix_pool_rev", "pool", ["rev"])
    op.execute("UPDATE pool SET created_at = (SELECT created_at FROM program WHERE program.id = pool.program)")
    op.add_column("matter", sa.Column("pool_locked", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("matter", sa.Column("pool_only", storage.types.Json, nullable=True))
    # Until now a pooled customer whom nobody put elsewhere lay in the default pool without saying so.
    op.execute(
        "UPDATE matter SET pool = (SELECT default_pool FROM program WHERE program.id = matter.program) "
        "WHERE pooled AND pool IS NULL"
    )
    op.create_index("ix_matter_pool", "matter", ["pool", "pool_at", "id"])
    op.create_table(
        "pool_take",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("person", storage.types.Id, nullable=False),
        sa.Column("at", storage.types.Instant(), nullable=False),
        sa.Column("claim", storage.types.Id, nullable=False),
        sa.Column("matter", storage.types.Id, nullable=False),
        sa.Column("pool", storage.types.Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_take")),
    )
    op.create_index("ix_pool_take_person", "pool_take", ["person", "at"])
    guards.install_pools(op)
