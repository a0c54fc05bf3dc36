"""Temperature: a number that a network divides its logits by, so as to be as sure as it may be.

The most probable activity stays what it was (Guo et al., "On calibration of modern neural
networks", ICML 2017). `har.evaluation.calibration` tells how it is found.
"""

from __future__ import annotations

from typing import Any

from har.models.backend import gluon, mx
from har.models.ensemble import Ensemble
from har.models.layers import PREFIX
from har.models.network import ActivityNetwork


class WithTemperature(gluon.HybridBlock):  # type: ignore[misc]
    """A network or an ensemble, whose logits are divided by a constant.

    Parameters
    ----------
    network : ActivityNetwork or Ensemble
        With its weights on `devices`.
    devices : list of mxnet.Context
        Where to put that constant, which is 1 at first.
    """

    def __init__(self, network: ActivityNetwork | Ensemble, devices: list[mx.Context]) -> None:
        super().__init__(prefix=PREFIX)
        self.network = network
        self.divisor = self.params.get("temperature", shape=(1, 1), init="ones", grad_req="null")
        self.divisor.initialize(ctx=devices)
        self.hybridize()

    def hybrid_forward(self, F: Any, windows: Any, divisor: Any) -> Any:
        """Score each activity: from windows in g and rad/s to logits, shape (…, n_activities)."""
        return F.broadcast_div(self.network(windows), divisor)

    @property
    def temperature(self) -> float:
        """What logits are divided by."""
        return float(self.divisor.list_data()[0].asnumpy().item())

    def set_temperature(self, temperature: float) -> None:
        """Fix what logits are divided by.

        Parameters
        ----------
        temperature : float
            Above 0; more than 1 makes probabilities less sure.
        """
        self.divisor.set_data(mx.nd.full((1, 1), temperature))


Network = ActivityNetwork | Ensemble | WithTemperature
