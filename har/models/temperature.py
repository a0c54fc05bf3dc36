"""Temperature scaling: a network whose logits are divided by a constant to calibrate it.

The most probable activity stays the same (Guo et al., "On calibration of modern neural networks",
ICML 2017). `har.evaluation.calibration` fits the temperature.
"""

from __future__ import annotations

from typing import Any

from har.models.backend import gluon, mx
from har.models.constants import PREFIX
from har.models.ensemble import Ensemble
from har.models.network import ActivityNetwork


class WithTemperature(gluon.HybridBlock):  # type: ignore[misc]
    """A network or an ensemble whose logits are divided by a constant, initially 1.

    Parameters
    ----------
    network : ActivityNetwork or Ensemble
        Network with its weights on `devices`.
    devices : list of mxnet.Context
        Devices that get a copy of the constant.
    """

    def __init__(self, network: ActivityNetwork | Ensemble, devices: list[mx.Context]) -> None:
        super().__init__(prefix=PREFIX)
        self.network = network
        self.divisor = self.params.get("temperature", shape=(1, 1), init="ones", grad_req="null")
        self.divisor.initialize(ctx=devices)
        self.hybridize()

    def hybrid_forward(self, F: Any, windows: Any, divisor: Any) -> Any:
        """Return logits, shape (n_windows, n_activities), for windows in g and rad/s."""
        return F.broadcast_div(self.network(windows), divisor)

    def logits_and_features(self, F: Any, windows: Any) -> tuple[Any, Any]:
        """Return logits, and the features of the network inside."""
        logits, features = self.network.logits_and_features(F, windows)
        is_compiled = isinstance(windows, mx.sym.Symbol)
        divisor = self.divisor.var() if is_compiled else self.divisor.data(windows.context)
        return F.broadcast_div(logits, divisor), features

    @property
    def temperature(self) -> float:
        """The divisor of the logits."""
        return float(self.divisor.list_data()[0].asnumpy().item())

    def set_temperature(self, temperature: float) -> None:
        """Set the divisor of the logits, above 0; above 1, probabilities become less confident."""
        self.divisor.set_data(mx.nd.full((1, 1), temperature))


Network = ActivityNetwork | Ensemble | WithTemperature
