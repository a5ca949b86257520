"""Reports: one file for each form, all projected from the same evidence and decision."""
