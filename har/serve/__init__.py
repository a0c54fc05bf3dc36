"""A live page for phones, and the server behind it."""
