"""Accuracy against cost: read, drawn, and said in words."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from maskdet_app.metrics.tabs import widths


def network(width: int, products: float, right: int, half: float = 0.02) -> dict[str, Any]:
    test = {"n": 100, "right": right, "low": right / 100 - half, "high": right / 100 + half}
    return {
        "widths": [width] * 5,
        "products": products,
        "parameters": 9,
        "int8_bytes": 2_000_000,
        "ms": 12.5,
        "tests": {"street": test, "wild": test},
    }


NETWORKS = [
    network(64, 6.4e9, 98),
    network(16, 0.4e9, 92),
    network(32, 1.6e9, 97),
    network(48, 3.2e9, 98),
]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "widths.json"
    monkeypatch.setattr(widths, "FILE", path)
    return path


def _page() -> AppTest:
    def page() -> None:
        from maskdet_app.metrics.tabs import widths

        widths.show_widths()

    return AppTest.from_function(page, default_timeout=30).run()


def test_cheapest_network_that_reaches_the_best_is_named() -> None:
    points = widths.points_of(NETWORKS, "street")
    assert [point.products for point in points] == [0.4e9, 1.6e9, 3.2e9, 6.4e9]
    chosen = widths.paying(points)
    assert chosen is not None and chosen.name == "32, 32, 32, 32, 32"
    assert widths.message(points).startswith(
        "The channels 32, 32, 32, 32, 32 get 97.0 % right with 25 % of the multiplications"
    )
    chart = widths.front(points)
    assert chart is not None
    rows = chart.to_dict()["data"]["values"]
    assert [row["billions"] for row in rows] == [0.4, 1.6, 3.2, 6.4]
    assert [row["kind"] == rows[1]["kind"] for row in rows] == [False, True, False, False]


@pytest.mark.parametrize("wrapped", [False, True])
def test_page_shows_the_front_and_its_message(file: Path, wrapped: bool) -> None:
    file.write_text(json.dumps({"format": 1, "networks": NETWORKS} if wrapped else NETWORKS))
    app = _page()
    assert not app.exception and not app.warning
    assert app.pills[0].options == ["street", "wild"]
    assert "25 % of the multiplications" in app.caption[0].value


@pytest.mark.parametrize(
    "content",
    [
        *("{", "[]", "3", '{"a": [1]}', '[{"tests": 3}]', '[{"tests": {}}]', "[" * 100_000),
        json.dumps([{**NETWORKS[0], "products": -1}]),
        json.dumps([{**NETWORKS[0], "tests": {"street": {"n": 0, "right": 3}}}]),
    ],
)
def test_invalid_records_give_no_traceback(content: str, file: Path) -> None:
    file.write_text(content)
    app = _page()
    assert not app.exception
    assert widths.front(widths.points_of(widths.read_networks(), "street")) is None


def test_nothing_is_shown_without_a_record(file: Path) -> None:
    app = _page()
    assert not app.exception and not app.header


def test_chosen_network_is_marked_and_every_interval_drawn() -> None:
    chart = widths.front(widths.points_of(NETWORKS, "street"))
    assert chart is not None
    spec = chart.to_dict()
    marks = {layer["mark"]["type"]: layer["encoding"] for layer in spec["layer"]}
    assert list(marks) == ["line", "rule", "point", "text"]
    other, chosen = spec["data"]["values"][0]["kind"], spec["data"]["values"][1]["kind"]
    assert marks["point"]["color"]["scale"]["domain"] == [other, chosen]
    assert len(set(marks["point"]["shape"]["scale"]["range"])) == 2
    # shares go upwards here, their intervals with them
    assert (marks["rule"]["y"]["field"], marks["rule"]["y2"]["field"]) == ("low", "high")
    assert marks["point"]["y"]["field"] == "value"
