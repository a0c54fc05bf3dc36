"""A module for each verb, found by its name: its `run` does what was asked for."""
