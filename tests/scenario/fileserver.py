# SPDX-License-Identifier: GPL-2.0-or-later
# An HTTP file server that a test can make misbehave: Digest, ranges, broken connections, checksums.
import hashlib
import http.server
import re
import threading
import time

import pytest

REALM, NONCE = 'files', 'abcdef0123456789'


class Request:
    """One request that came: method, path, headers, status of the answer, and the body of a PUT."""

    def __init__(self, handler):
        self.method, self.path, self.headers = handler.command, handler.path, handler.headers
        self.status, self.body = None, b''


class FileServer:
    """Serves `files` {path: bytes}; what is PUT goes there too.

    user, password: asks for Digest. cut: bytes after which the next answers' connections are broken, one each.
    pace: seconds between pieces of 64 KiB. status: answers all with it. headers: of each good answer.
    redirect: {path: (status, location)}. ranges: whether Range is obeyed. length: whether it tells the file's length.
    """

    def __init__(self):
        server = self
        self.files, self.requests, self.headers, self.redirect, self.cut = {}, [], {}, {}, []
        self.user = self.password = self.status = None
        self.pace, self.ranges, self.length = 0, True, True
        self.lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                server.answer(self)

            def do_PUT(self):
                server.answer(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass
        self.server = Server(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path='/file'):
        return 'http://127.0.0.1:%d%s' % (self.port, path)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def of(self, method):
        """The requests of a method that were let in."""
        return [request for request in self.requests if request.method == method and request.status != 401]

    def allowed(self, request):
        if self.user is None:
            return True
        given = request.headers.get('Authorization') or ''
        values = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^",\s]+))', given)}
        if not given.startswith('Digest') or values.get('nonce') != NONCE:
            return False

        def hashed(*parts):
            return hashlib.md5(':'.join(parts).encode()).hexdigest()
        expected = hashed(hashed(self.user, REALM, self.password), NONCE, values['nc'], values['cnonce'], 'auth',
                          hashed(request.method, request.path))
        return values.get('username') == self.user and values.get('response') == expected

    def answer(self, handler):
        request = Request(handler)
        with self.lock:
            self.requests.append(request)
        length = int(handler.headers.get('Content-Length') or 0)
        if handler.headers.get('Expect'):
            handler.send_response_only(100)
            handler.end_headers()
        request.body = handler.rfile.read(length)
        if not self.allowed(request):
            self.finish(handler, request, 401, b'no', {
                'WWW-Authenticate': 'Digest realm="%s", nonce="%s", qop="auth", algorithm=MD5' % (REALM, NONCE)})
        elif self.status:
            self.finish(handler, request, self.status, b'refused', {})
        elif request.path in self.redirect:
            status, location = self.redirect[request.path]
            self.finish(handler, request, status, b'elsewhere', {'Location': location})
        elif request.method == 'PUT':
            self.files[request.path] = request.body
            self.finish(handler, request, 201, b'', {})
        elif request.path not in self.files:
            self.finish(handler, request, 404, b'nothing here', {})
        else:
            self.send_file(handler, request, self.files[request.path])

    def send_file(self, handler, request, data):
        etag = '"%s"' % hashlib.sha1(data).hexdigest()
        headers = dict({'ETag': etag, 'Accept-Ranges': 'bytes'}, **self.headers)
        start = re.match(r'bytes=(\d+)-$', handler.headers.get('Range') or '')
        status = 200
        if start and self.ranges and handler.headers.get('If-Range') in (None, headers['ETag']):
            headers['Content-Range'] = 'bytes %s-%d/%d' % (start[1], len(data) - 1, len(data))
            data, status = data[int(start[1]):], 206
        self.finish(handler, request, status, data, headers)

    def finish(self, handler, request, status, data, headers):
        request.status = status
        cut = self.cut.pop(0) if status in (200, 206) and self.cut else None
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if self.length:
            handler.send_header('Content-Length', len(data))
        else:
            handler.send_header('Connection', 'close')
            handler.close_connection = True
        handler.end_headers()
        at = 0
        while at < len(data):
            end = min(at + 65536, len(data) if cut is None else cut)
            handler.wfile.write(data[at:end])
            if end == cut:
                handler.close_connection = True
                return
            at = end
            if self.pace:
                time.sleep(self.pace)


@pytest.fixture
def file_server():
    """A FileServer of this test."""
    server = FileServer()
    yield server
    server.close()
