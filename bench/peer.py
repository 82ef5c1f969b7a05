# SPDX-License-Identifier: GPL-2.0-or-later
# The smallest ACS that can ask the agent for its whole tree: one connection, one session, received without a look at
# what comes, so that the same code can receive finished bytes from another program.
import re
import socket

from programs import SECONDS, Failed

RECEIVE = 1024 * 1024
SOAP = 'http://schemas.xmlsoap.org/soap/envelope/'
ENVELOPE = ('<soap-env:Envelope xmlns:soap-env="%s" xmlns:soap-enc="http://schemas.xmlsoap.org/soap/encoding/" '
            'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'xmlns:cwmp="%%s"><soap-env:Header><cwmp:ID soap-env:mustUnderstand="1">%%s</cwmp:ID></soap-env:Header>'
            '<soap-env:Body>%%s</soap-env:Body></soap-env:Envelope>' % SOAP)
INFORM_RESPONSE = '<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>'
GET = ('<cwmp:GetParameterValues><ParameterNames soap-enc:arrayType="xsd:string[1]"><string>%s</string>'
       '</ParameterNames></cwmp:GetParameterValues>')
CHUNKED_END = b'\r\n0\r\n\r\n'


class Connection:
    """A connection on which requests with bodies arrive. Bodies are received into one buffer, over and over."""

    def __init__(self, listener, context=None):
        self.socket, _ = listener.accept()
        self.socket.settimeout(SECONDS)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.buffer = bytearray(RECEIVE)
        self.view = memoryview(self.buffer)

    def receive(self, each=None):
        """Receives one message to its end; returns its size. Calls each(piece) for every piece that came."""
        size, remaining, tail, head = 0, None, b'', b''
        while True:
            length = self.socket.recv_into(self.view)
            if not length:
                raise Failed('the connection ended within a message')
            size += length
            if each:
                each(self.view[:length])
            if remaining is None:
                head += bytes(self.view[:min(length, 65536)])
                end = head.find(b'\r\n\r\n')
                if end < 0:
                    continue
                match = re.search(rb'\r\ncontent-length: *(\d+)', head[:end], re.IGNORECASE)
                remaining = end + 4 + int(match[1]) if match else 0
            if remaining:
                if size >= remaining:
                    return size
            else:
                tail = (tail + bytes(self.view[max(0, length - len(CHUNKED_END)):length]))[-len(CHUNKED_END):]
                if tail == CHUNKED_END:
                    return size

    def send(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()


class Peer:
    """The ACS: listens at once; start() holds the agent's first session, after which ask() asks for the whole tree."""

    def __init__(self, port, context=None):
        self.context = context  # of ssl, or None
        self.listener = socket.create_server(('127.0.0.1', port))
        self.listener.settimeout(SECONDS)
        self.number = 0

    def accept(self):
        return Connection(self.listener, self.context)

    def start(self):
        """Accepts the agent and answers its Inform."""
        pieces = []
        self.agent = self.accept()
        self.agent.receive(lambda piece: pieces.append(bytes(piece)))
        text = b''.join(pieces).decode()
        identifier = re.search(r':ID[^>]*>([^<]*)<', text)
        self.namespace = re.search(r'urn:dslforum-org:cwmp-\d-\d', text)[0]
        self.agent.send(self.response(identifier[1] if identifier else '', INFORM_RESPONSE))
        self.agent.receive()

    def response(self, identifier, body):
        text = ENVELOPE % (self.namespace, identifier, body)
        return ('HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset="utf-8"\r\nContent-Length: %d\r\n\r\n%s' %
                (len(text), text)).encode()

    def request(self, path):
        """The bytes that ask for a path."""
        self.number += 1
        return self.response('%06d' % self.number, GET % path)

    def close(self):
        self.listener.close()
