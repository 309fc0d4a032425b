"""Finished runs on disk: written, read, checked."""
