"""Entry of ``python -m maskdet_core``."""

import sys

from maskdet_core.command_line.cli import main

sys.exit(main())
