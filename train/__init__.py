"""Offline training: data, augmentation, VGG19, evaluation and export."""
