"""Mask classification: square crops in, probabilities out."""
