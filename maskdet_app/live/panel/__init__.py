"""Beside the live video: choices, counts, timeline and announcements."""
