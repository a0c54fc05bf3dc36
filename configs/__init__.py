"""Recipes: one YAML file each, found by name with ``--config``."""
