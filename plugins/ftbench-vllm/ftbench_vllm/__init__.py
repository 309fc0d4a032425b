"""vLLM as an engine of the backend ``hf``: in a process and an environment of its own."""
