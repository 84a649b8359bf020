"""A worker process with a pipe of its own: how it is started, given tasks, and why it ended.

No lock and no pipe is shared between workers, so one that dies at any moment hurts no other. Pools
that share them do not survive that: with `concurrent.futures` one death ends the pool, and with
pebble 5.2 a worker that is killed while it sends a result keeps the lock that the others need.
"""

import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from typing import Any, Final

from maskdet_core.batch.processes.limits import MAX_PHOTO_BYTES
from maskdet_core.process_limits import Loss, limit_cpu, limit_data

_END_S: Final = 10.0
"""Longest wait for the exit status of a process that has closed its pipe."""


class Message(Enum):
    """The first part of what a worker sends; the second is a value or an exception."""

    READY = "ready"
    PROGRESS = "progress"
    RESULT = "result"
    RAISED = "raised"
    NOT_SET_UP = "not set up"


class WorkerProcess:
    """The parent's side of a worker process.

    Attributes:
        is_ready: the worker has been set up.
        has_ended: a task could not be sent to it.
        n_done: tasks it has finished.
    """

    def __init__(self, set_up: Callable[[], Callable[[Any], Any]], max_cpu_s: float) -> None:
        """Start a process.

        Args:
            set_up: called once in the process; returns the function. Picklable. Where the function
                is a generator, what it yields is sent as progress, and what it returns as result.
            max_cpu_s: most processor time for a task.

        Raises:
            OSError: no process or pipe can be had.
        """
        self.is_ready = False
        self.has_ended = False
        self.n_done = 0
        # fork would copy locks that threads of OpenCV or of the runtime hold, and Windows has none
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        with theirs:
            self._process = context.Process(
                target=_serve, args=(theirs, set_up, max_cpu_s), daemon=True
            )
            try:
                with _interrupts_ignored():
                    self._process.start()
            except BaseException:
                self._connection.close()
                raise

    @property
    def signs(self) -> tuple[Any, Any]:
        """What `multiprocessing.connection.wait` takes: a message came, or the process ended."""
        return self._connection, self._process.sentinel

    def send(self, task: Any) -> bool:
        """Send a task; False if the process has ended."""
        try:
            self._connection.send(task)
        except OSError:
            self.has_ended = True
        return not self.has_ended

    def receive(self) -> tuple[Message, Any] | None:
        """Receive a message that has come; None if the process has ended instead."""
        try:
            if not self._connection.poll():
                return None
            message: tuple[Message, Any] = self._connection.recv()
        except (EOFError, OSError):
            return None
        return message

    def why_ended(self) -> Loss:
        """Why the process ended; ends it if it only closed its pipe."""
        self._connection.close()
        self.end(_END_S)
        return Loss.of(self._process.exitcode)

    def dismiss(self) -> None:
        """Let the process end once its present task is done."""
        self._connection.close()

    def end(self, patience_s: float) -> None:
        """Wait for the process's end, and kill it if that takes longer."""
        try:
            self._process.join(patience_s)
        finally:
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Start processes that ignore Ctrl+C, which a terminal sends to all: the parent stops them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _serve(
    connection: "Connection[Any, Any]",
    set_up: Callable[[], Callable[[Any], Any]],
    max_cpu_s: float,
) -> None:
    """Do what comes through the pipe until it is closed."""
    # Windows processes do not inherit that they ignore it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        # inherited as well, and without it the limit on processor time ends nothing
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # the parent has closed the pipe, or will never read it
    with suppress(EOFError, OSError), connection:
        try:
            function = set_up()
            limit_data(MAX_PHOTO_BYTES)
        except Exception as error:
            connection.send((Message.NOT_SET_UP, _portable(error)))
            return
        connection.send((Message.READY, None))
        while True:
            task = connection.recv()
            limit_cpu(max_cpu_s)
            reply = _call(function, task, connection)
            limit_cpu(0)
            connection.send_bytes(reply)
            del task, reply


def _call(function: Callable[[Any], Any], task: Any, connection: "Connection[Any, Any]") -> bytes:
    """Call a function; the pickled message about its outcome."""
    try:
        value = function(task)
        if isinstance(value, Generator):
            value = _send_progress(value, connection)
        return pickle.dumps((Message.RESULT, value))
    except Exception as error:
        return pickle.dumps((Message.RAISED, _portable(error)))


def _send_progress(steps: Generator[Any, None, Any], connection: "Connection[Any, Any]") -> Any:
    with closing(steps):
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                return stop.value
            connection.send((Message.PROGRESS, step))


def _portable(error: Exception) -> Exception:
    """An exception that pickles, with the traceback of this process as its note."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # a foreign exception's own code runs here
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with_parent() -> None:
    """Exit when the parent is killed; a task could go on for long."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
