"""The leaderboard: submissions that anybody can check, and a table made of nothing else."""
