"""When a page counts as back, by what it showed."""

from typing import Any

from testbed.visitors.live_watch import Back, find_back, find_pause

SINCE_S = 100.0
ONE: dict[str, str] = {"with_mask": "1"}


def log(video: list[Any], panel: list[Any]) -> dict[str, list[Any]]:
    """Times in seconds, as the script has them in ms."""
    return {
        "video": [[1000 * at, *rest] for at, *rest in video],
        "panel": [[1000 * at, *rest] for at, *rest in panel],
    }


def test_back_with_the_first_new_frame_and_the_first_new_count() -> None:
    seen = log(
        [(90, 0, 40), (100.3, 0, 41), (100.4, 0, 42)],
        [(90, True, "7", ONE), (100.1, False, "7", ONE), (101.5, True, "8", ONE)],
    )
    back = find_back(seen, SINCE_S, 0, "with_mask")
    assert back is not None
    assert (round(back.picture_s, 3), round(back.verdict_s, 3)) == (0.3, 1.5)
    assert round(back.both_s, 3) == 1.5


def test_a_later_frame_than_its_count_is_the_end() -> None:
    assert Back(picture_s=2.0, verdict_s=1.0).both_s == 2.0


def test_not_back_with_what_was_shown_before() -> None:
    panel = [(90, True, "7", ONE), (101, True, "8", ONE)]
    assert find_back(log([(90, 0, 40)], panel), SINCE_S, 0, "with_mask") is None
    video = [(90, 0, 40), (101, 0, 41)]
    stale: list[list[Any]] = [
        [(90, True, "7", ONE)],
        # the panel comes again with the frame that it had
        [(90, True, "7", ONE), (101, False, None, {}), (102, True, "7", ONE)],
        # a frame that is too old, and says so
        [(90, True, "7", ONE), (101, False, "8", ONE)],
        # nobody has looked at the face yet
        [(90, True, "7", ONE), (101, True, "8", {"with_mask": "0"})],
        # no count at all
        [(90, True, "7", ONE), (101, True, None, {})],
    ]
    for shown in stale:
        assert find_back(log(video, shown), SINCE_S, 0, "with_mask") is None


def test_pictures_and_counts_of_the_stream_before_do_not_count() -> None:
    video = [(90, 0, 40), (100.1, 0, 41), (101, None, 0), (102, 1, 0)]
    panel = [(90, True, "7", ONE), (100.2, True, "8", ONE), (101, False, None, {})]
    assert find_back(log(video, panel), SINCE_S, 1, "with_mask") is None
    video.append((102.5, 1, 1))
    assert find_back(log(video, panel), SINCE_S, 1, "with_mask") is None
    panel.append((103, True, "9", ONE))
    back = find_back(log(video, panel), SINCE_S, 1, "with_mask")
    assert back is not None and (back.picture_s, back.verdict_s) == (2.5, 3.0)


def test_a_page_that_was_loaded_again_has_nothing_from_before() -> None:
    seen = log([(101, None, 0), (103, 0, 1)], [(101, False, None, {}), (104, True, "1", ONE)])
    back = find_back(seen, SINCE_S, 0, "with_mask")
    assert back is not None and back.both_s == 4.0


def test_longest_pause_of_a_video_that_went_on() -> None:
    video = [(99, 0, 40), (100.1, 0, 41), (100.9, 0, 42), (101.2, 0, 43), (107, 0, 44)]
    # a count that comes again, of nobody, or of a panel that is off is not new
    panel = [
        (99.5, True, "6", ONE),
        (100.5, True, "7", ONE),
        (101.0, False, "8", ONE),
        (101.1, True, "9", {"with_mask": "0"}),
        (101.4, True, "7", ONE),
        (101.8, True, "10", ONE),
    ]
    pause = find_pause(log(video, panel), SINCE_S, 102.0, "with_mask")
    assert (round(pause.picture_s, 3), round(pause.verdict_s, 3)) == (0.8, 1.3)
    # to the end, where nothing came any more
    assert round(find_pause(log(video, panel), SINCE_S, 106.0, "with_mask").picture_s, 3) == 4.8
