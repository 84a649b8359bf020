"""Training data: annotations, labelled faces, splits, negatives, and files of results."""
