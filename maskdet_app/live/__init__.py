"""The live camera page."""
