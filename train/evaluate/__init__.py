"""Evaluation: test sets, metrics, calibration, model card."""
