import logging

import pytest

from maskdet_app.ops.observability import operator_log


@pytest.fixture(autouse=True)
def _nothing_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_log, "_logged", set())


def test_a_message_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    for message in ("a", "b", "a", "a"):
        operator_log.log_once(message)
    assert [record.getMessage() for record in caplog.records] == ["a", "b"]
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_a_mistyped_name_is_logged_with_the_right_one(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MASKDET_TRUN", "MASKDET_TURN", "MASKDET_QUITE_DIFFERENT", "OTHER_TURN"):
        monkeypatch.setenv(name, "a secret")
    operator_log.log_mistyped_names(["MASKDET_TURN", "MASKDET_MODEL"])
    assert [record.getMessage() for record in caplog.records] == [
        "MASKDET_TRUN is no setting and is ignored: did you mean MASKDET_TURN?"
    ]
