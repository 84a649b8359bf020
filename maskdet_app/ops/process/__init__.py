"""The server's process: memory that it gives back, when it collects cycles, how it ends."""
