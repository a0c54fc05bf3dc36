"""What a classifier of windows makes of recordings, whatever computes it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import pandas as pd

from har.arrays import FloatArray
from har.config import Upright
from har.evaluation.strangeness import is_strange
from har.inference.context import ContextKind, MarkovContext
from har.inference.forward import LikestTurn
from har.inference.timeline import make_timeline
from har.signals.orientation import Direction
from har.signals.recording import Recording
from har.signals.wearing import made_upright
from har.signals.windows import WindowFormat, Windows


class RecordingClassifier(ABC):
    """A trained network that reads windows, and what follows for recordings and streams.

    Attributes
    ----------
    window_format_ : WindowFormat
        Channels, activities, rate and length of the windows it was trained on.
    gravity_ : tuple of float or None
        Direction of gravity in training; see `har.signals.wearing.gravity_in_training`.
    context_ : MarkovContext or None
        Context over time that labelled recordings showed; None: activities last, and no more is
        known.
    """

    window_format_: WindowFormat
    gravity_: Direction | None = None
    context_: MarkovContext | None = None

    @abstractmethod
    def predict_proba(self, windows: Windows | FloatArray) -> FloatArray:
        """Return the probability of each activity.

        Parameters
        ----------
        windows : Windows or ndarray, shape (n_windows, n_timesteps, n_channels)
            Windows in g and rad/s, with the channels of `window_format_`.

        Returns
        -------
        ndarray of float64, shape (n_windows, n_activities)
            Probabilities in the order of the activities; each row adds up to 1, and depends on that
            window alone.

        Raises
        ------
        DataError
            If the windows are not what the network was trained on.
        """

    @abstractmethod
    def predict_strangeness(self, signals: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """Return the probability of each activity, and how unlike training each window is.

        Parameters
        ----------
        signals : ndarray, shape (n_windows, n_timesteps, n_channels)
            At least one window in g and rad/s, with the channels of `window_format_`.

        Returns
        -------
        probabilities : ndarray of float64, shape (n_windows, n_activities)
            As `predict_proba` returns.
        strangeness : ndarray of float64, shape (n_windows,), or None
            Above 1 for a window that is unlike training; None if that was not measured.

        Raises
        ------
        DataError
            If the windows are not what the network was trained on.
        """

    def make_upright(self, recording: Recording, upright: Upright) -> Recording:
        """Turn a recording so that the phone is worn as in training.

        Parameters
        ----------
        recording : Recording
            Raw signals at 50 Hz.
        upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}
            As for `har.signals.wearing.made_upright`; ``auto`` also faces forward.

        Returns
        -------
        Recording

        Raises
        ------
        DataError
            If nothing is known of the direction of gravity in training.
        """
        choose = LikestTurn(self.predict_strangeness, self.window_format_)
        return made_upright(recording, upright, self.gravity_, choose)

    def predict_recording(
        self,
        recording: Recording,
        abstain_below: float = 0.0,
        context: ContextKind = "markov",
    ) -> pd.DataFrame:
        """Return the activities of a recording over time.

        Parameters
        ----------
        recording : Recording
            Raw signals at 50 Hz; `har.read_recording` reads them from a file.
        abstain_below : float
            Probability below which the activity is UNKNOWN.
        context : {"markov", "none"}
            Whether windows are judged with those around them, see `har.inference.context`, or each
            by itself.

        Returns
        -------
        DataFrame
            A row per window: start_s, end_s, activity, probability, then ``p_ACTIVITY`` for each
            activity, activity_alone and probability_alone of the window by itself if there is a
            context, and warming_up; see `har.inference.timeline.make_timeline`. Besides,
            strangeness and is_strange, unless the run is of an earlier version.

        Raises
        ------
        DataError
            If the recording lacks a sensor that the classifier reads, or is too short.
        """
        parts: list[FloatArray] = []

        def predict(signals: FloatArray) -> FloatArray:
            probabilities, strangeness = self.predict_strangeness(signals)
            if strangeness is not None:
                parts.append(strangeness)
            return probabilities

        window_format = self.window_format_
        chain = self.context_of(context)
        timeline = make_timeline(recording, predict, window_format, abstain_below, chain)
        if not parts:
            return timeline
        strangeness = np.concatenate(parts)
        return timeline.assign(strangeness=strangeness, is_strange=is_strange(strangeness))

    def context_of(self, kind: ContextKind) -> MarkovContext | None:
        """Return the context in which windows of recordings are judged.

        Parameters
        ----------
        kind : {"markov", "none"}
            A hidden Markov model, the one that was learned if any was, or none.

        Returns
        -------
        MarkovContext or None
        """
        if kind == "none":
            return None
        return self.context_ or MarkovContext.lasting(len(self.window_format_.activities))
