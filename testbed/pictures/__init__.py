"""Pictures and films with known content, costly or damaged files, and decoders that fail."""
