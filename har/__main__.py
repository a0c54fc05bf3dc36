"""``python -m har`` is ``har``."""

import sys

from har.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
