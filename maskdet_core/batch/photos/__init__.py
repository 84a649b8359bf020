"""Folders of photos: one photo's check, the journal to resume from, and the reports."""
