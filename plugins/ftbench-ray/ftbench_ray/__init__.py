"""Groups of a sweep's cells on a Ray cluster: ``hydra/launcher=ftbench_ray``."""
