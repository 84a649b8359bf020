"""Watch a camera's stream, a device or a file: frames in, JSON lines and alerts out."""
