"""A sweep done elsewhere: its cells in groups, each group the job of a launcher of Hydra's."""
