# SPDX-License-Identifier: GPL-2.0-or-later
# A stand-in for a Luup (MiOS, Vera) box: serves documents with the shapes and the traps of a real engine.
import http.server
import json
import threading
import time
import urllib.parse

MICASA = 'urn:micasaverde-com:serviceId:'
UPNP = 'urn:upnp-org:serviceId:'
NETWORK, DEVICE, HA = MICASA + 'ZWaveNetwork1', MICASA + 'ZWaveDevice1', MICASA + 'HaDevice1'
SWITCH, SECURITY = UPNP + 'SwitchPower1', MICASA + 'SecuritySensor1'
ENERGY, SETPOINT, MODE = MICASA + 'EnergyMetering1', UPNP + 'TemperatureSetpoint1_Heat', UPNP + 'HVAC_UserOperatingMode1'
TEMPERATURE, HUMIDITY = UPNP + 'TemperatureSensor1', MICASA + 'HumiditySensor1'
POLL_SECONDS = 20


class Device:
    """A device of the box: what user_data says of it, and its variables {(service, name): text}."""

    def __init__(self, number, name, kind, parent, altid, category=0, room=0, variables=(), **more):
        self.number, self.parent, self.version = number, parent, 1
        self.about = dict({'id': number, 'name': name, 'device_type': 'urn:schemas-micasaverde-com:device:%s:1' % kind,
                           'altid': altid, 'id_parent': parent, 'category_num': category, 'subcategory_num': 0,
                           'room': str(room), 'disabled': 0, 'device_file': 'D_%s1.xml' % kind, 'impl_file': ''}, **more)
        self.variables = dict(variables)

    def states(self, first):
        return [{'id': first + i, 'service': service, 'variable': name, 'value': value}
                for i, ((service, name), value) in enumerate(self.variables.items())]


