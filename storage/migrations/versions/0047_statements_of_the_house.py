"""a partner's monthly statement may be made by nobody in person

Revision: statements_of_the_house
"""

from alembic import op

import storage.types

revision = "statements_of_the_house"
down_revision = "class_levels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("partner_statement", schema=None) as batch_op:
        batch_op.alter_column("made_by", existing_type=storage.types.Id, nullable=True)
