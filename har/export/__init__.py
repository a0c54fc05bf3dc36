"""Ways out of MXNet: a run as files for other programs. NumPy only.

Read `trained_model`, what all of them are made of, and `folded`, its weights without what training
alone needs. `numpy_file` writes arrays and `predictor`, a file that reads them and needs nothing of
this package. `c_header` fills in ``templates/har_model.h``, whose sizes are `c_sizes`;
`sample_windows` makes up the signals on which exports are compared.
"""
