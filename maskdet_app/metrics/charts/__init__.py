"""Altair charts of training records: what is drawn, and how a screen reader hears it."""
