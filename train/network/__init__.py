"""VGG19, whole and slim: configuration, pruning, batches, training, export."""
