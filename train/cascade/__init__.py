"""Training of the face finder: Haar proposals and their verifier, in OpenCV's own format."""
