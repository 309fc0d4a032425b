"""Whether a fine-tuning cost more safety than is allowed: the gate, and the forms it is told in."""
