"""The tabs of the metrics page, and the parts of which the longer ones are made."""
