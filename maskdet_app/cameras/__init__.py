"""The cameras page: network cameras of the operator, watched once for all visitors."""
