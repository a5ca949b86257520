"""Documents for people that are filled in from evidence: what nobody stated stays visibly open."""
