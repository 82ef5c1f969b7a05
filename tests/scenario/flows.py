# SPDX-License-Identifier: GPL-2.0-or-later
# Real flows between network namespaces: "serve PROTOCOL PORT ..." answers each message with the port that it came to and
# its sender's address, "ask PROTOCOL HOST PORT [SOURCE]" prints that answer or nothing, "open HOST PORT COUNT" sends one
# datagram from each of so many ports, "ping HOST" one ICMP echo request; "keep HOST PORT" asks by
# UDP over and over from one port, and prints each other answer than the one before, or "nothing".
import select
import socket
import sys

KINDS = {'tcp': socket.SOCK_STREAM, 'udp': socket.SOCK_DGRAM}
SECONDS = 2
FIRST = 20000  # source port of the first flow


def answer(port, peer):
    return ('%d %s' % (port, peer[0])).encode()


def serve(protocol, *ports):
    listeners = {}
    for port in map(int, ports):
        listener = socket.socket(socket.AF_INET, KINDS[protocol])
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('0.0.0.0', port))
        if protocol == 'tcp':
            listener.listen(16)
        listeners[listener] = port
    print('ready', flush=True)
    while True:
        for ready in select.select(listeners, [], [])[0]:
            if protocol == 'udp':
                _, peer = ready.recvfrom(100)
                ready.sendto(answer(listeners[ready], peer), peer)
                continue
            connection, peer = ready.accept()
            with connection:
                connection.sendall(answer(listeners[ready], peer))


def ask(protocol, host, port, source=''):
    with socket.socket(socket.AF_INET, KINDS[protocol]) as one:
        one.settimeout(SECONDS)
        one.bind((source, 0))
        try:
            one.connect((host, int(port)))
            if protocol == 'udp':
                one.send(b'hello')
            print(one.recv(100).decode())
        except OSError:
            pass


def opened(host, port, count):
    for source in range(int(count)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(('', FIRST + source))
            one.sendto(b'hello', (host, int(port)))


def ping(host):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as one:
        # Type 8, code 0, checksum, identifier 1, sequence 1.
        one.sendto(bytes((8, 0, 0xf7, 0xfd, 0, 1, 0, 1)), (host, 0))


def keep(host, port):
    last = None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(0.2)
        one.connect((host, int(port)))
        while True:
            try:
                one.send(b'hello')
                now = one.recv(100).decode()
            except OSError:
                now = 'nothing'
            if now != last:
                print(now, flush=True)
            last = now


{'serve': serve, 'ask': ask, 'open': opened, 'ping': ping, 'keep': keep}[sys.argv[1]](*sys.argv[2:])
