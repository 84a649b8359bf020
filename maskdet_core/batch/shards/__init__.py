"""Long lists of photos in shards: into an address, and on the machines of a Ray cluster."""
