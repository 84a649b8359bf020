"""VGG19: configuration, batches, training, export."""
