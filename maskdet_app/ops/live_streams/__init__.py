"""What all live streams of this server share, of visitors and of network cameras.

That is the inference worker with the slots of its viewers, and the channels by which alerts leave.
"""
