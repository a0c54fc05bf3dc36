"""An ensemble: networks of the same kind, and the mean of their probabilities.

Networks that differ in nothing but chance err on different windows, and their mean errs less than
most of them alone (Hansen & Salamon 1990).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from har.models.backend import gluon
from har.models.layers import PREFIX
from har.models.network import ActivityNetwork


class Ensemble(gluon.HybridBlock):  # type: ignore[misc]
    """From windows in g and rad/s to the mean of several networks' probabilities.

    Parameters
    ----------
    members : sequence of ActivityNetwork
        Networks whose weights have different names; see `member_prefix`.
    """

    def __init__(self, members: Sequence[ActivityNetwork]) -> None:
        super().__init__(prefix="")
        self.members = tuple(members)
        for member in members:
            self.register_child(member)

    def hybrid_forward(self, F: Any, windows: Any) -> Any:
        """Score each activity.

        Parameters
        ----------
        F : module
            MXNet's operators on arrays or on symbols.
        windows : NDArray or Symbol
            Shape (n_windows, n_timesteps, n_channels), in g and rad/s.

        Returns
        -------
        NDArray or Symbol
            Shape (n_windows, n_activities): logarithms of the mean probabilities, which are logits
            as well, since their softmax is the mean probabilities.
        """
        logarithms = F.stack(
            *(F.log_softmax(member(windows), axis=1) for member in self.members), axis=0
        )
        # An exponential alone would become zero, whose logarithm is no number.
        highest = F.max(logarithms, axis=0, keepdims=True)
        mean = F.mean(F.exp(F.broadcast_sub(logarithms, highest)), axis=0)
        return F.log(mean) + F.squeeze(highest, axis=0)


def member_prefix(number: int, n_members: int) -> str:
    """Say how the names of a network's weights start, which keeps those of an ensemble apart."""
    return PREFIX if n_members == 1 else f"{PREFIX}member{number}_"


def joined(members: Sequence[ActivityNetwork]) -> ActivityNetwork | Ensemble:
    """Make one network of several, compiled at the first call; a single one stays as it is."""
    if len(members) == 1:
        return members[0]
    ensemble = Ensemble(members)
    ensemble.hybridize()
    return ensemble
