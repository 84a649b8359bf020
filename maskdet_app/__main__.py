"""Entry of ``python -m maskdet_app``, which is the command ``maskdet``."""

import sys

from maskdet_app.command import main

sys.exit(main())
