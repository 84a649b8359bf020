"""Photos and videos in any number, into results folders that a later run continues.

The entry point for photos is `maskdet_core.batch.photos.folder.check_folder`, for videos
`maskdet_core.batch.videos.check.check_videos`.
"""
