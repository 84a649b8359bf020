"""What a public server needs around the pages: guards, limits, logs, numbers, a good end."""
