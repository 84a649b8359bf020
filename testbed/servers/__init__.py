"""The app's server in a process of its own, and servers that differ from it in one thing."""
