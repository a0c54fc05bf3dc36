"""Trained networks in NumPy, for windows that come alone: a stream, or a single question.

Read `network`; `inputs` makes what it reads, and `summary` the features of a whole window.
"""
