"""From recordings and live samples to activities over time, by any function that predicts.

Read `timeline`, `context`, `segments`, and `recording_classifier`, which joins them with a network;
then `live`, `live_context`, and `live_streams` for many streams at once.
"""
