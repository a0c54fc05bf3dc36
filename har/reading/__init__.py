"""Recordings of users: from a table in a file to samples at 50 Hz, checked on the way."""
