"""What happens, one file per arrow of the pipeline."""
