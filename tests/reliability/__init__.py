"""The campaign that tries to lose, reuse wrongly or leak a run; ``make reliability``."""
