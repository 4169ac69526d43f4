"""Score and grade of a lead (线索评分): the factors its sender knows, under the policy's weights (LEAD-02)."""

from __future__ import annotations

from collections.abc import Mapping

from domain.leads.weighing import Weighed, weigh
from domain.policy.policy import Policy

#: Grades from the best down; what reaches none of the policy's least scores is the last one.
GRADES = ("A", "B", "C", "D")


def scored(factors: Mapping[str, int], policy: Policy) -> Weighed:
    """The score of ``factors`` (0 to 100 each). A factor without weight counts nothing; a missing one is neutral."""
    return weigh(factors, policy.weights("lead.weights"))


def graded(score: int, policy: Policy) -> str:
    """The best grade whose least score (`lead.grades`) is reached."""
    least = policy.value("lead.grades")
    assert isinstance(least, dict)
    return next((g for g in GRADES[:-1] if g in least and score >= float(str(least[g]))), GRADES[-1])
