"""A live page for phones, and the server behind it. NumPy, Starlette and uvicorn; no MXNet.

Read `live_model`, what is served, then the way of a sample: `messages` checks what a phone sends,
`streams` are the phones, `predictor` a thread that reads and classifies the samples of all of them.
`server` joins these with `access`, `limits` and `pages`; `phone_sockets` and `sensor_logger` take
samples in, `viewing` shows them, and `phyphox` fetches those of a phone that is a server itself.
`learning` takes labelled recordings, and gives their phone a model of its own.
`listening` binds and runs it; `addresses` and `certificate` are what a phone needs to come.
"""
