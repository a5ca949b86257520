"""Characters that a reader does not see."""
