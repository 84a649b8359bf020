"""A visitor without a browser: Streamlit's websocket, and a peer connection that sends a film.

Talks to the real server as the page in a browser does, at a small part of a browser's cost, so that
many fit beside the server that they measure. Films are encoded once, before the measurement.
Returned frames are counted and, on request, decoded.
"""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from html import unescape
from typing import Any, Final, Self

import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from numpy.typing import NDArray
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from maskdet_app.live.library_fixes import aiortc_fixes
from testbed.pictures import frame_numbers
from testbed.visitors.delta_tree import DeltaTree
from testbed.visitors.websocket import open_websocket

# a frame that a browser gets is complete with its marked packet, too
aiortc_fixes.apply()

_CLOCK: Final = Fraction(1, 90_000)
"""Time base of video in RTP."""
_IDLE_S: Final = 0.3
_READOUT: Final = re.compile(r"<dt>(.*?)</dt><dd>(.*?)</dd>")
_READOUTS: Final = "md-readouts"
_TILE: Final = re.compile(r'data-verdict="(\w+)"><b>(\d+)</b>')


_ENCODERS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "VP8": ("libvpx", {"cpu-used": "-6", "deadline": "realtime", "lag-in-frames": "0"}),
    "H264": ("libx264", {"profile": "baseline", "preset": "superfast", "tune": "zerolatency"}),
}


