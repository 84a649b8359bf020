"""Face finding: Haar cascades propose, a verifier decides, overlapping windows are merged."""
