"""The server's log: as text or as JSON, without a visitor's data, also what libraries print."""
