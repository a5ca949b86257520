"""Finds words in capitals: an example of a package that extends Assaymark."""
