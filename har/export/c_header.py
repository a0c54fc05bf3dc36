"""A trained model as one C header: filters, windows, network and weights, for a microcontroller.

The code is ``templates/har_model.h``; what is written here are its sizes and tables.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from har.arrays import FloatArray
from har.errors import of_surroundings
from har.export.c_sizes import Sizes
from har.export.folded import band_starts, folded_weights
from har.export.trained_model import TrainedModel
from har.files import write_whole
from har.models.constants import (
    LAGS,
    LARGEST_COSINE,
    MIDDLE_MOVEMENT,
    MOVEMENT_RANGE,
    SMALLEST_LENGTH,
    SUMMARY_SHARE,
)
from har.signals.filters import FilterDesign, filter_designs

CWeights = Literal["float32", "int8"]
_NULL = "NULL"
# Largest whole number of a weight; -128 is left out, so that both signs are alike.
_LARGEST_WEIGHT = 127
_N_PER_LINE = 8
_MATRIX_ENDS = ("_weight", "_input", "_state")


def write(model: TrainedModel, out: Path, weights: CWeights = "float32") -> tuple[str, ...]:
    """Write the header of a model.

    Parameters
    ----------
    model : TrainedModel
        Trained network or ensemble of the channels of UCI HAR, or of its accelerations alone.
    out : Path
        File to create or replace.
    weights : {"float32", "int8"}
        Numbers of the matrices: as they are, or whole numbers with a factor for each row.

    Returns
    -------
    tuple of str
        Lines for a person: the file, and what it takes on a device.

    Raises
    ------
    DataError
        If the windows have other channels.
    RunError
        If the file cannot be written, or a summary has other tables than this version's.
    """
    sizes = Sizes.of_model(model)
    tables = _Tables(weights)
    for number in range(1, model.config.n_members + 1):
        tables.add_network(number, folded_weights(model, number))
    text = _render(model, sizes, tables)
    with of_surroundings(str(out)):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, lambda path: path.write_text(text, encoding="ascii"))
    flash = tables.n_bytes + sizes.n_bytes_of_filters
    return (
        f"{out}: {out.stat().st_size / 1000:,.0f} kB of C, with weights in {weights}",
        f"flash: {flash / 1000:,.1f} kB of weights and tables, besides the code",
        f"RAM: {sizes.n_bytes_of_state / 1000:,.1f} kB, of which all is in one har_state",
        f"multiply-adds: {sizes.n_products:,} in each window",
    )


@dataclass(frozen=True)
class _Table:
    """An array of the header."""

    name: str
    kind: str
    size: int
    text: str


@dataclass(frozen=True)
class _Matrix:
    """A matrix of the header, by the names of its tables."""

    name: str
    weight: str
    scale: str
    bias: str
    n_rows: int
    n_columns: int


class _Tables:
    """The tables of all networks.

    Parameters
    ----------
    weights : {"float32", "int8"}
        Numbers of the matrices.
    """

    def __init__(self, weights: CWeights) -> None:
        self.is_int8 = weights == "int8"
        self.n_bytes = 0
        self.tables: list[_Table] = []
        self.matrices: list[_Matrix] = []
        # Names of tables and of matrices' addresses, of each network.
        self.networks: list[dict[str, str]] = []

    def add_network(self, number: int, arrays: dict[str, FloatArray]) -> None:
        """Add the folded weights of a network."""
        names: dict[str, str] = {}
        for name, array in arrays.items():
            full = f"har_{number}_{name}"
            if name.endswith(_MATRIX_ENDS) and name != "heading_weight":
                stem = name.removesuffix("_weight")
                bias = arrays.get(_bias_of(stem))
                names[stem] = self._add_matrix(f"har_{number}_{stem}", array, bias)
            elif not name.endswith("_bias"):
                names[name] = self._add(full, array)
        self.networks.append(names)

    def _add_matrix(self, name: str, array: FloatArray, bias: FloatArray | None) -> str:
        scale_name = _NULL
        if self.is_int8:
            whole, scale = quantised(array)
            weight_name = self._add(f"{name}_weight", whole)
            scale_name = self._add(f"{name}_scale", scale)
        else:
            weight_name = self._add(f"{name}_weight", array)
        bias_name = _NULL if bias is None else self._add(f"{name}_bias", bias)
        self.matrices.append(_Matrix(name, weight_name, scale_name, bias_name, *array.shape))
        return f"&{name}"

    def _add(self, name: str, array: FloatArray) -> str:
        is_whole = array.dtype == np.int8
        kind = "har_weight" if is_whole else "float"
        text = _numbers(
            map(str, array.ravel()) if is_whole else map(_float, array.ravel().tolist())
        )
        self.tables.append(_Table(name, kind, array.size, text))
        self.n_bytes += array.nbytes
        return name


def _bias_of(stem: str) -> str:
    """Return the name of the bias that is added with a matrix; an LSTM's is added once."""
    return f"{stem.removesuffix('_input')}_bias" if stem.startswith("lstm") else f"{stem}_bias"


