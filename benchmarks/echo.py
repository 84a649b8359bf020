"""Round trips of frames through a peer that decodes and encodes them and does nothing else."""

import asyncio
from contextlib import suppress

import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
)
from aiortc.mediastreams import MediaStreamError

from testbed.visitors.visitor import Film, FilmTrack


async def round_trips_s(film: Film, warm_up_s: float, seconds: float) -> list[float]:
    """Each frame's round trip between two peers in this process, without Streamlit.

    Args:
        film: to send.
        warm_up_s: before the measurement.
        seconds: of measurement.
    """
    client, server = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    camera = FilmTrack(film)
    round_trips: list[float] = []
    tasks: list[asyncio.Task[None]] = []

    async def watch(track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, av.VideoFrame):
                    camera.note_return(frame, round_trips)

    server.on("track", lambda track: server.addTrack(track))
    client.on("track", lambda track: tasks.append(asyncio.create_task(watch(track))))
    client.addTrack(camera)
    (transceiver,) = client.getTransceivers()
    known = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([c for c in known if c.name in (film.codec_name, "rtx")])
    await client.setLocalDescription(await client.createOffer())
    await server.setRemoteDescription(client.localDescription)
    await server.setLocalDescription(await server.createAnswer())
    await client.setRemoteDescription(server.localDescription)
    await asyncio.sleep(warm_up_s)
    round_trips.clear()
    await asyncio.sleep(seconds)
    await client.close()
    await server.close()
    await asyncio.gather(*tasks, return_exceptions=True)
    return round_trips
