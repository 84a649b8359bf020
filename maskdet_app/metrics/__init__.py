"""The training metrics page."""
