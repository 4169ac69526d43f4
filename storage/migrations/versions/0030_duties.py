"""duties

Revision: duties
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "duties"
down_revision = "deal_buyers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duty",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", storage.types.Json, nullable=False),
        sa.Column("author", storage.types.Id, nullable=False),
        sa.Column("published_at", storage.types.Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
        sa.UniqueConstraint("role", "version", name=op.f("uq_duty_role_version")),
    )
    op.create_index("ix_duty_published_at_id", "duty", ["published_at", "id"])
    op.create_table(
        "acknowledgement",
        sa.Column("subject", storage.types.Id, nullable=False),
        sa.Column("person", storage.types.Id, nullable=False),
        sa.Column("at", storage.types.Instant, nullable=False),
        sa.PrimaryKeyConstraint("subject", "person", name=op.f("pk_acknowledgement")),
    )
    op.create_table(
        "rule_comment",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("subject", storage.types.Id, nullable=False),
        sa.Column("person", storage.types.Id, nullable=False),
        sa.Column("text", storage.types.Id, nullable=False),
        sa.Column("at", storage.types.Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_comment")),
    )
    op.create_index("ix_rule_comment_subject", "rule_comment", ["subject", "at", "id"])
