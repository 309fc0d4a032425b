"""Figures of results: what is drawn, apart from how."""
