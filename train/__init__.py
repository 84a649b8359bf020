"""The offline workshop: data, augmentation, VGG19, evaluation and export."""
