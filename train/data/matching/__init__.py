"""Which of a finder's boxes lie on people that are known, and which on none."""
