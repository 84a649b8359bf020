"""Evaluation of the face finder on photographs: recall, further boxes, time, operating points."""
