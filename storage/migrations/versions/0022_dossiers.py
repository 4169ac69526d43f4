"""dossiers

Revision: dossiers
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "dossiers"
down_revision = "number_rivals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dossier",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("matter", storage.types.Id, nullable=False),
        sa.Column("customer", storage.types.Id, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", storage.types.Instant, nullable=False),
        sa.Column("changed_by", storage.types.Id, nullable=False),
        sa.ForeignKeyConstraint(["matter"], ["matter.id"], name="fk_dossier_matter"),
        sa.PrimaryKeyConstraint("id", name="pk_dossier"),
        sa.UniqueConstraint("matter", "customer", name="uq_dossier_matter_customer"),
    )
    op.create_index("ix_dossier_customer", "dossier", ["customer"])
    op.create_table(
        "decision_maker_met",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("matter", storage.types.Id, nullable=False),
        sa.Column("customer", storage.types.Id, nullable=False),
        sa.Column("decision_maker", storage.types.Id, nullable=False),
        sa.Column("follow_up", storage.types.Id, nullable=False),
        sa.Column("entered_at", storage.types.Instant, nullable=False),
        sa.ForeignKeyConstraint(["matter"], ["matter.id"], name="fk_decision_maker_met_matter"),
        sa.ForeignKeyConstraint(["follow_up"], ["follow_up.id"], name="fk_decision_maker_met_follow_up"),
        sa.PrimaryKeyConstraint("id", name="pk_decision_maker_met"),
        sa.UniqueConstraint("decision_maker", "follow_up", name="uq_decision_maker_met_decision_maker_follow_up"),
    )
    op.create_index("ix_decision_maker_met_matter", "decision_maker_met", ["matter"])
    op.create_index("ix_decision_maker_met_customer", "decision_maker_met", ["customer"])
