from .classifier import ActivityClassifier
from .config import Config
from .datasets.loading import load_uci_har
from .errors import ConfigError, DataError, DeviceError, HarError, RunError, UsageError
from .evaluation.metrics import Evaluation
from .reading.recording_files import read_recording
from .recipes import load_config
from .signals.recording import Recording, Stretch
from .signals.windows import Windows, sliding_windows

__version__: str

__all__ = [
    "ActivityClassifier",
    "Config",
    "ConfigError",
    "DataError",
    "DeviceError",
    "Evaluation",
    "HarError",
    "Recording",
    "RunError",
    "Stretch",
    "UsageError",
    "Windows",
    "load_config",
    "load_uci_har",
    "read_recording",
    "sliding_windows",
]
