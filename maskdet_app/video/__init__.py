"""The video part of the page for photos and videos."""
