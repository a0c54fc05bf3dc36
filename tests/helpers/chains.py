"""Chains of activities and windows made at random, for the tests of what is judged in context."""

from __future__ import annotations

import numpy as np

from har.inference.context import MarkovContext
from har.inference.live_context import ContextFilter

REST, WALK, RUN = np.eye(3) * 0.94 + 0.02


def a_chain(generator, n_activities, weight=0.7, n_impossible=0):
    """Make a chain of any transitions, some of which never happen."""
    transitions = generator.dirichlet(np.ones(n_activities), size=n_activities)
    impossible = generator.choice(n_activities**2, size=n_impossible, replace=False)
    transitions.flat[impossible] = 0
    np.fill_diagonal(transitions, transitions.diagonal() + 0.1)
    return MarkovContext(transitions / transitions.sum(axis=1, keepdims=True), weight)


def some_windows(generator, n_windows, n_activities):
    return generator.dirichlet(np.full(n_activities, 0.5), size=n_windows)


def filtered(context, windows, delay):
    """Return what a filter says of each window, and of those that remain at the end."""
    context_filter = ContextFilter(context, delay)
    return [context_filter.update(window) for window in windows], context_filter.finish()