def quantised(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a matrix as whole numbers, and the factor of each row.

    Parameters
    ----------
    matrix : ndarray of float32, shape (n_rows, n_columns)
        Weights.

    Returns
    -------
    whole : ndarray of int8, shape (n_rows, n_columns)
        Numbers from -127 to 127, the nearest to the weights divided by the factor.
    scale : ndarray of float32, shape (n_rows,)
        Largest absolute weight of each row, divided by 127; 1 for a row of zeros.
    """
    largest = np.abs(matrix).max(axis=1)
    scale = np.where(largest > 0, largest / _LARGEST_WEIGHT, 1).astype(np.float32)
    whole = np.rint(matrix / scale[:, np.newaxis]).astype(np.int8)
    return whole, scale


def _render(model: TrainedModel, sizes: Sizes, tables: _Tables) -> str:
    config, channels = model.config, model.window_format.channels
    noise, *drifts = filter_designs()
    triads = sizes.triads
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(sizes.n_timesteps) / sizes.n_timesteps)
    environment = Environment(
        loader=PackageLoader("har.export", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("har_model.h").render(
        sizes=sizes.constants(),
        rate_hz=f"{model.window_format.rate_hz:g}",
        activities=[_c_text(name) for name in model.window_format.activities],
        is_int8=tables.is_int8,
        tables=tables.tables,
        matrices=tables.matrices,
        networks=[_network(names, sizes) for names in tables.networks],
        n_sensors=sizes.n_raw // 3,
        noise=_c_filter(noise, len(noise.sections)),
        drifts=[_c_filter(d, sizes.n_drift_sections) for d in drifts[: sizes.n_raw // 3]],
        views=config.views,
        uses_movements=config.views != ("channels",),
        uses_variance="normalised" in config.views or sizes.is_aligned,
        movements=_joined(sizes.movements),
        compression_factor=_float(1 / config.compression),
        compressed_unit=_float(2 / math.asinh(1 / config.compression)),
        pooling=config.pooling,
        lags=_joined(LAGS),
        bands=_joined(band_starts(sizes.n_timesteps)),
        two_pi=_float(2 * math.pi),
        hann_factor=_float(1 / (sizes.n_timesteps * np.square(hann).sum())),
        triads=triads.places,
        gravity=triads.gravity,
        without_gravity=triads.movements,
        largest_cosine=_float(LARGEST_COSINE),
        turning=_joined(sizes.turning),
        upright=sizes.upright,
        middle_movement=f"({_float(MIDDLE_MOVEMENT)})",
        movement_range=_float(MOVEMENT_RANGE),
        smallest_length_squared=_float(SMALLEST_LENGTH**2),
        network_share=_float(1 - SUMMARY_SHARE),
        summary_share=_float(SUMMARY_SHARE),
        temperature=_float(model.temperature),
        n_channels=len(channels),
    )


def _network(names: dict[str, str], sizes: Sizes) -> dict[str, object]:
    """Return the initial values of a ``har_network``."""
    single = ["channel_mean", "channel_factor", "embedding", "attention", "score", "output"]
    single += ["summary_mean", "summary_factor", "summary_hidden", "summary_output"]
    single += ["heading_filters", "heading_weight"]
    ways = ["forward", "backward"][: sizes.n_directions]
    return {
        **{name: names.get(name, _NULL) for name in single},
        "convolutions": [names[f"conv{n}"] for n in range(sizes.n_convolutions)],
        "lstm": [
            [(names[f"lstm{n}_{way}_input"], names[f"lstm{n}_{way}_state"]) for way in ways]
            for n in range(sizes.n_layers)
        ],
    }


def _c_filter(design: FilterDesign, n_sections: int) -> dict[str, str]:
    """Return a filter's sections and settled states; sections that change nothing are added."""
    n_more = n_sections - len(design.sections)
    sections = np.vstack([design.sections, np.tile([1.0, 0, 0, 1, 0, 0], (n_more, 1))])
    settled = np.vstack([design.settled, np.zeros((n_more, 2))])
    return {
        "sections": _rows(np.delete(sections, 3, axis=1)),
        "settled": _rows(settled),
    }


def _rows(values: FloatArray) -> str:
    lines = (", ".join(repr(float(value)) for value in row) for row in values)
    return ",\n".join(f"        {{ {line} }}" for line in lines)


def _numbers(texts: Iterator[str]) -> str:
    """Return numbers as lines of C."""
    every = list(texts)
    starts = range(0, len(every), _N_PER_LINE)
    return ",\n".join("    " + ", ".join(every[i : i + _N_PER_LINE]) for i in starts)


def _joined(numbers: tuple[int, ...] | list[int]) -> str:
    return ", ".join(map(str, numbers))


def _float(value: float) -> str:
    """Return a float of C that is read as the same float32."""
    text = f"{float(value):.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _c_text(text: str) -> str:
    """Return a string of C, in which all but letters, digits and _ are bytes of UTF-8 in octal."""
    plain = (
        chr(b) if chr(b).isalnum() and b < 128 or b == 95 else f"\\{b:03o}" for b in text.encode()
    )
    return f'"{"".join(plain)}"'
