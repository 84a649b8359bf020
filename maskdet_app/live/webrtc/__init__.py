"""The live stream: its component's settings, its way to the server, its restarts."""
