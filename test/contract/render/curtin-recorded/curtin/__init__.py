"""What dgxos-maas' hook meets of curtin, written down from runs of curtin 21.2, 23.1, 24.0.0 and 24.1: names, signatures, which
commands are run in the target and in which order. RECORDED_CURTIN says which version is played. Not curtin, and none of its code."""

import os

VERSION = os.environ["RECORDED_CURTIN"]
AT_LEAST_24 = VERSION in ("24.0", "24.1")
