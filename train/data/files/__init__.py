"""Files that training writes: records, and a cache of results for the next run."""
