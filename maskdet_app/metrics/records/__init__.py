"""Training records as they are read, and what is computed from them."""
