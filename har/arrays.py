"""Types of the arrays that functions take and return."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]
ComplexArray = NDArray[np.complexfloating[Any, Any]]
StringArray = NDArray[np.str_]
BoolArray = NDArray[np.bool_]
# The person of each window: numbers, or text.
SubjectArray = NDArray[np.integer[Any]] | NDArray[np.str_]
