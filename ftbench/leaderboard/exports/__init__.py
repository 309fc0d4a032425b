"""A board's entries in the formats of others: Every Eval Ever, model cards, Croissant."""
