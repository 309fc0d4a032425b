"""What runs in another environment: it is put on the path there, and nothing else of ours."""
