"""The photo check page."""
