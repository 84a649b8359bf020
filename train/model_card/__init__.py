"""`models/MODEL_CARD.md`, written from the records of both evaluations."""
