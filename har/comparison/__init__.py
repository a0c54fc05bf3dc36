"""Finished runs and baselines on the same windows: what the differences are worth.

Read `contenders`, then `paired_tests`, `disagreements` and `summary`; `baselines` trains classical
classifiers to stand beside the runs.
"""
