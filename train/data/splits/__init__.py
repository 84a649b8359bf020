"""Which pictures are trained on and which are held out, by source picture."""
