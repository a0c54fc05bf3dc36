"""From recordings and live samples to activities over time, by any function that predicts.

Read `timeline`, `segments`; then `live` and `smoothing`, and
`live_streams` for many streams at once.
"""
