# SPDX-License-Identifier: BSD-2-Clause
"""`python -m keelvm`: the `keel` command without its wrapper."""

import sys

from keelvm.cli import main

sys.exit(main())
