"""The last words of a child that crashed: what its log says of the place and kind of the error."""

from __future__ import annotations

import re
from pathlib import PureWindowsPath

MOST_FRAMES = 40
"""Frames that are kept, the innermost ones."""

FRAME = re.compile(r'^ *File "([^"\n]*)", line (\d+)(?:,)? in (\S+)', re.MULTILINE)
"""A frame, as tracebacks and `faulthandler` write it."""


def frames(text: str) -> list[str]:
    r"""Return the places in a log that tracebacks name: files, lines and functions, nothing else.

    Texts of errors are left out: they may quote the input.

    Examples
    --------
    >>> frames('  File "/srv/pmo/solve.py", line 7, in best\n    raise ValueError("Ann")')
    ['solve.py:7 best']
    """
    found = [
        f"{PureWindowsPath(file).name}:{line} {name}" for file, line, name in FRAME.findall(text)
    ]
    return found[-MOST_FRAMES:]
