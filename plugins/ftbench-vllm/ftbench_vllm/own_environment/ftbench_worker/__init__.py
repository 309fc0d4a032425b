"""A process that answers prompts by an engine of its own: JSON lines in, JSON lines out.

It runs where only the engine is installed, so it imports the standard library and that engine.
"""