class Film:
    """Frames encoded once, to be sent in a loop at a steady rate."""

    def __init__(
        self, frames_rgb: Sequence[NDArray[np.uint8]], fps: int, *, codec_name: str = "VP8"
    ) -> None:
        """Encode the frames; the first is a key frame, so that the loop can restart.

        Args:
            frames_rgb: uint8 (H, W, 3) each, with even sides; their numbers are burnt in.
            fps: frames a second.
            codec_name: VP8, which browsers send if nothing else is asked for, or H264.

        Raises:
            ValueError: more frames than `frame_numbers.MAX_NUMBER`.
        """
        self.fps, self.codec_name = fps, codec_name
        height, width = frames_rgb[0].shape[:2]
        library, options = _ENCODERS[codec_name]
        codec: Any = av.CodecContext.create(library, "w")
        codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
        codec.bit_rate, codec.gop_size, codec.time_base = 1_500_000, 3000, Fraction(1, fps)
        codec.options = options
        self.packets: list[bytes] = []
        for i, image_rgb in enumerate(frames_rgb):
            frame = av.VideoFrame.from_ndarray(frame_numbers.burn(image_rgb, i), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts = i
            self.packets.append(b"".join(bytes(packet) for packet in codec.encode(frame)))


class FilmTrack(MediaStreamTrack):
    """A camera that plays a film in a loop."""

    kind = "video"

    def __init__(self, film: Film) -> None:
        """Begin at the first frame."""
        super().__init__()
        self._film = film
        self._n = 0
        self._started_s = time.monotonic()
        self.sent_at_s: dict[int, float] = {}

    async def recv(self) -> Any:
        """The next packet, at its time."""
        if self.readyState != "live":
            raise MediaStreamError
        number = self._n % len(self._film.packets)
        due_s = self._started_s + self._n / self._film.fps
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        packet = av.Packet(self._film.packets[number])
        packet.pts = round(self._n / self._film.fps / _CLOCK)
        packet.time_base = _CLOCK
        self._n += 1
        self.sent_at_s[number] = time.monotonic()
        return packet

    def note_return(self, frame: av.VideoFrame, round_trips_s: list[float]) -> None:
        """Append the round trip of a decoded frame, if its number was sent."""
        number = frame_numbers.read(np.asarray(frame.to_ndarray(format="gray"), np.uint8))
        sent_s = None if number is None else self.sent_at_s.get(number)
        if sent_s is not None:
            round_trips_s.append(time.monotonic() - sent_s)


class Visitor:
    """One visitor: opens a page, presses Start on the live page, reads the readouts, leaves.

    ``tree`` holds the page's elements as a browser would have them.
    """

    def __init__(
        self, port: int, film: Film | None = None, page: str = "", *, address: str = ""
    ) -> None:
        """Prepare; `async with` opens the page.

        Args:
            port: the server's, at 127.0.0.1.
            film: what the camera shows; None for a visitor who never starts it.
            page: the page's path in the URL; empty for the live page.
            address: the visitor's, for a server with ``MASKDET_TRUSTED_PROXIES``.
        """
        self._port, self._film, self._page, self._address = port, film, page, address
        self.tree = DeltaTree()
        self.auto_reruns: set[str] = set()
        """Fragments that refresh themselves."""
        self.n_finished = 0
        self._heard_at_s = 0.0
        self._widgets: dict[str, WidgetState] = {}
        self._state: dict[str, Any] = {}
        self._component: str | None = None
        self._fragments: set[str] = set()
        self._page_hash = ""
        self._query_string = ""
        self.session_id = ""
        self._tasks: list[asyncio.Task[None]] = []
        self._peer: RTCPeerConnection | None = None
        self._has_answer = asyncio.Event()
        self._sdp_answer = ""
        self._loaded = asyncio.Event()
        self.readouts: list[tuple[float, dict[str, str]]] = []
        self.received_at_s: list[float] = []
        self.round_trips_s: list[float] = []
        self.counts: dict[str, int] = {}
        self.texts: list[str] = []

    async def __aenter__(self) -> Self:
        """Open the page and wait until it is drawn."""
        headers = {"X-Forwarded-For": self._address} if self._address else {}
        self._socket = await open_websocket(self._port, headers=headers)
        self._tasks.append(asyncio.create_task(self._listen()))
        await self.rerun()
        await asyncio.wait_for(self._loaded.wait(), 60)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections, as a closed tab does."""
        if self._peer is not None:
            await self._peer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    @property
    def is_full(self) -> bool:
        """Whether the page offered no stream."""
        return self._component is None

    @property
    def is_idle(self) -> bool:
        """Whether nothing has come from the server for a moment."""
        return time.monotonic() - self._heard_at_s > _IDLE_S

    async def start(self, *, timed: bool = False) -> None:
        """Press Start and wait for the first returned frame.

        Args:
            timed: decode the returned frames and note their round trips.
        """
        self._camera = camera = self._film_track()
        first = asyncio.Event()
        peer = await self._offer(camera)

        @peer.on("track")
        def _on_track(track: MediaStreamTrack) -> None:
            self._tasks.append(asyncio.create_task(self._watch(track, camera, first, timed)))

        answer = json.loads(self._sdp_answer)
        await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
        await asyncio.wait_for(first.wait(), 60)
        self._state = {"playing": True}
        await self.rerun()

    async def vanish_during_ice(self) -> None:
        """Press Start and cut every connection before the video is connected."""
        await self._offer(self._film_track())
        self._socket.transport.abort()

    async def vanish(self) -> None:
        """Cut every connection without a word, as a crashed browser does."""
        self._socket.transport.abort()
        if self._peer is None:
            return
        self._camera.stop()
        for transceiver in self._peer.getTransceivers():
            # aiortc would tell the server by DTLS; a vanished peer's socket is gone
            await transceiver.sender.transport.transport._connection.close()

    def _film_track(self) -> FilmTrack:
        if self._film is None:
            raise ValueError("expected a visitor with a film")
        return FilmTrack(self._film)

    async def _offer(self, camera: FilmTrack) -> RTCPeerConnection:
        """Offer a stream and wait for the server's answer."""
        self._peer = peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.addTrack(camera)
        await peer.setLocalDescription(await peer.createOffer())
        local = peer.localDescription
        self._state = {"playing": False, "sdpOffer": {"type": local.type, "sdp": local.sdp}}
        await self.rerun()
        await asyncio.wait_for(self._has_answer.wait(), 60)
        return peer

    def freeze(self) -> None:
        """Send no more frames, as a lost connection does, while the page stays open."""
        self._camera.stop()

    async def _watch(
        self, track: MediaStreamTrack, camera: FilmTrack, first: asyncio.Event, timed: bool
    ) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                self.received_at_s.append(time.monotonic())
                first.set()
                if timed and isinstance(frame, av.VideoFrame):
                    camera.note_return(frame, self.round_trips_s)

    def set_widget(self, key: str, **value: Any) -> None:
        """Set a widget's value, which the next run of the page receives.

        Args:
            key: the widget's.
            **value: one field of Streamlit's `WidgetState`, for example ``bool_value=True``.

        Raises:
            ValueError: the page has no such widget.
        """
        widget_id = self.tree.widget_id(key)
        if widget_id is None:
            raise ValueError(f"expected a widget with the key {key}, found none")
        self._widgets[widget_id] = WidgetState(id=widget_id, **value)

    async def rerun(self, fragment: str = "") -> None:
        """Ask for a run of the page, or of one fragment, with the values of all widgets."""
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = bool(fragment)
        message.rerun_script.page_script_hash = self._page_hash
        message.rerun_script.query_string = self._query_string
        if not self._page_hash:
            message.rerun_script.page_name = self._page
        states = message.rerun_script.widget_states.widgets
        if self._component is not None and self._state:
            states.add(id=self._component, json_value=json.dumps(self._state))
        states.extend(self._widgets.values())
        for widget_id in [k for k, one in self._widgets.items() if one.HasField("trigger_value")]:
            del self._widgets[widget_id]
        await self._socket.send(message.SerializeToString())

    async def _listen(self) -> None:
        async for raw in self._socket:
            message = ForwardMsg.FromString(bytes(raw) if isinstance(raw, bytes) else b"")
            self.tree.apply(message)
            self._heard_at_s = time.monotonic()
            match message.WhichOneof("type"):
                case "navigation":
                    # a rerun without the page's hash would leave the page and end its stream
                    self._page_hash = message.navigation.page_script_hash
                case "page_info_changed":
                    self._query_string = message.page_info_changed.query_string
                case "delta":
                    self._read_delta(message.delta)
                case "new_session" if not message.metadata.run.fragment_ids:
                    self.session_id = message.new_session.initialize.session_id
                    # a browser stops its timers; the run sets those that go on
                    self.auto_reruns.clear()
                case "auto_rerun":
                    self._start_reruns(message.auto_rerun.fragment_id, message.auto_rerun.interval)
                case "script_finished":
                    self.n_finished += 1
                    self._loaded.set()

    def _read_delta(self, delta: Any) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        match element.WhichOneof("type"):
            case "component_instance":
                self._component = element.component_instance.id
                answer = json.loads(element.component_instance.json_args).get("sdp_answer_json")
                if answer and not self._has_answer.is_set():
                    self._sdp_answer = answer
                    self._has_answer.set()
            case "html" if _READOUTS in element.html.body:
                pairs = _READOUT.findall(element.html.body)
                values = {unescape(name): unescape(value) for name, value in pairs}
                self.readouts.append((time.monotonic(), values))
            case "html" if "data-verdict" in element.html.body:
                self.counts = {name: int(n) for name, n in _TILE.findall(element.html.body)}
            case "heading":
                self.texts.append(element.heading.body)

    def _start_reruns(self, fragment: str, interval_s: float) -> None:
        self.auto_reruns.add(fragment)
        if fragment in self._fragments:
            return
        self._fragments.add(fragment)
        self._tasks.append(asyncio.create_task(self._rerun_every(fragment, interval_s)))

    async def _rerun_every(self, fragment: str, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            if fragment in self.auto_reruns:
                await self.rerun(fragment)
