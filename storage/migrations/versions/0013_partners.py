"""partners

Revision: partners
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "partners"
down_revision = "masked_numbers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "partner",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("team", storage.types.Id, nullable=False),
        sa.Column("lead", storage.types.Id, nullable=True),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("suspended_at", storage.types.Instant, nullable=True),
        sa.Column("created_at", storage.types.Instant, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["team"], ["team.id"], name="fk_partner_team"),
        sa.ForeignKeyConstraint(["lead"], ["person.id"], name="fk_partner_lead"),
        sa.PrimaryKeyConstraint("id", name="pk_partner"),
        sa.UniqueConstraint("team", name="uq_partner_team"),
    )
    op.create_index("ix_partner_rev", "partner", ["rev"])
    op.create_table(
        "partner_invitation",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("partner", storage.types.Id, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", storage.types.Id, nullable=False),
        sa.Column("created_at", storage.types.Instant, nullable=False),
        sa.Column("expires_at", storage.types.Instant, nullable=False),
        sa.Column("used_by", storage.types.Id, nullable=True),
        sa.Column("used_at", storage.types.Instant, nullable=True),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name="fk_partner_invitation_partner"),
        sa.PrimaryKeyConstraint("id", name="pk_partner_invitation"),
        sa.UniqueConstraint("digest", name="uq_partner_invitation_digest"),
    )
    op.create_index("ix_partner_invitation_partner", "partner_invitation", ["partner"])
    op.create_table(
        "partner_statement",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("partner", storage.types.Id, nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("totals", storage.types.Json, nullable=False),
        sa.Column("made_by", storage.types.Id, nullable=False),
        sa.Column("made_at", storage.types.Instant, nullable=False),
        sa.Column("confirm_by", storage.types.Instant, nullable=True),
        sa.Column("decided_by", storage.types.Id, nullable=True),
        sa.Column("decided_at", storage.types.Instant, nullable=True),
        sa.Column("reason", storage.types.Id, nullable=True),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name="fk_partner_statement_partner"),
        sa.PrimaryKeyConstraint("id", name="pk_partner_statement"),
        sa.UniqueConstraint("partner", "period", name="uq_partner_statement_partner_period"),
    )
