"""Training of the finder's proposals: a Haar cascade, in OpenCV's own format."""
