"""How often a video that is lost again and again is restarted."""

from maskdet_app.live.component.front_end import CameraFailure
from maskdet_app.live.webrtc.restarts import STEADY_S, WAITS_S, Restarts


def test_restarts_in_a_row_wait_longer_and_end() -> None:
    restarts, waits = Restarts(), list[float]()
    for n in range(len(WAITS_S)):
        restarts.begun(10.0 * n)
        restarts.lost(10.0 * n + STEADY_S - 1.0)
        waits.append(restarts.wait_s)
        assert not restarts.is_given_up
    assert waits == sorted(waits) == list(WAITS_S)
    restarts.lost(100.0)
    assert restarts.is_given_up
    assert restarts.wait_s == 0.0
    restarts.forget()
    assert not restarts.is_given_up


def test_a_video_that_has_run_begins_a_new_row() -> None:
    restarts = Restarts()
    for n in range(10 * len(WAITS_S)):
        restarts.begun(100.0 * n)
        # each run of the page says it
        restarts.begun(100.0 * n + STEADY_S)
        restarts.lost(100.0 * n + STEADY_S)
        assert restarts.wait_s == WAITS_S[0]
        assert not restarts.is_given_up


def test_a_refused_camera_is_given_up_at_once_and_another_failure_is_not() -> None:
    restarts = Restarts()
    restarts.failed(0.0, is_refusal=False)
    assert not restarts.is_given_up
    assert restarts.has_no_camera
    restarts.failed(1.0, is_refusal=True)
    assert restarts.is_given_up
    restarts.forget()
    restarts.lost(2.0)
    assert not restarts.has_no_camera


def test_a_failure_is_seen_once() -> None:
    restarts = Restarts()
    first, second = (CameraFailure(n, is_refusal=False) for n in (1, 2))
    seen = [restarts.is_new(failure) for failure in (None, first, first, second, None, first)]
    assert seen == [False, True, False, True, False, True]
