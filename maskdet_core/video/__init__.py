"""Videos with times: people followed through frames, who is seen when and with which verdict.

`maskdet_core.video.watcher.FaceWatcher` follows people through any frames with times, those of a
file or of a stream. `maskdet_core.video.check.check_video` does it with a file.
"""
