"""Gluon networks: from `ModelConfig` to a network; `backend` alone imports MXNet.

Read `layers` and `network`, then `views`, `summary`, `heading` and `ensemble`; `operators` has sums
over time as MXNet is fast at them, `constants` what needs no MXNet, `temperature` calibrates a
whole model, `export` writes and reads Gluon's files. The package `packed` has the same networks in
NumPy, for windows that come alone.
"""
