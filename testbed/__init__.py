"""Servers, visitors, pictures and processes for tests and benchmarks, and two commands."""
