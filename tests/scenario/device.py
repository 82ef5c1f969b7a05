# SPDX-License-Identifier: GPL-2.0-or-later
# A scripted CWMP device, good enough to test the small ACS with: no agent is needed for it.
import base64
import hashlib
import http.client
import http.server
import re
import threading
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

SOAP = 'http://schemas.xmlsoap.org/soap/envelope/'
ENVELOPE = ('<s:Envelope xmlns:s="%s" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" '
            'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'xmlns:cwmp="urn:dslforum-org:cwmp-1-2"><s:Header>%%s</s:Header><s:Body>%%s</s:Body></s:Envelope>' % SOAP)
INFORM_NAMES = ('Device.DeviceInfo.SoftwareVersion', 'Device.ManagementServer.ConnectionRequestURL')
FAULT_TEXTS = {9000: 'Method not supported', 9003: 'Invalid arguments', 9005: 'Invalid parameter name'}


class CwmpFault(Exception):
    """A request that the device refuses: fault code, and [(name, code)] for SetParameterValues."""

    def __init__(self, code, details=()):
        super().__init__(code)
        self.code, self.details = code, details


def local(element):
    return element.tag.rpartition('}')[2]


def find(element, name):
    return next((child for child in element.iter() if local(child) == name), None)


def text_of(element, name):
    found = find(element, name)
    return '' if found is None else found.text or ''


def digest(user, password, method, target, challenge, count):
    """The Authorization value for a Digest challenge."""
    given = dict((name, quoted or plain) for name, quoted, plain in
                 re.findall(r'(\w+)=(?:"([^"]*)"|([^",\s]+))', challenge))
    algorithm = given.get('algorithm', 'MD5')
    function = hashlib.sha256 if algorithm == 'SHA-256' else hashlib.md5
    cnonce, nc = 'c0ffee%d' % count, '%08x' % count

    def hashed(*parts):
        return function(':'.join(parts).encode()).hexdigest()
    a1 = hashed(user, given['realm'], password)
    if algorithm == 'MD5-sess':
        a1 = hashed(a1, given['nonce'], cnonce)
    a2 = hashed(method, target)
    middle = [nc, cnonce, 'auth'] if 'qop' in given else []
    value = ('Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=%s, opaque="%s", '
             'cnonce="%s"' % (user, given['realm'], given['nonce'], target,
                              hashed(a1, given['nonce'], *middle, a2), algorithm, given.get('opaque', ''), cnonce))
    return value + (', qop=auth, nc=%s' % nc if middle else '')


class Device:
    """A device with parameters {path: [type, value, writable]} and objects that follow from their names."""

    def __init__(self, url, parameters=None, serial='1', user='agent', password='secret', chunked=False):
        self.url = urllib.parse.urlsplit(url)
        self.serial, self.user, self.password, self.chunked = serial, user, password, chunked
        self.parameters = {
            'Device.DeviceInfo.SoftwareVersion': ['string', '1.0', False],
            'Device.DeviceInfo.ProvisioningCode': ['string', '', True],
            'Device.DeviceInfo.UpTime': ['unsignedInt', '12', False],
            'Device.ManagementServer.ConnectionRequestURL': ['string', '', False],
            'Device.ManagementServer.PeriodicInformInterval': ['unsignedInt', '300', True],
        }
        self.parameters.update(parameters or {})
        self.attributes = {}
        self.cookies, self.challenge, self.uses = {}, None, 0
        self.connection = None
        self.exchanges = []  # (status, method) of each response
        self.handlers = {name: getattr(self, name) for name in
                         ('GetParameterValues', 'GetParameterNames', 'SetParameterValues', 'GetRPCMethods',
                          'GetParameterAttributes', 'SetParameterAttributes', 'AddObject', 'DeleteObject', 'Reboot',
                          'FactoryReset')}

    # HTTP

    def post(self, body, headers=None):
        """Posts bytes once; returns (response, body). Opens a connection where there is none."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=20)
        headers = dict(headers or {})
        if body:
            headers.update({'Content-Type': 'text/xml; charset=utf-8', 'SOAPAction': ''})
        if self.cookies:
            headers['Cookie'] = '; '.join('%s=%s' % item for item in self.cookies.items())
        if self.challenge:
            self.uses += 1
            headers['Authorization'] = (self.basic() if self.challenge.startswith('Basic') else digest(
                self.user, self.password, 'POST', self.url.path or '/', self.challenge, self.uses))
        again = self.connection.sock is not None
        try:
            response, data = self.request(body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # a server may close an idle connection at any time
            if not again:
                raise
            self.connection.close()
            response, data = self.request(body, headers)
        for value in response.headers.get_all('Set-Cookie') or []:
            name, _, rest = value.partition('=')
            self.cookies[name] = rest.partition(';')[0]
        following = re.search(r'nextnonce="([^"]*)"', response.headers.get('Authentication-Info') or '')
        if following:
            self.challenge = re.sub(r'(?<!\w)nonce="[^"]*"', 'nonce="%s"' % following[1], self.challenge)
            self.uses = 0
        if response.will_close:
            self.close()
        return response, data

    def request(self, body, headers):
        pieces = iter([body[at:at + 7] for at in range(0, len(body), 7)]) if self.chunked and body else body
        self.connection.request('POST', self.url.path or '/', body=pieces, headers=headers,
                                encode_chunked=self.chunked and bool(body))
        response = self.connection.getresponse()
        return response, response.read()

    def basic(self):
        return 'Basic ' + base64.b64encode(('%s:%s' % (self.user, self.password)).encode()).decode()

    def exchange(self, text):
        """Posts an envelope (or '') and authenticates where asked to; returns the element in the Body, or None."""
        body = text.encode()
        response, data = self.post(body)
        if response.status == 401:
            challenges = response.headers.get_all('WWW-Authenticate')
            self.challenge, self.uses = challenges[-1], 0
            response, data = self.post(body)
        self.exchanges.append(response.status)
        if response.status not in (200, 204):
            raise ConnectionError('status %d' % response.status)
        if not data.strip():
            return None, None
        root = ElementTree.fromstring(data)
        identifier = find(root, 'ID')
        return root.find('{%s}Body' % SOAP)[0], None if identifier is None else identifier.text or ''

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    # CWMP

    def inform(self, events, retry=0):
        members = ''.join('<EventStruct><EventCode>%s</EventCode><CommandKey/></EventStruct>' % event
                          for event in events)
        values = ''.join(self.value_struct(name) for name in INFORM_NAMES)
        return ENVELOPE % (
            '<cwmp:ID s:mustUnderstand="1">i1</cwmp:ID>',
            '<cwmp:Inform><DeviceId><Manufacturer>Test</Manufacturer><OUI>00D09E</OUI><ProductClass>Script'
            '</ProductClass><SerialNumber>%s</SerialNumber></DeviceId><Event e:arrayType="cwmp:EventStruct[%d]">%s'
            '</Event><MaxEnvelopes>1</MaxEnvelopes><CurrentTime>2024-01-01T00:00:00Z</CurrentTime><RetryCount>%d'
            '</RetryCount><ParameterList e:arrayType="cwmp:ParameterValueStruct[%d]">%s</ParameterList></cwmp:Inform>'
            % (self.serial, len(events), members, retry, len(INFORM_NAMES), values))

    def session(self, events=('1 BOOT',), retry=0, close_between=False):
        """A whole session; returns the names of the requests that it answered."""
        self.cookies = {}
        answered = []
        try:
            message, identifier = self.exchange(self.inform(events, retry))
            if local(message) != 'InformResponse':
                raise ConnectionError('%s in place of InformResponse' % local(message))
            message, identifier = self.exchange('')
            while message is not None:
                if close_between:
                    self.close()
                answered.append(local(message))
                message, identifier = self.exchange(self.answer(message, identifier))
        finally:
            self.close()
        return answered

    def answer(self, request, identifier):
        header = '' if identifier is None else '<cwmp:ID s:mustUnderstand="1">%s</cwmp:ID>' % escape(identifier)
        method = local(request)
        try:
            if method not in self.handlers:
                raise CwmpFault(9000)
            return ENVELOPE % (header, '<cwmp:%sResponse>%s</cwmp:%sResponse>' % (
                method, self.handlers[method](request), method))
        except CwmpFault as fault:
            details = ''.join('<SetParameterValuesFault><ParameterName>%s</ParameterName><FaultCode>%d</FaultCode>'
                              '<FaultString>%s</FaultString></SetParameterValuesFault>' %
                              (name, code, FAULT_TEXTS.get(code, 'refused')) for name, code in fault.details)
            return ENVELOPE % (header, '<s:Fault><faultcode>s:Client</faultcode><faultstring>CWMP fault</faultstring>'
                               '<detail><cwmp:Fault><FaultCode>%d</FaultCode><FaultString>%s</FaultString>%s'
                               '</cwmp:Fault></detail></s:Fault>' % (fault.code, FAULT_TEXTS.get(fault.code, ''),
                                                                     details))

    def value_struct(self, name):
        kind, value, _ = self.parameters[name]
        return ('<ParameterValueStruct><Name>%s</Name><Value xsi:type="xsd:%s">%s</Value></ParameterValueStruct>' %
                (name, kind, escape(value)))

    def matching(self, path):
        names = [name for name in self.parameters if name == path or ((not path or path[-1] == '.') and
                                                                      name.startswith(path))]
        if not names:
            raise CwmpFault(9005)
        return names

    def names_in(self, request):
        return [name for element in request.iter() if local(element) == 'string'
                for name in self.matching(element.text or '')]

    def GetParameterValues(self, request):
        names = self.names_in(request)
        return '<ParameterList e:arrayType="cwmp:ParameterValueStruct[%d]">%s</ParameterList>' % (
            len(names), ''.join(map(self.value_struct, names)))

    def GetParameterNames(self, request):
        names = self.matching(text_of(request, 'ParameterPath'))
        return '<ParameterList e:arrayType="cwmp:ParameterInfoStruct[%d]">%s</ParameterList>' % (len(names), ''.join(
            '<ParameterInfoStruct><Name>%s</Name><Writable>%d</Writable></ParameterInfoStruct>' %
            (name, self.parameters[name][2]) for name in names))

    def SetParameterValues(self, request):
        wanted = {}
        for element in request.iter():
            if local(element) == 'ParameterValueStruct':
                value = find(element, 'Value')
                kind = next((text for name, text in value.attrib.items() if name.endswith('}type')), '')
                wanted[text_of(element, 'Name')] = (kind.rpartition(':')[2], value.text or '')
        details = [(name, 9005 if name not in self.parameters else 9008 if not self.parameters[name][2] else 9006)
                   for name, (kind, _) in wanted.items()
                   if name not in self.parameters or not self.parameters[name][2] or
                   kind not in ('', self.parameters[name][0])]
        if details:
            raise CwmpFault(9003, details)
        for name, (_, value) in wanted.items():
            self.parameters[name][1] = value
        return '<Status>0</Status>'

    def GetParameterAttributes(self, request):
        names = self.names_in(request)
        return '<ParameterList e:arrayType="cwmp:ParameterAttributeStruct[%d]">%s</ParameterList>' % (
            len(names), ''.join('<ParameterAttributeStruct><Name>%s</Name><Notification>%s</Notification>'
                                '<AccessList e:arrayType="xsd:string[1]"><string>Subscriber</string></AccessList>'
                                '</ParameterAttributeStruct>' % (name, self.attributes.get(name, '0'))
                                for name in names))

    def SetParameterAttributes(self, request):
        self.attributes[text_of(request, 'Name')] = text_of(request, 'Notification')
        return ''

    def GetRPCMethods(self, _):
        return '<MethodList e:arrayType="xsd:string[%d]">%s</MethodList>' % (
            len(self.handlers), ''.join('<string>%s</string>' % name for name in self.handlers))

    def AddObject(self, _):
        return '<InstanceNumber>3</InstanceNumber><Status>0</Status>'

    def DeleteObject(self, _):
        return '<Status>1</Status>'

    def Reboot(self, _):
        return ''

    def FactoryReset(self, _):
        return ''


class ConnectionRequests:
    """Listens for connection requests to a device with Digest, and starts a session for each good one."""

    def __init__(self, device, user='acs', password='hello', algorithm='MD5', close=False):
        requests = self
        self.device, self.user, self.password, self.algorithm, self.close = device, user, password, algorithm, close
        self.statuses, self.threads = [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                requests.answer(self)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        device.parameters['Device.ManagementServer.ConnectionRequestURL'][1] = (
            'http://127.0.0.1:%d/path' % self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler):
        challenge = 'Digest realm="device", nonce="n1", qop="auth", opaque="o", algorithm=%s' % self.algorithm
        given = handler.headers.get('Authorization') or ''
        cnonce = re.search(r'cnonce="([^"]*)"', given)
        expected = digest(self.user, self.password, 'GET', '/path', challenge, 1)
        if cnonce:
            # the client's own nonce takes the place of ours
            expected = self.response_for(challenge, cnonce[1])
        good = cnonce and 'response="%s"' % expected in given
        self.statuses.append(200 if good else 401)
        handler.send_response(200 if good else 401)
        if not good:
            handler.send_header('WWW-Authenticate', challenge)
        if self.close:
            handler.send_header('Connection', 'close')
            handler.close_connection = True
        handler.send_header('Content-Length', '0')
        handler.end_headers()
        if good:
            thread = threading.Thread(target=self.device.session, args=(['6 CONNECTION REQUEST'],), daemon=True)
            self.threads.append(thread)
            thread.start()

    def response_for(self, challenge, cnonce):
        function = hashlib.sha256 if self.algorithm == 'SHA-256' else hashlib.md5

        def hashed(text):
            return function(text.encode()).hexdigest()
        return hashed('%s:n1:00000001:%s:auth:%s' % (
            hashed('%s:device:%s' % (self.user, self.password)), cnonce, hashed('GET:/path')))

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        for thread in self.threads:
            thread.join(20)
