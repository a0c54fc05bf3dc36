"""Train, measure and run LSTM classifiers of human activity from motion sensors.

Recording → windows → network → probabilities → evaluation → report.
"""

import lazy_loader

__version__ = "0.1.0"

# The public names stand in __init__.pyi, where type checkers and editors see them, and are imported
# when first used: `import har` stays fast and free of NumPy and MXNet.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