def home():
    """A box as a family has it: two devices that are not Z-Wave's, and a child that comes before its parent."""
    common = {(HA, 'Configured'): '1', (HA, 'CommFailure'): '0', (HA, 'CommFailureTime'): '0',
              (HA, 'FirstConfigured'): '1531340000', (HA, 'LastUpdate'): '1575684931'}
    return [
        Device(2, '_Scene Controller', 'SceneController', 9, 'm7', variables={(HA, 'Configured'): '0'}),
        Device(1, 'ZWave', 'ZWaveNetwork', 0, '', 19, variables={
            (NETWORK, 'NetStatusID'): '1', (NETWORK, 'NetStatusText'): 'OK', (NETWORK, 'Role'): 'Master SIS:YES PRI:YES',
            (NETWORK, 'VersionInfo'): '3.20 L:1', (NETWORK, 'HomeID'): 'House: 0192a3b4 Node 1', (NETWORK, 'NodeID'): '1',
            (NETWORK, 'ComPort'): '/dev/ttyS0', (NETWORK, 'LastUpdate'): '1531346004', (NETWORK, 'LastHeal'): '1531346100',
            (NETWORK, 'LastRouteFailure'): '1531346200', (NETWORK, 'LastDongleBackup'): '1531346300',
            (NETWORK, 'LastError'): 'Poll failed', (NETWORK, 'PollingEnabled'): '1', (NETWORK, 'PollDelayInitial'): '60',
            (NETWORK, 'PollDelayDeadTime'): '2', (NETWORK, 'PollFrequency'): '20', (NETWORK, 'PollMinDelay'): '30'}),
        Device(7, 'Lamp', 'BinaryLight', 1, '5', 3, 2, {**common, **{
            (DEVICE, 'Capabilities'): '219,156,1,4,16,1,L,R,B,RS,|32,37,39,43,44,89,94:2,112,114,133,134,152',
            (DEVICE, 'ManufacturerInfo'): '29,13313,1', (DEVICE, 'VersionInfo'): '3,4,33,1,20',
            (DEVICE, 'NodeInfo'): '20,25,27,2b,2c,59,5a,5e,70', (DEVICE, 'Neighbors'): '1,6,8,',
            (DEVICE, 'NeighborsInverse'): '1,6', (DEVICE, 'AutoRoute'): '1-6', (DEVICE, 'ManualRoute'): '',
            (DEVICE, 'LastRouteUpdate'): '1531346400', (DEVICE, 'Health'): '5', (DEVICE, 'LastReset'): '1531346500',
            (DEVICE, 'PollSettings'): '60', (DEVICE, 'PollCommands'): '37', (DEVICE, 'PollOk'): '12',
            (DEVICE, 'PollNoReply'): '3', (DEVICE, 'PollTxFail'): '1', (DEVICE, 'AssociationNum'): '2',
            (DEVICE, 'AssociationSet'): '1,1;2,6,8', (NETWORK, 'LastPollSuccess'): '1575684900',
            (NETWORK, 'ConsecutivePollFails'): '2',
            (DEVICE, 'VariablesSet'): '7-Locator LED, colour and all,1d,1,13-Night light,2d,300,'
                                      + ','.join('%d-Parameter %d,m,' % (n, n) for n in range(20, 40)),
            (SWITCH, 'Status'): '0', (SWITCH, 'Target'): '0', (ENERGY, 'Watts'): '50.9', (ENERGY, 'KWH'): '1.7386',
            (ENERGY, 'KWHReading'): '1575684000'}}, manufacturer='Acme', model='Plug 1'),
        Device(9, 'Front door', 'DoorSensor', 1, '8', 4, 1, {
            (HA, 'Configured'): '1', (HA, 'BatteryLevel'): '90', (HA, 'BatteryDate'): '1575600000',
            (HA, 'sl_BatteryAlarm'): '0', (DEVICE, 'Capabilities'): '83,156,1,4,7,1,R,|128,132,113',
            (DEVICE, 'WakeupInterval'): '1800', (DEVICE, 'LastWakeup'): '1575684000', (SECURITY, 'Tripped'): '0',
            (SECURITY, 'Armed'): '0', (SECURITY, 'LastTrip'): '1538687494'}, manufacturer='Acme', model='Door 1'),
        Device(12, 'Heating', 'HVAC_ZoneThermostat', 1, '11', 5, 1, {**common, **{
            (HA, 'CommFailure'): '1', (HA, 'CommFailureTime'): '1575684931',
            (DEVICE, 'Capabilities'): '211,156,0,4,8,6,L,R,|49,64,67', (MODE, 'ModeStatus'): 'HeatOn',
            (MODE, 'ModeTarget'): 'HeatOn', (SETPOINT, 'CurrentSetpoint'): '21.00'}}),
        Device(13, 'Heating temperature', 'TemperatureSensor', 12, 'm1', 17, 1, {
            (TEMPERATURE, 'CurrentTemperature'): '27.30', (DEVICE, 'MultiChEndpoint'): '2',
            (DEVICE, 'MultiChCapabilities'): '33,1,|49,94'}),
        Device(14, 'Heating humidity', 'HumiditySensor', 12, 'm5', 16, 1, {(HUMIDITY, 'CurrentLevel'): '50'}),
        Device(30, 'Weather', 'Plugin', 0, '', variables={(TEMPERATURE, 'CurrentTemperature'): '12.0'}),
    ]


