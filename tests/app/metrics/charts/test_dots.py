"""Dot plots: labels and the message."""

from maskdet_app.metrics.charts.dots import Dot, dot_plot, name_axis, row_labels, wrapped


def test_names_are_broken_into_lines_and_nothing_is_lost() -> None:
    name = "Something in the way: face-mask-12k and covid-face-mask, given Test"
    lines = wrapped(name).split("\n")
    assert lines[0] == "Something in the way:"
    assert " ".join(lines) == name
    assert max(map(len, lines)) <= 30
    assert wrapped("") == ""


def test_labels_stand_in_the_middle_of_their_rows() -> None:
    labels = row_labels(["One", "Two: lines", "Three: lines of a name that is longer than one"])
    assert list(labels.values()) == [
        "\nOne",
        "Two:\nlines",
        "Three:\nlines of a name that is longer\nthan one",
    ]
    axis = name_axis(labels).to_dict()
    assert axis["labelOffset"] == -axis["labelLineHeight"]
    assert name_axis(row_labels(["One"])).to_dict()["labelOffset"] == 0


def test_message_has_the_ends_of_each_kind() -> None:
    dots = [Dot("a", "right", 0.9, 0.8, 0.95), Dot("b", "right", 0.7, 0.6, 0.8)]
    chart = dot_plot(dots, "right")
    assert chart is not None
    assert chart.to_dict()["description"] == "right: from 70.0 % (b) to 90.0 % (a)."
    both = dot_plot([*dots, None, Dot("a", "shown", 0.5, 0.4, 0.6)], "share")
    assert both is not None
    assert both.to_dict()["description"] == (
        "share. right: from 70.0 % (b) to 90.0 % (a). shown: 50.0 %, a alone."
    )
    assert dot_plot([None], "share") is None
