"""Finished runs and baselines on the same windows, and how sure their differences are.

Read `contenders`, then `paired_tests`, `disagreements` and `summary`; `baselines` trains classical
classifiers to stand beside the runs.
"""
