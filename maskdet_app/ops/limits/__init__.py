"""What one visitor, one address and all of them together may take of the server.

Requests are limited by rate, uploads by their bytes in memory. Visitors are told apart by address.
"""
