"""Company names are numbered as they are written, so that a process that compares them reads only what is new.

Revision: company_names
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations import guards

revision = "company_names"
down_revision = "pools"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: that would make the table anew, and rows of others refer to its rows.
    op.add_column("customer", sa.Column("name_revision", sa.BigInteger(), nullable=True))
    op.create_index("ix_customer_name_revision", "customer", ["name_revision"])
    op.execute("UPDATE customer SET name_revision = 0 WHERE kind = 'company'")
    guards.install_company_names(op)
