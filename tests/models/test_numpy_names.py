from __future__ import annotations

import ast
import importlib
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from har.models.backend import mx
from har.models.numpy_names import NAMES, borrowed_names

# NumPy 1.26 and 2.2 warn of names that they still have.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

VALUES = np.array([[3.0, 0.0, 1.0], [2.0, 2.0, 4.0]])
# Called by nothing but MXNet's own tests, and gone since NumPy 1.24.
NEVER_CALLED = {"int"}


def aliases_of_numpy(tree):
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import))
    names = (name for node in imports for name in node.names if name.name == "numpy")
    return {name.asname or name.name for name in names}


def names_looked_up_by_mxnet():
    """Find all names of NumPy in MXNet's sources, and those that it walks over as text."""
    found = set()
    for path in Path(mx.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "numpy" not in text:
            continue
        tree = ast.parse(text)
        aliases = aliases_of_numpy(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found |= {node.attr} if node.value.id in aliases else set()
    listed = mx.numpy_dispatch_protocol._NUMPY_ARRAY_FUNCTION_LIST
    return found | {name for name in listed if "." not in name}


def test_the_names_are_those_that_numpy_lacks_and_mxnet_looks_up():
    looked_up = names_looked_up_by_mxnet()
    lacking = {name for name in looked_up if not hasattr(np, name)} - NEVER_CALLED
    assert lacking <= set(NAMES) <= looked_up


def test_other_libraries_do_not_see_them():
    before = set(vars(np))
    with borrowed_names("mxnet"):
        assert set(NAMES) <= set(vars(np))
    assert set(vars(np)) == before
    # As after any first import of the backend.
    assert "PINF" in vars(np) or np.__version__[0] > "1"
    assert "bool" in vars(np) or np.__version__[0] == "1"


def test_they_are_given_back_after_an_import_that_fails():
    before = set(vars(np))
    with pytest.raises(ImportError), borrowed_names("mxnet"):
        raise ImportError
    assert set(vars(np)) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("PZERO", 0.0), ("NZERO", -0.0), ("PINF", math.inf), ("NINF", -math.inf), ("NAN", math.nan)],
)
def test_mxnet_has_the_right_constants(name, value):
    of_mxnet = getattr(mx.np, name)
    assert_array_equal(of_mxnet, value)
    assert math.copysign(1, of_mxnet) == math.copysign(1, value)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("alltrue", (VALUES, 0), [True, False, True]),
        ("in1d", (VALUES, [1, 4]), [False, False, True, False, False, True]),
        ("msort", (VALUES,), [[2.0, 0.0, 1.0], [3.0, 2.0, 4.0]]),
        ("trapz", (VALUES,), [2.0, 5.0]),
    ],
)
def test_functions_that_mxnet_falls_back_on_do_what_they_did(name, arguments, expected):
    assert_array_equal(getattr(mx.np, name)(*arguments), expected)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("product", (VALUES, 1), [0.0, 16.0]),
        ("sometrue", (VALUES, 0), [True, True, True]),
        ("round_", (VALUES / 3, 2), np.round(VALUES / 3, 2)),
    ],
)
def test_names_that_mxnet_offers_its_own_arrays_to_do_what_they_did(name, arguments, expected):
    if name in NAMES and name not in vars(np):
        assert_array_equal(NAMES[name](*arguments), expected)


@pytest.mark.parametrize("name", ["mirr", "npv", "pmt", "ppmt", "pv", "rate"])
def test_functions_that_numpy_gave_away_say_where_they_are(name):
    fallback = importlib.import_module("mxnet.numpy.fallback")
    with pytest.raises(RuntimeError, match="numpy_financial"):
        getattr(fallback, name)(0.1, 1, 2, 3)


def test_numpys_any_still_takes_mxnets_arrays_to_mxnets_any():
    found = np.any(mx.np.array([0.0, 1.0]))
    assert isinstance(found, mx.np.ndarray) and bool(found)


def test_names_looked_up_when_called_are_there_for_mxnet_alone():
    assert mx.np.ones(3, dtype=mx.np.bool).dtype == np.bool_
    assert_array_equal(mx.np.arange(3.0)[np.array([True, False, True])].asnumpy(), [0.0, 2.0])
    assert mx.gluon.contrib.estimator.event_handler.np.Inf == math.inf
    assert mx.ndarray.numpy._op._np.compat.basestring is str
