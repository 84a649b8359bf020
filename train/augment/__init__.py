"""Augmentation of training faces."""
