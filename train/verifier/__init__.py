"""Training of the finder's verifier: a small int8 network that looks at every proposal."""
