"""Alerts arrive at a loopback server: signed, each once, retried, never redirected."""

import base64
import json
import threading
from http.server import ThreadingHTTPServer

import pytest

from maskdet_core.alerts.delivery import DeliveryLimits
from maskdet_core.alerts.webhook import Webhook, secret_key, signed_headers
from maskdet_core.errors import AlertError
from tests.core.alerts.alerts import message, wait_for
from tests.core.alerts.receiver import Handler, Receiver, serving, verify

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
FAST = DeliveryLimits(max_tries=4, first_wait_s=0.001, max_wait_s=0.05, every_s=0)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


def test_an_alert_arrives_once_with_a_signature_that_holds() -> None:
    with serving(Receiver()) as receiver:
        webhook = Webhook(receiver.url, secret=SECRET, clock=lambda: 1_800_000_000.4)
        sent = message()
        webhook.send(sent)
        assert webhook.close().n_sent == 1
    ((headers, body),) = receiver.got
    assert json.loads(body) == sent.to_json()
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == sent.id
    assert headers["webhook-timestamp"] == "1800000000"
    verify(headers, body, b"k" * 32)
    with pytest.raises(AssertionError):
        verify(headers, body.replace(b"no_mask", b"no_musk"), b"k" * 32)


@pytest.mark.parametrize("status", [0, 408, 429, 500, 503])
def test_a_passing_failure_is_tried_again_with_the_same_id(status: int) -> None:
    with serving(Receiver(status, status)) as receiver:
        webhook = Webhook(receiver.url, secret=SECRET, limits=FAST)
        webhook.send(message())
        webhook.send(message())
        counts = webhook.close()
    assert (counts.n_sent, counts.n_failed, counts.n_retries) == (2, 0, 2)
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    for headers, body in receiver.got:
        verify(headers, body, b"k" * 32)


@pytest.mark.parametrize("status", [302, 400, 401, 404])
def test_a_refusal_is_final_and_a_redirect_one(status: int) -> None:
    notes: list[str] = []
    with serving(Receiver(status)) as receiver:
        webhook = Webhook(receiver.url, limits=FAST, notify=notes.append)
        webhook.send(message())
        assert webhook.close().n_failed == 1
    assert len(receiver.got) == 1
    assert f"status {status}" in notes[0]
    assert "s3cret" not in notes[0]


def test_a_receiver_that_is_away_and_comes_back_gets_it() -> None:
    receiver = Receiver()
    receiver.server_close()
    port = receiver.server_address[1]
    notes: list[str] = []
    limits = DeliveryLimits(max_tries=200, first_wait_s=0.01, max_wait_s=0.02, every_s=0)
    webhook = Webhook(receiver.url, limits=limits, notify=notes.append)
    webhook.send(message())
    wait_for(lambda: webhook.counts.n_retries)
    assert f"alerts do not reach http://127.0.0.1:{port}" in notes[0]
    back = Receiver.__new__(Receiver)
    ThreadingHTTPServer.__init__(back, ("127.0.0.1", port), Handler)
    back.statuses, back.got = [], []
    with serving(back):
        wait_for(lambda: webhook.counts.n_sent)
        webhook.close()
    assert len(back.got) == 1
    assert "s3cret" not in "".join(notes)


def test_a_receiver_that_does_not_answer_holds_nobody_up() -> None:
    release = threading.Event()

    class Slow(Handler):
        def do_POST(self) -> None:  # noqa: N802
            release.wait(10)

    receiver = Receiver()
    receiver.RequestHandlerClass = Slow
    with serving(receiver):
        webhook = Webhook(receiver.url, limits=FAST, timeout_s=0.05)
        webhook.send(message())
        wait_for(lambda: webhook.counts.n_failed)
        assert webhook.counts.n_retries == FAST.max_tries - 1
        release.set()
        webhook.close()


@pytest.mark.parametrize(
    ("secret", "why"), [("short", "24 bytes"), ("whsec_!!", "base64"), ("whsec_YWJj", "24 bytes")]
)
def test_a_secret_that_protects_nothing_is_refused_and_not_repeated(secret: str, why: str) -> None:
    with pytest.raises(AlertError, match=why) as refused:
        secret_key(secret)
    assert secret not in str(refused.value)


def test_without_a_secret_there_is_no_signature() -> None:
    assert "webhook-signature" not in signed_headers("msg_1", 1, b"{}", None)
    assert secret_key("a plain text of 24 bytes") == b"a plain text of 24 bytes"


def test_the_signature_is_that_of_the_specifications_example() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, the vector of its libraries' tests
    key = secret_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', key
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
