"""A server, a visitor, a browser and scenes, for tests and benchmarks."""
