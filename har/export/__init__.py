"""Ways out of MXNet: a run as files for other programs. NumPy only.

Read `trained_model`, what all of them are made of. ONNX: `onnx_file` writes, of what `onnx_graph`
builds and `onnx_metadata` says; `onnx_reading` and `onnx_classifier` read it back. NumPy and C
start from `folded`, weights without what training alone needs: `numpy_file` writes arrays for
`predictor`, which needs nothing of this package; `c_header` fills in ``templates/har_model.h``,
whose sizes are `c_sizes`. `web_page` writes the page for phones out of ``page/``, with the network
of `page_network`. `sample_windows` makes up the signals on which all of them are compared.
"""
