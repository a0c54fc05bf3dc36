"""From recordings and live samples to activities over time; needs no network, but what predicts.

Read `timeline`, `segments`; then `live` and `smoothing`.
"""
