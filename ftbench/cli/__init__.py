"""Words in, text out."""
