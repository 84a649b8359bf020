"""What the operator sets: how a value is looked up, and the settings of each part of the app.

An invalid setting raises `ValueError` in words for the operator, without a secret in it; who reads
it logs these words and goes on without the setting, or refuses to start.
"""
