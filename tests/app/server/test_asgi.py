import pytest

from maskdet_app.server import asgi


@pytest.mark.parametrize("value", ["soon", "-1", "70000", "nan"])
def test_invalid_setting_prevents_the_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_GRACE_S", value)
    with pytest.raises(ValueError, match="MASKDET_GRACE_S"):
        asgi.app_options()
