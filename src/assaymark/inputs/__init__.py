"""Inputs: subjects as streams of batches. One file for each format."""
