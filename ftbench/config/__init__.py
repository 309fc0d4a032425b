"""How a command becomes typed objects."""
