from types import SimpleNamespace
from typing import Any

import pytest

from maskdet_app.server.middleware import connection_guard
from maskdet_app.server.middleware.connection_guard import ConnectionGuard


class Connection:
    """Stands for one of Uvicorn's HTTP protocols and its transport."""

    def __init__(self) -> None:
        self.cycle: Any = None
        self.n_unsent = 0
        self.is_closed = False
        self.protocol: Any = self
        self.transport = SimpleNamespace(
            is_closing=lambda: self.is_closed,
            close=self.close,
            get_protocol=lambda: self.protocol,
            get_write_buffer_size=lambda: self.n_unsent,
        )

    def close(self) -> None:
        self.is_closed = True


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> ConnectionGuard:
    return ConnectionGuard(headers_s=10.0, max_waiting=3, clock=clock)


def watched(guard: ConnectionGuard) -> Connection:
    connection = Connection()
    guard.watch(connection)
    return connection


def test_half_open_connection_is_closed(guard: ConnectionGuard, clock: Clock) -> None:
    connection = watched(guard)
    clock.now_s = 9.0
    assert guard.sweep() == 0
    clock.now_s = 10.0
    assert guard.sweep() == 1
    assert connection.is_closed


def test_connection_is_closed_whose_next_request_stays_incomplete(
    guard: ConnectionGuard, clock: Clock
) -> None:
    connection = watched(guard)
    connection.cycle = SimpleNamespace(response_complete=True)
    clock.now_s = 9.0
    guard.sweep()
    clock.now_s = 18.0
    guard.sweep()
    assert not connection.is_closed
    clock.now_s = 19.0
    guard.sweep()
    assert connection.is_closed


def test_connections_in_use_are_left_alone(guard: ConnectionGuard, clock: Clock) -> None:
    serving, sending, upgraded = (watched(guard) for _ in range(3))
    serving.cycle = SimpleNamespace(response_complete=False)
    sending.cycle = SimpleNamespace(response_complete=True)
    sending.n_unsent = 1
    upgraded.protocol = object()
    for clock.now_s in (1.0, 20.0, 40.0):
        assert guard.sweep() == 0


def test_oldest_of_too_many_are_closed(guard: ConnectionGuard, clock: Clock) -> None:
    connections = []
    for clock.now_s in (0.0, 1.0, 2.0, 3.0, 4.0):
        connections.append(watched(guard))
    guard.sweep()
    assert [c.is_closed for c in connections] == [True, True, False, False, False]


def test_new_connections_are_watched_once(guard: ConnectionGuard, clock: Clock) -> None:
    made: list[Any] = []

    class Protocol(Connection):
        def connection_made(self, transport: Any) -> None:
            made.append(transport)

    for _ in range(2):
        connection_guard.install(guard, Protocol)
    protocol = Protocol()
    protocol.connection_made("transport")
    assert made == ["transport"]
    clock.now_s = 11.0
    assert guard.sweep() == 1


def test_unknown_protocol_prevents_the_start(guard: ConnectionGuard) -> None:
    with pytest.raises(RuntimeError, match="connection_made"):
        connection_guard.install(guard, object)
