"""A trained model as an ONNX graph; see `har.models.packed` for the same equations in NumPy.

Read `builder`, what graphs are made with; `network`, which `inputs`, `heading` and `summary` are
parts of; `signals`, the processing of raw samples.
"""
