"""Labelled faces: read from picture sets, cut out as serving cuts them, with their eyes."""
