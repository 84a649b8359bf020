"""Processes from outside: what they import and use, and how they fare on a slower processor."""
