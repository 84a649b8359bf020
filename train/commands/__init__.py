"""The commands of `python -m train`, one module each with its options and its `run`."""
