"""How batches are spread over workers. Every executor gives the same evidence bytes."""
