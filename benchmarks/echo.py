"""The way there and back through a peer that decodes and encodes pictures and does nothing else."""

import asyncio
from contextlib import suppress

import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import MediaStreamError

from testbed.visitor import Film, FilmTrack, number_of


async def round_trips_s(film: Film, warm_up_s: float, seconds: float) -> list[float]:
    """Each picture's round trip between two peers of this process, without Streamlit.

    Args:
        film: what is sent.
        warm_up_s: not counted.
        seconds: counted.
    """
    client, server = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    camera = FilmTrack(film)
    trips: list[float] = []
    tasks: list[asyncio.Task[None]] = []

    async def watch(track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, av.VideoFrame):
                    camera.note_arrival(number_of(frame), trips)

    server.on("track", lambda track: server.addTrack(track))
    client.on("track", lambda track: tasks.append(asyncio.create_task(watch(track))))
    client.addTrack(camera)
    await client.setLocalDescription(await client.createOffer())
    await server.setRemoteDescription(client.localDescription)
    await server.setLocalDescription(await server.createAnswer())
    await client.setRemoteDescription(server.localDescription)
    await asyncio.sleep(warm_up_s)
    trips.clear()
    await asyncio.sleep(seconds)
    await client.close()
    await server.close()
    await asyncio.gather(*tasks, return_exceptions=True)
    return trips
