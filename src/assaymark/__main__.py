"""`python -m assaymark`."""

from assaymark.cli.main import main

if __name__ == "__main__":
    main()
