import json
from collections.abc import Iterator

from benchmarks.recovery import ASKED_S, INTERRUPTIONS, Recovery, _measure, record
from testbed.visitors.live_watch import Back


def of(*both_s: float, never: str = "") -> Recovery:
    times = tuple(Back(picture_s=seconds - 0.5, verdict_s=seconds) for seconds in both_s)
    return Recovery("camera lost", times, 1.25, never)


def test_median_decides_and_the_worst_is_said() -> None:
    recovery = of(3.0, ASKED_S, 9.0)
    assert recovery.is_in_time
    line = recovery.line()
    assert " 5.0 s (median)" in line and " 9.0 s (worst), n = 3" in line
    assert "picture 4.5 s, verdict 5.0 s" in line and "asked 5 s: yes" in line
    assert not of(3.0, ASKED_S + 0.1, 9.0).is_in_time


def test_a_round_that_did_not_come_back_is_said() -> None:
    def steps() -> Iterator[Back]:
        yield Back(1.0, 2.0)
        raise TimeoutError("nothing came back")

    assert _measure(steps()) == ((Back(1.0, 2.0),), "nothing came back")
    recovery = of(1.0, never="nothing came back")
    assert not recovery.is_in_time
    assert "asked 5 s: NO" in recovery.line() and "nothing came back" in recovery.line()
    assert "NOT BACK" in of(never="nothing").line()


def test_record_has_all_times_and_what_they_were_measured_on() -> None:
    found = json.loads(json.dumps(record([of(3.0, 4.0)])))
    assert found["processor"] and found["cores"] and found["asked_s"] == ASKED_S
    (one,) = found["interruptions"]
    assert one["times"][1] == {"picture_s": 3.5, "verdict_s": 4.0}
    assert one["load"] == 1.2


def test_names_take_the_options() -> None:
    for name, _ in INTERRUPTIONS.values():
        assert "{" not in name.format(outage=10.0, background=60.0)
