"""Training data: labelled pictures, boxes, splits, hard negatives, records on disk."""
