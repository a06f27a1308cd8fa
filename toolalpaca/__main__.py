"""``python -m toolalpaca`` is the ``toolalpaca`` command."""

import sys

from toolalpaca.cli import main

if __name__ == "__main__":
    sys.exit(main())
