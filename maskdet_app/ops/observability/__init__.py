"""What the operator sees of the running server: faults of the setup in the log, and metrics.

Neither holds a picture, an address or anything else that a visitor sent.
"""
