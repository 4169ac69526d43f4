"""Claims of a person, of a team and of a deadline are listed by state without reading those of other states.

Revision: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OF = ("owner", "reporter", "team", "reporter_team", "deadline")


def upgrade() -> None:
    for column in _OF:
        op.drop_index(f"ix_claim_{column}", table_name="claim")
        op.create_index(f"ix_claim_{column}", "claim", [column, "received_at", "id", "state"])
