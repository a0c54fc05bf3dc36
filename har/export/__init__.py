"""Ways out of MXNet: a run as files for other programs. NumPy only.

Read `trained_model`, what all of them are made of. ONNX: `onnx_file` writes, of what `onnx_graph`
builds and `onnx_metadata` says; `onnx_reading` and `onnx_classifier` read it back.
"""
