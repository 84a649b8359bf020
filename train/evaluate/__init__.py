"""Evaluation of the classifier on faces and candidates: test sets, metrics, calibration."""
