"""Ways out of MXNet: a run as files for other programs. NumPy only.

Read `trained_model`, what all of them are made of, and `sample_windows`, what they are compared on.
ONNX: `onnx_file` writes, of what `onnx_graph` builds and `onnx_metadata` says; `onnx_reading` and
`onnx_classifier` read it back. NumPy and C: `folded`, then `numpy_file` with `predictor`, and
`c_header` with `c_sizes`. A page: `web_page`, with `page_network`.
"""
