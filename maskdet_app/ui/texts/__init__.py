"""Texts, numbers and times in the visitor's language."""
