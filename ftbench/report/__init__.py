"""Reports of finished runs: one file that can be mailed, with every figure and no response."""
