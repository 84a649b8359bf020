"""A visitor without a browser: Streamlit's websocket, and a peer connection that sends a film.

Talks to the real server as the page in a browser does, at a small part of a browser's cost, so that
many fit beside the server that they measure. Films are encoded once, before anything is measured;
what comes back is counted and, where asked for, decoded.
"""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from html import unescape
from types import TracebackType
from typing import Any, Final, Self

import av
import numpy as np
import websockets
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

_CLOCK: Final = Fraction(1, 90_000)
"""Time base of video in RTP."""
_BITS: Final = 6
_BAR_PX: Final = 16
"""The number of each picture of a film stands in bars across its lower edge, one a bit, so that
mirroring does not change it."""
_MAX_MESSAGE: Final = 2**26
_READOUT: Final = re.compile(r"<dt>(.*?)</dt><dd>(.*?)</dd>")
_READOUTS: Final = "md-readouts"
_TILE: Final = re.compile(r'data-verdict="(\w+)"><b>(\d+)</b>')


class Film:
    """Pictures encoded as VP8 once, to be sent again and again at a steady rate."""

    def __init__(self, pictures_rgb: Sequence[NDArray[np.uint8]], fps: int) -> None:
        """Encode; the first picture is a key frame, so that a loop can begin anew.

        Args:
            pictures_rgb: uint8 (H, W, 3) each, with even sides, at most 64.
            fps: pictures a second.

        Raises:
            ValueError: too many pictures to number.
        """
        if len(pictures_rgb) > 2**_BITS:
            raise ValueError(f"expected at most {2**_BITS} pictures, got {len(pictures_rgb)}")
        self.fps = fps
        height, width = pictures_rgb[0].shape[:2]
        codec = av.CodecContext.create("libvpx", "w")
        codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
        codec.bit_rate, codec.gop_size, codec.time_base = 1_500_000, 3000, Fraction(1, fps)
        codec.options = {"cpu-used": "-6", "deadline": "realtime", "lag-in-frames": "0"}
        self.packets: list[bytes] = []
        for i, picture in enumerate(pictures_rgb):
            frame = av.VideoFrame.from_ndarray(numbered(picture, i), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts = i
            self.packets.append(b"".join(bytes(packet) for packet in codec.encode(frame)))


def numbered(picture_rgb: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """A copy with a number, 0 to 63, in bars across the lower edge."""
    marked = picture_rgb.copy()
    for bit in range(_BITS):
        low = marked.shape[0] - (bit + 1) * _BAR_PX
        marked[low : low + _BAR_PX] = 235 if number >> bit & 1 else 16
    return marked


def number_of(frame: av.VideoFrame) -> int:
    """The number that `numbered` wrote, read from a decoded frame."""
    grey = frame.to_ndarray(format="gray")
    middle = grey.shape[0] - _BAR_PX // 2 - _BAR_PX * np.arange(_BITS)
    bright = grey[middle].mean(axis=1) > 128
    return int((bright << np.arange(_BITS)).sum())


class FilmTrack(MediaStreamTrack):
    """A camera that shows a film over and over."""

    kind = "video"

    def __init__(self, film: Film) -> None:
        """Begin at the first picture."""
        super().__init__()
        self._film = film
        self._n = 0
        self._began = time.monotonic()
        self.sent_at_s: dict[int, float] = {}

    async def recv(self) -> Any:
        """The next packet, when it is time for it."""
        if self.readyState != "live":
            raise MediaStreamError
        number = self._n % len(self._film.packets)
        due = self._began + self._n / self._film.fps
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        packet = av.Packet(self._film.packets[number])
        packet.pts = round(self._n / self._film.fps / _CLOCK)
        packet.time_base = _CLOCK
        self._n += 1
        self.sent_at_s[number] = time.monotonic()
        return packet

    def note_arrival(self, number: int, trips_s: list[float]) -> None:
        """Append how long a picture of this number was under way, if it was sent at all."""
        sent = self.sent_at_s.get(number)
        if sent is not None:
            trips_s.append(time.monotonic() - sent)


class Visitor:
    """One visitor of the live page: opens it, presses Start, looks at the readouts, leaves."""

    def __init__(self, port: int, film: Film) -> None:
        """Prepare; `async with` opens the page."""
        self._port, self._film = port, film
        self._state: dict[str, Any] = {}
        self._component: str | None = None
        self._fragments: set[str] = set()
        self._page_hash = ""
        self._tasks: list[asyncio.Task[None]] = []
        self._peer: RTCPeerConnection | None = None
        self._answered = asyncio.Event()
        self._answer = ""
        self._loaded = asyncio.Event()
        self.readouts: list[tuple[float, dict[str, str]]] = []
        self.came_at_s: list[float] = []
        self.round_trips_s: list[float] = []
        self.counts: dict[str, int] = {}
        self.texts: list[str] = []

    async def __aenter__(self) -> Self:
        """Open the page and wait until it is drawn."""
        address = f"127.0.0.1:{self._port}"
        self._socket = await websockets.connect(
            f"ws://{address}/_stcore/stream",
            subprotocols=[websockets.Subprotocol("streamlit")],
            max_size=_MAX_MESSAGE,
            origin=websockets.Origin(f"http://{address}"),
        )
        self._tasks.append(asyncio.create_task(self._listen()))
        await self._rerun()
        await asyncio.wait_for(self._loaded.wait(), 60)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cut everything, as a closed tab does."""
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

    async def start(self, *, timed: bool = False) -> None:
        """Press Start and wait for the first picture back.

        Args:
            timed: decode what comes back and note each picture's round trip.
        """
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._camera = camera = FilmTrack(self._film)
        self._peer.addTrack(camera)
        first = asyncio.Event()

        @self._peer.on("track")
        def _on_track(track: MediaStreamTrack) -> None:
            self._tasks.append(asyncio.create_task(self._watch(track, camera, first, timed)))

        await self._peer.setLocalDescription(await self._peer.createOffer())
        local = self._peer.localDescription
        self._state = {"playing": False, "sdpOffer": {"type": local.type, "sdp": local.sdp}}
        await self._rerun()
        await asyncio.wait_for(self._answered.wait(), 60)
        answer = json.loads(self._answer)
        await self._peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
        await asyncio.wait_for(first.wait(), 60)
        self._state = {"playing": True}
        await self._rerun()

    def freeze(self) -> None:
        """Send no more pictures, as a cut link does, while the page stays open."""
        self._camera.stop()

    async def _watch(
        self, track: MediaStreamTrack, camera: FilmTrack, first: asyncio.Event, timed: bool
    ) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                self.came_at_s.append(time.monotonic())
                first.set()
                if timed and isinstance(frame, av.VideoFrame):
                    camera.note_arrival(number_of(frame), self.round_trips_s)

    async def _rerun(self, fragment: str = "") -> None:
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        message.rerun_script.page_script_hash = self._page_hash
        if self._component is not None and self._state:
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id = self._component
            widget.json_value = json.dumps(self._state)
        await self._socket.send(message.SerializeToString())

    async def _listen(self) -> None:
        async for raw in self._socket:
            message = ForwardMsg.FromString(bytes(raw) if isinstance(raw, bytes) else b"")
            match message.WhichOneof("type"):
                case "navigation":
                    # a page that is not named counts as left, and its stream is ended
                    self._page_hash = message.navigation.page_script_hash
                case "delta":
                    self._note(message.delta)
                case "auto_rerun":
                    self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
                case "script_finished":
                    self._loaded.set()

    def _note(self, delta: Any) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        match element.WhichOneof("type"):
            case "component_instance":
                self._component = element.component_instance.id
                answer = json.loads(element.component_instance.json_args).get("sdp_answer_json")
                if answer and not self._answered.is_set():
                    self._answer = answer
                    self._answered.set()
            case "html" if _READOUTS in element.html.body:
                pairs = _READOUT.findall(element.html.body)
                told = {unescape(name): unescape(value) for name, value in pairs}
                self.readouts.append((time.monotonic(), told))
            case "html" if "data-verdict" in element.html.body:
                self.counts = {name: int(n) for name, n in _TILE.findall(element.html.body)}
            case "heading":
                self.texts.append(element.heading.body)

    def _repeat(self, fragment: str, interval_s: float) -> None:
        if fragment in self._fragments:
            return
        self._fragments.add(fragment)
        self._tasks.append(asyncio.create_task(self._keep_asking(fragment, interval_s)))

    async def _keep_asking(self, fragment: str, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            await self._rerun(fragment)
