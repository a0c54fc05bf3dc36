"""What keeps one client from holding up the others, or the end of the server."""
