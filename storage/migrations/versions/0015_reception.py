"""reception

Revision: reception
"""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "reception"
down_revision = "merges"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("lead", storage.types.Id, nullable=True),
        sa.Column("queue", storage.types.Json, nullable=False),
        sa.Column("created_at", storage.types.Instant, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name="fk_site_program"),
        sa.ForeignKeyConstraint(["lead"], ["person.id"], name="fk_site_lead"),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
    )
    op.create_index("ix_site_program", "site", ["program"])
    op.create_table(
        "reception",
        sa.Column("id", storage.types.Id, nullable=False),
        sa.Column("site", storage.types.Id, nullable=False),
        sa.Column("matter", storage.types.Id, nullable=False),
        sa.Column("program", storage.types.Id, nullable=False),
        sa.Column("customer", storage.types.Id, nullable=False),
        sa.Column("project", storage.types.Id, nullable=True),
        sa.Column("track", sa.String(length=10), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("registered_by", storage.types.Id, nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("server", storage.types.Id, nullable=True),
        sa.Column("team", storage.types.Id, nullable=True),
        sa.Column("owner", storage.types.Id, nullable=True),
        sa.Column("owner_team", storage.types.Id, nullable=True),
        sa.Column("arrived_at", storage.types.Instant, nullable=False),
        sa.Column("completed_at", storage.types.Instant, nullable=True),
        sa.Column("ended_at", storage.types.Instant, nullable=True),
        sa.Column("claim", storage.types.Id, nullable=True),
        sa.Column("detail", storage.types.Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name="fk_reception_site"),
        sa.ForeignKeyConstraint(["matter"], ["matter.id"], name="fk_reception_matter"),
        sa.PrimaryKeyConstraint("id", name="pk_reception"),
    )
    op.create_index("ix_reception_matter", "reception", ["matter"])
    op.create_index("ix_reception_customer", "reception", ["customer"])
    op.create_index("ix_reception_site", "reception", ["site", "day"])
    op.create_index("ix_reception_program", "reception", ["program", "arrived_at"])
    op.create_index("ix_reception_server", "reception", ["server"])
