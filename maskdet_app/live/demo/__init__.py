"""The demo: a short film, judged once by this server, that the live page shows before the start."""
