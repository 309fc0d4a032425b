"""Every finished unit of work, on disk as soon as it is finished."""
