"""Ways out of MXNet: a run as files for other programs. NumPy only.

Read `trained_model`, what all of them are made of.
"""
