"""What a grade is given for."""

from __future__ import annotations

import pytest
from agente_hotelero.testing.grades import BRONZE, GOLD, SILVER, Grade, Group, grade


def proven(names: tuple[str, ...]) -> dict[str, Group]:
    return {name: Group(passed=1) for name in names}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(GOLD, "gold", id="everything"),
        pytest.param(SILVER, "silver", id="no races and canaries"),
        pytest.param(BRONZE, "bronze", id="the interface"),
        pytest.param(("contract",), "none", id="capabilities were not run"),
        pytest.param((), "none", id="nothing"),
    ],
)
def test_a_grade_needs_its_groups(names: tuple[str, ...], expected: Grade) -> None:
    assert grade(proven(names)) == expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        pytest.param(Group(left_out=["undeclared"]), "gold", id="nothing of it is declared"),
        pytest.param(Group(passed=3, no_fact=["no fact"]), "silver", id="facts are wanting"),
        pytest.param(Group(passed=3, failed=["x"]), "bronze", id="a failure"),
        pytest.param(Group(passed=3, alien=["no token"]), "bronze", id="no credentials"),
        pytest.param(Group(), "bronze", id="not run"),
    ],
)
def test_what_one_group_costs(group: Group, expected: Grade) -> None:
    assert grade({**proven(GOLD), "faults": group}) == expected