class Box:
    """The engine: documents, versions, and requests for changes as they came."""

    def __init__(self, devices=None, port=0):
        self.devices = {device.number: device for device in (devices if devices is not None else home())}
        self.rooms = {1: 'Hall', 2: 'Kitchen'}
        self.load_time, self.version, self.user_version = 1575600001, 100, 100
        self.requests, self.refuse, self.heal = [], None, 1
        self.body = {}           # request id -> bytes served instead of the document
        self.chunk = 700         # bytes of a chunk: documents end in the middle of it
        self.changed = threading.Condition()
        self.closing = False
        box = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                try:
                    box.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 16

            def handle_error(self, request, client_address):
                pass

        self.server = Server(('127.0.0.1', port), Handler)
        self.port = self.server.server_address[1]
        self.url = 'http://127.0.0.1:%d' % self.port
        threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()

    def close(self):
        """Ends the engine; connections that are open end too."""
        with self.changed:
            self.closing = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    def set(self, number, service, name, value):
        """A variable changes."""
        with self.changed:
            self.version += 1
            self.devices[number].variables[service, name] = value
            self.devices[number].version = self.version
            self.changed.notify_all()

    def change_user_data(self, change):
        """change(box) adds, removes or renames devices."""
        with self.changed:
            change(self)
            self.version += 1
            self.user_version += 1
            self.changed.notify_all()

    def reload(self):
        """The engine starts anew: versions begin at the start again."""
        with self.changed:
            self.load_time += 1000
            self.version = 1
            for device in self.devices.values():
                device.version = 1
            self.changed.notify_all()

    # ---- documents

    def versions(self):
        return {'LoadTime': self.load_time, 'DataVersion': self.version, 'UserData_DataVersion': self.user_version,
                'TimeStamp': int(time.time()), 'ZWaveStatus': 1, 'LocalTime': 'x'}

    def status_device(self, device):
        return {'id': device.number, 'states': device.states(10 * device.number), 'Jobs': [], 'PendingJobs': 0,
                'tooltip': {'display': 0}, 'status': -1}

    def status(self, query):
        if 'DeviceNum' in query:
            device = self.status_device(self.devices[int(query['DeviceNum'])])
            return dict({'Device_Num_%s' % query['DeviceNum']: device}, **self.versions())
        since = 0
        if 'DataVersion' in query and int(query.get('LoadTime', 0)) == self.load_time:
            since = int(query['DataVersion'])
            deadline = time.monotonic() + min(int(query.get('Timeout', 0)), POLL_SECONDS)
            while self.version <= since and self.load_time == int(query['LoadTime']) and not self.closing:
                if not self.changed.wait(max(0, deadline - time.monotonic())):
                    break
            if self.load_time != int(query['LoadTime']):
                since = 0
        return dict({'startup': {'tasks': []}, 'devices': [self.status_device(d) for d in self.devices.values()
                                                          if d.version > since],
                     'scenes': [], 'alerts': []}, **self.versions())

    def user_data(self):
        devices = [dict(device.about, states=device.states(0)) for device in self.devices.values()]
        return {'scenes': [{'id': 1, 'name': 'Night', 'devices': [{'id': 99}]}],
                'rooms': [{'id': number, 'name': name, 'section': 1} for number, name in self.rooms.items()],
                'devices': devices, 'LoadTime': self.load_time, 'DataVersion': 575684931, 'static_data': []}

    def sdata(self):
        return {'full': 1, 'version': '*1.7.2331*', 'model': 'Sercomm NA930', 'zwave_heal': self.heal, 'temperature': 'C',
                'devices': [{'name': 'x', 'altid': '5', 'id': 7, 'status': '0'}], 'loadtime': self.load_time,
                'dataversion': self.version}

    # ---- requests

    def act(self, query):
        self.requests.append(query)
        if self.refuse:
            return self.refuse
        number = int(query.get('DeviceNum', query.get('device', 0)))
        if query['id'] == 'variableset':
            self.set(number, query['serviceId'], query['Variable'], query['Value'])
            return 'OK'
        if query['id'] == 'device':
            self.change_user_data(lambda box: box.devices[number].about.update(name=query['name'], room=query['room']))
            return 'OK'
        variable, argument = {'SetTarget': ('Target', 'newTargetValue'), 'SetArmed': ('Armed', 'newArmedValue'),
                              'SetCurrentSetpoint': ('CurrentSetpoint', 'NewCurrentSetpoint'),
                              'SetModeTarget': ('ModeTarget', 'NewModeTarget')}[query['action']]
        self.set(number, query['serviceId'], variable, query[argument])
        if variable == 'Target':
            self.set(number, query['serviceId'], 'Status', query[argument])
        return '{"u:%sResponse":{"JobID":"17"}}' % query['action']

    def answer(self, handler):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(handler.path).query, keep_blank_values=True))
        kind = query.get('id', '').replace('lu_', '')
        if kind in ('variableset', 'action', 'device'):
            self.send(handler, self.act(query).encode())
            return
        with self.changed:
            if kind in self.body:
                body = self.body[kind]
            elif kind == 'status':
                body = self.dump(self.status(query))
            else:
                body = self.dump({'user_data': self.user_data, 'sdata': self.sdata}[kind]())
            if self.closing:
                handler.close_connection = True
                return
        self.send(handler, body)

    def dump(self, document):
        # Engines print with line breaks and tabs, and end with a line break.
        return (json.dumps(document, indent='\t') + '\n').encode()

    def send(self, handler, body):
        handler.send_response(200)
        handler.send_header('Content-Type', 'application/json')
        handler.send_header('Transfer-Encoding', 'chunked')
        handler.end_headers()
        for at in range(0, len(body), self.chunk):
            piece = body[at:at + self.chunk]
            handler.wfile.write(b'%x\r\n%s\r\n' % (len(piece), piece))
        handler.wfile.write(b'0\r\n\r\n')
