"""An ensemble: networks whose probabilities are averaged.

Networks err on different windows, and their mean errs less often than most of them alone (Hansen &
Salamon 1990): a little if they differ in their random seeds only, more if they see windows
differently, as `ModelConfig.n_aligned_members` lets some of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from har.models.backend import gluon
from har.models.network import ActivityNetwork


class Ensemble(gluon.HybridBlock):  # type: ignore[misc]
    """Network that averages the probabilities of several networks.

    Parameters
    ----------
    members : sequence of ActivityNetwork
        Networks whose parameters have different names; see `member_prefix`.
    """

    def __init__(self, members: Sequence[ActivityNetwork]) -> None:
        super().__init__(prefix="")
        self.members = tuple(members)
        for member in members:
            self.register_child(member)

    def hybrid_forward(self, F: Any, windows: Any) -> Any:
        """Return the logarithms of the mean probabilities, shape (n_windows, n_activities).

        They serve as logits, since their softmax is the mean probabilities. Windows are in g and
        rad/s, shape (n_windows, n_timesteps, n_channels).
        """
        return self.logits_and_features(F, windows)[0]

    def logits_and_features(self, F: Any, windows: Any) -> tuple[Any, Any]:
        """Return logits, and the features of all members side by side."""
        outputs = [member.logits_and_features(F, windows) for member in self.members]
        of_members = (F.log_softmax(logits, axis=1) for logits, _ in outputs)
        logarithms = F.stack(*of_members, axis=0)
        # Without this shift, an exponential could become zero, whose logarithm is infinite.
        highest = F.max(logarithms, axis=0, keepdims=True)
        mean = F.mean(F.exp(F.broadcast_sub(logarithms, highest)), axis=0)
        logits = F.log(mean) + F.squeeze(highest, axis=0)
        return logits, F.concat(*(features for _, features in outputs), dim=1)


def joined(members: Sequence[ActivityNetwork]) -> ActivityNetwork | Ensemble:
    """Return an ensemble of several networks, compiled at the first call, or the only network."""
    if len(members) == 1:
        return members[0]
    ensemble = Ensemble(members)
    ensemble.hybridize()
    return ensemble
