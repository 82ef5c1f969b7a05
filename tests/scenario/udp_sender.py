# SPDX-License-Identifier: GPL-2.0-or-later
# Sends the datagrams of a JSON object on standard input, from any port of this machine: a raw socket needs not own it.
import json
import socket
import struct
import sys

work = json.load(sys.stdin)
(source, port), (host, to) = work['source'], work['to']
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
    raw.bind((source, 0))
    for text in work['datagrams']:
        data = text.encode()
        # A checksum of zero is none (RFC 768).
        raw.sendto(struct.pack('!HHHH', port, to, 8 + len(data), 0) + data, (host, 0))
