"""Sections that show single windows: notable ones, wrong ones, those with doubtful labels."""
