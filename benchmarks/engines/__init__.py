"""The same cells done in three ways: as the paper's scripts do, with lm-eval's model, and ours."""
