"""discussions

Revision: discussions
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "discussions"
down_revision = "reception"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("matter", sa.Column("discussed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "discussion",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("matter", storage.types.Id, nullable=False),
        sa.Column("claim", storage.types.Id, nullable=False),
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("customer", storage.types.Id, nullable=False),
        sa.Column("project", storage.types.Id, nullable=True),
        sa.Column("track", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opened_by", storage.types.Id, nullable=False),
        sa.Column("opened_at", storage.types.Instant, nullable=False),
        sa.Column("ended_at", storage.types.Instant, nullable=True),
        sa.Column("policy", storage.types.Id, nullable=False),
        sa.Column("company_policy", storage.types.Id, nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("calendar_version", sa.Integer(), nullable=False),
        sa.Column("detail", storage.types.Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["matter"], ["matter.id"], name="fk_discussion_matter"),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_discussion_claim"),
        sa.PrimaryKeyConstraint("id", name="pk_discussion"),
    )
    op.create_index("ix_discussion_matter", "discussion", ["matter"])
    op.create_index("ix_discussion_opened_at_id", "discussion", ["opened_at", "id"])
    op.create_table(
        "discussion_member",
        sa.Column("discussion", storage.types.Id, nullable=False),
        sa.Column("person", storage.types.Id, nullable=False),
        sa.Column("claim", storage.types.Id, nullable=True),
        sa.ForeignKeyConstraint(["discussion"], ["discussion.id"], name="fk_discussion_member_discussion"),
        sa.PrimaryKeyConstraint("discussion", "person", name="pk_discussion_member"),
    )
    op.create_index("ix_discussion_member_person", "discussion_member", ["person"])
    op.create_index("ix_discussion_member_claim", "discussion_member", ["claim"])
