"""The parts of pages: each from results to what its template shows, with its figures."""
