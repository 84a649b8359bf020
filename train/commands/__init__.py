"""The commands of `python -m train`, one module each with its parser and its `run`."""
