"""Entry of ``python -m maskdet_core``."""

import sys

from maskdet_core.batch.cli import main

sys.exit(main())
