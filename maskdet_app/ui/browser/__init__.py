"""What the browser's tab holds: address, query parameters, state over a reload."""
