"""Processes that work on tasks and may die of one without losing the others."""
