import pytest

from maskdet_app.metrics.charts.outcome_chart import photo_outcomes

COUNTS = {"n_people": 20, "n_found": 18, "n_right": 15, "n_not_sure": 2}


def test_outcomes_add_up_to_all_people() -> None:
    chart = photo_outcomes([{"preset": "photo", "per_class": {"with_mask": COUNTS}}])
    assert chart is not None
    rows = chart.to_dict()["data"]["values"]
    # right, not sure, wrong, not found
    assert [row["n"] for row in rows] == [15, 2, 1, 2]
    assert sum(row["n"] for row in rows) == COUNTS["n_people"]


@pytest.mark.parametrize(
    "per_class", [None, [], {}, {"with_mask": 3}, {"with_mask": {**COUNTS, "n_found": None}}]
)
def test_incomplete_counts_give_no_chart(per_class: object) -> None:
    assert photo_outcomes([{"per_class": per_class}]) is None
