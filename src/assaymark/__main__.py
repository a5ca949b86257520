"""`python -m assaymark`, the same as `assaymark`."""

import sys

from assaymark.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
