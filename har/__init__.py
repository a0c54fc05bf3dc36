"""Train, measure and run LSTM classifiers of human activity from motion sensors.

Recording → filters → windows → network → probabilities → evaluation → report.
"""

import lazy_loader

__version__ = "0.1.0"

# Names load their room when first used: `import har` stays fast and free of MXNet.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "classifier": ["ActivityClassifier"],
        "config": ["Config"],
        "datasets.sources": ["load_uci_har"],
        "errors": ["ConfigError", "DataError", "DeviceError", "HarError", "RunError", "UsageError"],
        "evaluation": ["Evaluation"],
        "recipes": ["load_config"],
        "reading.recording": ["read_recording"],
        "recording": ["Recording", "Stretch"],
        "windows": ["Windows", "sliding_windows"],
    },
)
