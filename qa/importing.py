"""One thread at a time imports large packages.

They import each other in circles, and where two threads meet in one Python hands out half of a module.
"""

from __future__ import annotations

import threading

alone = threading.RLock()
