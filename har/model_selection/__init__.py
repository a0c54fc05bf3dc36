"""Many trainings, to choose settings: cross-validation, baselines, searches.

Read `folds`, `cross_validation`, `cross_validation_folder`, `summary`; `baselines` and `features`
are the classical classifiers; `ranges`, `tuning`, `tuning_folder` are the search. MXNet is loaded
in workers only.
"""
