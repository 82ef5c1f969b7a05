# SPDX-License-Identifier: GPL-2.0-or-later
# What somebody who is no manager may do to an owner's socket.
import os
import socket

from process import TIMEOUT

PACKETS = (b'', b'\0', b'x', b'\xff' * 8, b'\0' * 64, os.urandom(64), os.urandom(4096), b'A' * 60000) + tuple(
    bytes([kind]) + b'\0' * 3 + bytes([size]) + b'\xff' * 40 for kind in range(20) for size in (0, 1, 255))


def send_packets(path):
    """Sends each of the packets twice, each on a connection of its own; returns the last ones, which are still open."""
    silent = []
    for data in PACKETS:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        client.settimeout(TIMEOUT)
        client.connect(str(path))
        try:
            client.send(data)
            client.send(data)
        except OSError:
            pass
        silent.append(client)
        if len(silent) > 10:
            silent.pop(0).close()
    return silent
