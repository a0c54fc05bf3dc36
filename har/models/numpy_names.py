"""Names that Apache MXNet 1.9.1 expects in NumPy, and that NumPy has dropped since 2022.

MXNet collects functions and constants of NumPy when it is imported: an imitation of NumPy,
``mxnet.np``, falls back on some, and takes the place of others for its own arrays. Nothing else
keeps it from running on NumPy 2. `borrowed_names` gives NumPy the missing names for that moment;
afterwards only MXNet's own modules see them, so that other libraries find NumPy as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType, ModuleType, SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt


def _in1d(values: npt.ArrayLike, candidates: npt.ArrayLike, **options: Any) -> npt.NDArray[Any]:
    return np.isin(np.ravel(values), candidates, **options)


def _moved_to_numpy_financial(name: str, *_: object, **__: object) -> NoReturn:
    raise RuntimeError(f"numpy.{name} was removed in NumPy 1.20: see numpy_financial")


# NumPy renamed these; MXNet falls back on the old names or offers its arrays to them. Each is an
# object of its own, since MXNet keeps its counterparts by function: any's must not become
# sometrue's.
_RENAMED: Mapping[str, object] = {
    "alltrue": partial(np.all),
    "in1d": _in1d,
    "msort": partial(np.sort, axis=0),
    "product": partial(np.prod),
    "round_": partial(np.round),
    "sometrue": partial(np.any),
    # NumPy 2.0 renamed it; 1.26 has the old name only, and needs none.
    "trapz": getattr(np, "trapezoid", None),
}

# Constants with a second spelling now, which ``mxnet.np`` has all the same.
_CONSTANTS: Mapping[str, object] = {
    "NAN": np.nan,
    "NaN": np.nan,
    "NINF": -np.inf,
    "PINF": np.inf,
    "NZERO": -0.0,
    "PZERO": 0.0,
}

# ``mxnet.np`` lists these, which NumPy had given away before MXNet 1.9.1 came out.
_FINANCIAL: Mapping[str, object] = {
    name: partial(_moved_to_numpy_financial, name)
    for name in ("mirr", "npv", "pmt", "ppmt", "pv", "rate")
}

# Looked up when a function is called, not on import.
_LOOKED_UP_LATER: Mapping[str, object] = {
    # The type of a condition; NumPy 1.24 to 1.26 have no such alias.
    "bool": np.bool_,
    # The first value of a best-so-far in ``gluon.contrib.estimator``.
    "Inf": np.inf,
    # ``mxnet.np.pad`` asks whether a mode is text.
    "compat": SimpleNamespace(basestring=str),
}

NAMES: Mapping[str, object] = MappingProxyType(
    {**_RENAMED, **_CONSTANTS, **_FINANCIAL, **_LOOKED_UP_LATER}
)
"""Every name, and what it stands for."""


@contextmanager
def borrowed_names(package: str) -> Iterator[None]:
    """Give NumPy the names that it lacks, and on leaving to one package alone.

    Parameters
    ----------
    package : str
        Package that is imported inside and uses the names; its modules keep a copy of NumPy's
        namespace with them.
    """
    missing = {name: value for name, value in NAMES.items() if name not in vars(np)}
    vars(np).update(missing)
    try:
        yield
    finally:
        for name in missing:
            vars(np).pop(name, None)
    _keep_names_for(package, missing)


def _keep_names_for(package: str, names: Mapping[str, object]) -> None:
    numpy_with_names = ModuleType(np.__name__, np.__doc__)
    vars(numpy_with_names).update(vars(np), **names)
    modules = [sys.modules[name] for name in sys.modules if name.partition(".")[0] == package]
    for module in modules:
        for name in [name for name, value in vars(module).items() if value is np]:
            setattr(module, name, numpy_with_names)
