"""The live camera page: the stream and its front end, the panel beside it, and the demo."""
