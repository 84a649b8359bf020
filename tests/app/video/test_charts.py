from typing import Any

from maskdet_app.video.charts import people_chart, seconds_chart


def rows(chart: Any, n_layer: int | None = None) -> list[dict[str, Any]]:
    made = chart.to_dict()
    data = made["data"] if n_layer is None else made["layer"][n_layer]["data"]
    return list(data["values"])


def test_each_interval_is_a_bar_with_a_letter_where_there_is_room(row: dict[str, Any]) -> None:
    chart = people_chart(row)
    bars = rows(chart, 0)
    assert [(one["person"], one["start_s"], one["verdict"]) for one in bars] == [
        ("Person 1", 0.0, "Mask"),
        ("Person 1", 60.0, "No mask"),
        ("Person 2", 10.0, "Worn wrong"),
    ]
    # a second of 75 is too narrow for a letter
    assert [one["letter"] for one in rows(chart, 1)] == ["\u2713", "!"]
    legend = chart.to_dict()["layer"][0]["encoding"]["color"]["scale"]["domain"]
    assert legend == ["Mask", "Worn wrong", "No mask"]


def test_a_click_selects_the_beginning_of_an_interval(row: dict[str, Any]) -> None:
    (parameter,) = people_chart(row).to_dict()["params"]
    assert parameter["name"] == "interval"
    assert parameter["select"]["fields"] == ["start_s"]


def test_people_by_second(row: dict[str, Any]) -> None:
    counted = rows(seconds_chart(row))
    at_60 = {one["verdict"]: one["people"] for one in counted if one["start_s"] == 60}
    assert at_60 == {"No mask": 1, "Worn wrong": 1}


def test_a_long_video_has_no_more_bars_than_pixels(row: dict[str, Any]) -> None:
    row["by_second"] = {name: [1] * 3600 for name in row["by_second"]}
    assert len(rows(seconds_chart(row))) <= 4 * 200
