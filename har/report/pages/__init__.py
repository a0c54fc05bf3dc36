"""Whole pages and their Markdown, one module a page: `run` first."""
