"""Asks for a copy of the process that has imported everything, and ends as that ends."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

ADDRESS, *COMMAND = sys.argv[1:]

with socket.socket(socket.AF_UNIX) as line:
    line.connect(ADDRESS)
    request = json.dumps([COMMAND, str(Path.cwd()), dict(os.environ)]).encode()
    socket.send_fds(line, [len(request).to_bytes(8, "big")], [0, 1, 2])
    line.sendall(request)
    answer = line.recv(8)
code = int(answer or b"70")
os._exit(code if code >= 0 else 128 - code)
