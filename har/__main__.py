"""``python -m har`` is ``har``."""

import sys

from har.cli import main

if __name__ == "__main__":
    sys.exit(main())
