"""``maskdet watch``: live verdicts of a camera's stream as JSON lines, and alerts."""

import argparse
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Final

from maskdet_core.alerts.events import HOLD_S, AlertRules
from maskdet_core.command_line.alert_options import (
    add_mqtt_arguments,
    add_webhook_arguments,
    close_channels,
    open_channels,
)
from maskdet_core.command_line.command import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    Command,
    add_decision_arguments,
    positive,
    print_message,
    write_json,
)
from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.detector import MaskDetector
from maskdet_core.masks.loading import load_classifier

STREAM_USER: Final = "MASKDET_STREAM_USER"
STREAM_PASSWORD: Final = "MASKDET_STREAM_PASSWORD"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="rtsp://…, http://…, a device such as /dev/video0, or a video file",
    )
    add_webhook_arguments(parser)
    add_mqtt_arguments(parser)
    parser.add_argument(
        "--alert-picture",
        action="store_true",
        help="put a small picture of the face into alerts; without it no picture leaves",
    )
    parser.add_argument(
        "--hold",
        type=_seconds,
        default=HOLD_S,
        metavar="S",
        help="how long a verdict lasts before it is an event, in s (default: %(default)g)",
    )
    parser.add_argument(
        "--every",
        type=_seconds,
        default=1.0,
        metavar="S",
        help="longest time between two lines, in s (default: %(default)g)",
    )
    parser.add_argument(
        "--min-face", type=positive, metavar="PX", help="least height of a face in px"
    )
    parser.add_argument(
        "--finder",
        metavar="WHICH",
        help="manifest of a face finder, or `stock` for OpenCV's own (default: the shipped one)",
    )
    add_decision_arguments(parser)


def _validate(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if options.mqtt_tls and options.mqtt is None:
        parser.error("--mqtt-tls needs --mqtt")
    if options.alert_picture and options.webhook is None and options.mqtt is None:
        parser.error("--alert-picture needs --webhook or --mqtt")


def _run(options: argparse.Namespace) -> int:
    # PyAV takes a while and some memory, which other commands do not need
    from maskdet_core.streams.source import parse_source
    from maskdet_core.streams.watch import StreamWatch, WatchOptions

    source = parse_source(
        options.source,
        os.environ.get(STREAM_USER) or None,
        os.environ.get(STREAM_PASSWORD) or None,
    )
    name = options.name or source.name
    detector = MaskDetector.load(
        load_classifier(options.model),
        "live",
        min_confidence=options.min_confidence,
        finder=options.finder,
        two_classes=options.two_classes,
    )
    limit_opencv_threads()
    watch_options = WatchOptions(
        name,
        AlertRules(hold_s=options.hold),
        options.every,
        options.min_face,
        with_picture=options.alert_picture,
    )
    with _stopped_by_signals() as stop:
        channels = open_channels(options, name)
        try:
            print_message(f"watching {source.shown}")
            watch = StreamWatch(detector, source, channels, watch_options, notify=print_message)
            with closing(watch.lines(stop)) as lines:
                for line in lines:
                    write_json(line)
        finally:
            close_channels(channels)
        return EXIT_INTERRUPTED if stop.was_interrupted else EXIT_OK


class _Stop:
    """Set by a signal. Without a lock, which the thread that the handler interrupts may hold.

    Attributes:
        was_interrupted: whether by Ctrl+C.
    """

    def __init__(self) -> None:
        self.was_interrupted = self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True


@contextmanager
def _stopped_by_signals() -> Iterator[_Stop]:
    """Let Ctrl+C and SIGTERM end the watch in order; a second Ctrl+C ends it at once."""
    stop = _Stop()

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        if number == signal.SIGINT:
            if stop.is_set():
                raise KeyboardInterrupt
            stop.was_interrupted = True
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"expected 0 to 3600 s, got {text}")
    return value


WATCH: Final = Command(
    "watch",
    "watch a camera's stream: verdicts as JSON lines, and alerts",
    _add_arguments,
    _run,
    _validate,
)
