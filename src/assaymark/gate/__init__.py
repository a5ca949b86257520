"""The deployment gate: admit what a trusted report proves, deny the rest."""
