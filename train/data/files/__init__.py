"""Files that training writes: records, and results that are kept for the next run."""
