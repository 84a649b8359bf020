"""A Haar cascade for masked and bare faces, in OpenCV's own format."""
