"""``python -m ftbench``."""

import sys

from .cli.main import main

sys.exit(main())
