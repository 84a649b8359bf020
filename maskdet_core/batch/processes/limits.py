"""How long the processes may take that check photos and videos, and how much memory.

A file by a stranger may be made to keep a decoder busy for ever. Without such a file all of them
are far from these bounds.
"""

from typing import Final

MAX_CPU_S: Final = 120.0
"""Most processor time for a photo, for decoding, detection and the annotated copy together; for a
video, beside what its length adds."""
CPU_S_PER_SECOND: Final = 10.0
"""Most processor time more for each second of a video: below 1 is usual, with a film as well."""
MAX_PHOTO_BYTES: Final = 1_000_000_000
"""Most memory of a process beside what it holds once set up. A photo takes less than half; beyond
it an allocation fails, so that one photo is reported and the system ends no process."""
MAX_VIDEO_BYTES: Final = 1_500_000_000
"""The same of a process that is sent a video: that, the film made of it, and the frames of a
decoder; libraries reserve more than they use."""


def video_cpu_s(length_s: float) -> float:
    """Most processor time for a video of this length, s."""
    return MAX_CPU_S + CPU_S_PER_SECOND * length_s
