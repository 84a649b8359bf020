"""Training data: labelled pictures, splits, hard negatives, run records."""
