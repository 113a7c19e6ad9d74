"""Open the page: `python ui.py` is `qa ui` for the folder `seeds` beside this file, unless another is named."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from qa.cli import main

if __name__ == "__main__":
    os.environ.setdefault("QA_FOLDER", str(Path(__file__).resolve().parent / "seeds"))
    sys.argv[1:1] = ["ui"]
    main()
