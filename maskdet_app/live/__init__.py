"""The live camera page: video stream, status panel, choices, and how browser and server connect."""
