"""The sample pictures of the photo page."""
