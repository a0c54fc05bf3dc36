"""``har serve``: a page for phones, which shows what they are carried through, live."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs
from threadpoolctl import threadpool_limits

from har.cli.trained import is_onnx, load_trained
from har.config import Upright
from har.errors import HarError, UsageError, install_command
from har.inference.context import ContextKind
from har.inference.forward import LikestTurn

if TYPE_CHECKING:
    from har.serve.live_model import LiveModel

logger = logging.getLogger(__name__)


def run(
    *,
    run: Path,
    host: str = "localhost",
    port: int = 8000,
    https: bool = False,
    phyphox: Sequence[str] = (),
    n_phones: int = 100,
    abstain_below: float = 0.0,
    device: str = "auto",
    upright: Upright | None = None,
    context: ContextKind = "markov",
    delay: int = 0,
) -> None:
    """Serve a run to phones until a signal ends it.

    Parameters
    ----------
    run : Path
        Folder of the run, or ONNX file.
    host : str
        Address to listen on; ``"0.0.0.0"`` for all of this machine. Beyond loopback the address
        that is printed has a token, without which nobody is answered.
    port : int
        Port; 0 for any that is free.
    https : bool
        True for HTTPS with a certificate of this machine's own.
    phyphox : sequence of str
        Addresses of phones with phyphox, which are asked for their readings.
    n_phones : int
        Number of phones at once.
    abstain_below : float
        Probability that an activity or state must have; others are UNKNOWN.
    device : str
        Processor to compute on: ``"auto"``, ``"cpu"`` or ``"gpu(0)"``.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}, optional
        Axis of the phones that points up while their people stand.
    context : {"markov", "none"}
        Whether the state is judged with the windows before, or is the activity of the window.
    delay : int
        Number of later windows that the state waits for.

    Raises
    ------
    UsageError
        If an address of a phone is none, or a state that is judged without a context shall wait.
    RunError
        If nothing was trained.
    HarError
        If the extra is not installed, or the port is taken.
    """
    try:
        from har.serve import access, addresses, certificate, listening
        from har.serve import phyphox as phones
        from har.serve.limits import Limits
        from har.serve.server import LiveServer
    except ModuleNotFoundError as error:
        raise HarError(
            f"har serve: found no {error.name}, expected it: {install_command('serve')}"
        ) from error
    if delay and context == "none":
        raise UsageError(
            f"--context none: found --delay {delay}, expected none: no window is judged with others"
        )
    asked = tuple(map(phones.checked_address, phyphox))
    model = _load(run, device, context, delay, abstain_below, upright)
    limits = Limits(n_streams=n_phones)
    server = LiveServer(model, limits, asked)
    with listening.bind(host, port, limits) as listener:
        bound, number = listener.getsockname()[:2]
        token = None if ipaddress.ip_address(bound).is_loopback else access.new_token()
        hosts = [host] if token is None else addresses.reachable_at(host)
        names = access.lowered(("localhost", host, *addresses.own_names()))
        found = None
        if https:
            found = certificate.certificate_for(
                (*hosts, *names), Path(platformdirs.user_config_dir("har"))
            )
        urls = [addresses.url_of(each, number, https, token) for each in hosts]
        print(_greeting(urls, token, found.fingerprint if found else None), flush=True)
        # NumPy's own threads would wait for each other for longer than they compute.
        with threadpool_limits(1, "blas"):
            listening.serve(
                server.app(access.Access(token, names)),
                listener,
                limits,
                found.path if found else None,
            )


def _load(
    run: Path,
    device: str,
    context: ContextKind,
    delay: int,
    abstain_below: float,
    upright: Upright | None,
) -> LiveModel:
    """Return the model of a run, ready: its first prediction takes longer than all others."""
    from har.serve.live_model import LiveModel

    classifier = load_trained(run, device)
    window_format = classifier.window_format_
    model = LiveModel(
        name=run.resolve().stem if is_onnx(run) else run.resolve().name,
        window_format=window_format,
        predict=classifier.predict_proba,
        gravity=classifier.gravity_,
        context=classifier.context_of(context),
        delay=delay,
        abstain_below=abstain_below,
        upright=upright,
        choose=LikestTurn(classifier.predict_strangeness, window_format),
    )
    shape = window_format.n_timesteps, len(window_format.channels)
    for n_windows in (1, 8):
        model.predict(np.zeros((n_windows, *shape), np.float32))
    if not is_onnx(run):
        from har.cli.teaching import Teacher

        model = replace(model, teach=Teacher(run, model))
    # What cannot be begun, as with --upright of an unknown direction, ends here.
    model.begin(model.lines_of_page())
    return model


def _greeting(urls: Sequence[str], token: str | None, fingerprint: str | None) -> str:
    """Return where the page is, and what a phone will ask."""
    from har.serve.addresses import qr_code

    lines = [f"Open {' or '.join(urls)}"]
    watch = f"{urls[0]}{'?' if token is None else '&'}stream"
    if fingerprint is not None:
        lines += [
            "The browser warns of the certificate, which this machine made itself: go on if its",
            f"SHA-256 fingerprint is {fingerprint}",
        ]
    if fingerprint is not None or token is None:
        lines.append("The page asks for the motion sensors when it is started: allow them.")
    if token is None:
        lines.append("Only this machine can reach it: for phones give --host 0.0.0.0 --https")
    else:
        lines += [
            qr_code(urls[0]).rstrip("\n"),
            "Whoever has the address can send, and look on.",
        ]
        if fingerprint is None:
            lines += [
                "Browsers give motion to pages of https only: for the page give --https. Apps need",
                "neither: Sensor Logger (Settings, Data Streaming, HTTP Push) sends to",
                urls[0].replace("/?", "/sensor-logger?"),
                "and records Gyroscope and Total Acceleration, or Accelerometer with Gravity.",
            ]
    return "\n".join([*lines, f"Look on at {watch}", "Ctrl-C ends it."])
