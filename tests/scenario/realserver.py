# SPDX-License-Identifier: GPL-2.0-or-later
# The file servers that people run: nginx, vsftpd and tftpd-hpa, each with a configuration of its own, on free ports.
import os
import pathlib
import shutil
import socket
import tempfile

import pytest

from process import wait_until

HOST = '127.0.0.1'
USER, PASSWORD = 'someone', 'a "secret" of ours'

# /slow/: 1 MB a second. /in/: what is PUT. A redirect never changes the path's end.
NGINX = '''daemon off;
user root;
worker_processes 1;
error_log stderr info;
pid %(folder)s/nginx.pid;
events { worker_connections 64; }
http {
	access_log %(folder)s/access.log;
	client_body_temp_path %(folder)s/body;
	proxy_temp_path %(folder)s/proxy;
	fastcgi_temp_path %(folder)s/fastcgi;
	uwsgi_temp_path %(folder)s/uwsgi;
	scgi_temp_path %(folder)s/scgi;
	root %(files)s;
	server {
		listen %(host)s:%(port)d;
		%(tls)s
		location / { }
		location /slow/ { alias %(files)s/; limit_rate 1m; }
		location /secret/ { alias %(files)s/; auth_basic "files"; auth_basic_user_file %(folder)s/users; }
		location /in/ { dav_methods PUT; auth_basic "files"; auth_basic_user_file %(folder)s/users; }
		location /moved/ { rewrite ^/moved/(.*)$ /secret/$1 redirect; }
		location /clear/ { rewrite ^/clear/(.*)$ http://%(host)s:1/$1 redirect; }
	}
}
'''
VSFTPD = '''listen=YES
listen_address=%(host)s
listen_port=%(port)d
background=NO
run_as_launching_user=YES
seccomp_sandbox=NO
anonymous_enable=YES
anon_root=%(files)s
anon_max_rate=%(rate)d
secure_email_list_enable=YES
email_password_file=%(folder)s/passwords
mdtm_write=NO
write_enable=YES
anon_upload_enable=YES
anon_umask=022
pasv_address=%(host)s
xferlog_enable=YES
vsftpd_log_file=%(folder)s/vsftpd.log
'''


def answers(port):
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


class Server:
    """A server of the files in `files`; stop() and begin() end it and start it again on the same port."""

    def __init__(self, start, folder, port, scheme):
        self.start, self.folder, self.port, self.scheme = start, folder, port, scheme
        self.files = folder / 'files'
        self.files.mkdir()
        self.files.chmod(0o755)
        self.process = None

    def put(self, name, data):
        """Makes a file that is served."""
        path = self.files / name
        path.write_bytes(data)
        path.chmod(0o644)

    def url(self, path):
        return '%s://%s:%d/%s' % (self.scheme, HOST, self.port, path)

    def stop(self):
        self.process.kill()


class Nginx(Server):
    def begin(self, certificate=None):
        (self.files / 'in').mkdir(exist_ok=True)
        (self.folder / 'users').write_text('%s:{PLAIN}%s\n' % (USER, PASSWORD))
        tls = 'ssl_certificate %s; ssl_certificate_key %s;' % (certificate.chain, certificate.key) if certificate else ''
        path = self.folder / 'nginx.conf'
        text = NGINX % {'folder': self.folder, 'files': self.files, 'host': HOST, 'port': self.port, 'tls': tls}
        path.write_text(text.replace('%d;' % self.port, '%d ssl;' % self.port) if certificate else text)
        self.process = self.start('nginx', '-e', 'stderr', '-p', self.folder, '-c', path)
        wait_until(lambda: self.process.running() and answers(self.port), 'nginx')
        return self

    def stop(self):
        """With what serves its connections."""
        self.process.stop(15)

    def statuses(self):
        """The status of each request, oldest first."""
        lines = (self.folder / 'access.log').read_text().splitlines()
        return [int(line.split('" ')[1].split()[0]) for line in lines]


class Vsftpd(Server):
    def begin(self, rate=0):
        (self.folder / 'passwords').write_text(PASSWORD + '\n')
        path = self.folder / 'vsftpd.conf'
        path.write_text(VSFTPD % {'folder': self.folder, 'files': self.files, 'host': HOST, 'port': self.port, 'rate': rate})
        self.process = self.start('vsftpd', path)
        wait_until(lambda: self.process.running() and answers(self.port), 'vsftpd')
        return self

    def stop(self):
        os.killpg(self.process.pid, 9)
        self.process.sent.add(9)
        self.process.wait()

    def log(self):
        path = self.folder / 'vsftpd.log'
        return path.read_text() if path.exists() else ''


class Tftpd(Server):
    def begin(self):
        if os.geteuid() != 0:
            pytest.skip('tftpd needs root')
        self.process = self.start('in.tftpd', '--foreground', '--address', '%s:%d' % (HOST, self.port), '--secure',
                                  '--user', 'root', '--permissive', '--create', self.files)

        def listens():
            return '%02X%02X%02X%02X:%04X' % (1, 0, 0, 127, self.port) in pathlib.Path('/proc/net/udp').read_text()
        wait_until(lambda: self.process.running() and listens(), 'tftpd')
        return self


@pytest.fixture
def server_folder():
    """A folder that every user can enter."""
    folder = tempfile.mkdtemp(prefix='e-')
    os.chmod(folder, 0o755)
    yield pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def nginx(start, server_folder, free_port):
    """nginx, without TLS until begin() is given a certificate."""
    return Nginx(start, server_folder, free_port(), 'http')


@pytest.fixture
def vsftpd(start, server_folder, free_port):
    return Vsftpd(start, server_folder, free_port(), 'ftp')


@pytest.fixture
def tftpd(start, server_folder, free_port):
    return Tftpd(start, server_folder, free_port(), 'tftp')
