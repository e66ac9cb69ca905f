"""`maildoctor serve` for the length of a with-statement, and what asks it."""
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import support
from support import equal


def modules_of(simulator, *, login=False):
    """The options that lead to a simulator, as a module has them."""
    options = {}
    words = iter(simulator.arguments[2:])
    for word in words:
        name, value = word[2:], next(words)
        if login or name not in ('user', 'password-file', 'token-file'):
            options.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in options.items()}


class ImapServer(support.Server):
    """An IMAP server with TLS; what becomes of a login says login(words), in the words behind its tag."""
    capability = b'IMAP4rev1'

    def __init__(self, box):
        super().__init__()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(box.path / 'server.pem', box.path / 'server.key')

    def target(self, user='ana'):
        return f'imaps://{user}@127.0.0.1:{self.port}'

    def talk(self, peer):
        with self.context.wrap_socket(peer, server_side=True) as stream, stream.makefile('rwb') as lines:
            lines.write(b'* OK [CAPABILITY %s] here\r\n' % self.capability)
            lines.flush()
            for line in lines:
                lines.write(self.answer(line.split()))
                lines.flush()

    def answer(self, words):
        tag, verb = words[:2]
        said = {b'LOGOUT': b'* BYE\r\n', b'CAPABILITY': b'* CAPABILITY %s\r\n' % self.capability,
                b'EXAMINE': b'* 0 EXISTS\r\n'}.get(verb, b'')
        done = self.login(words) if verb in (b'LOGIN', b'AUTHENTICATE') else b'OK done'
        return said + tag + b' ' + done + b'\r\n'


class Serve:
    def __init__(self, box, modules=None, *options, scheme='http', variables=None):
        self.box = box
        self.scheme = scheme
        self.lines = []
        if modules is not None:
            self.write(modules)
            options = ('--modules', str(box.path / 'modules.json'), *options)
        self.process = box.start('serve', '--listen', '127.0.0.1:0', *options, variables=variables)

    def write(self, modules):
        self.box.file('modules.json', json.dumps({'modules': modules}).encode())

    def __enter__(self):
        for line in self.process.stderr:
            self.lines.append(line.decode())
            found = re.search(r'listening on (https?)://127\.0\.0\.1:(\d+)/$', self.lines[-1])
            if found:
                equal(found[1], self.scheme)
                self.port = int(found[2])
                self.reader = threading.Thread(target=self.read, daemon=True)
                self.reader.start()
                return self
        raise AssertionError(f'serve did not start: {self.lines}')

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.decode())

    def ask(self, path, method='GET', headers=None, body=None, timeout=support.PATIENCE):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def probe(self, target, timeout=None, **query):
        """The metrics: what stands in front of the value, and the value."""
        query = {'target': target, **query}
        path = '/probe?' + '&'.join(f'{name}={value}' for name, value in query.items())
        headers = {} if timeout is None else {'X-Prometheus-Scrape-Timeout-Seconds': str(timeout)}
        status, _, text = self.ask(path, headers=headers)
        equal(status, 200, text)
        return metrics(text)

    def own(self):
        return metrics(self.ask('/metrics')[2])

    def wait(self, done, what):
        """Looks at the own metrics until DONE is content with them."""
        end = time.monotonic() + support.PATIENCE
        while not done(self.own()):
            if time.monotonic() > end:
                raise AssertionError(f'{what}: not within {support.PATIENCE} s: {self.own()}')
            time.sleep(0.05)

    def raw(self):
        return socket.create_connection(('127.0.0.1', self.port), timeout=support.PATIENCE)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def ended(self, status=0):
        equal(self.process.wait(support.PATIENCE), status, 'exit status of serve')

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
            try:
                self.process.wait(support.PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        self.reader.join(support.PATIENCE)
        self.process.stderr.close()
        self.process.stdout.close()
        equal(self.process.returncode, 0, f'exit status of serve ({self.lines})')


def metrics(text):
    found = {}
    for line in text.splitlines():
        if line and not line.startswith('#'):
            name, value = line.rsplit(' ', 1)
            if name in found:
                raise AssertionError(f'{name} stands there twice')
            found[name] = float(value)
    return found


def failures(found):
    """The classes that the metrics name."""
    return [re.search('class="([^"]*)"', name)[1] for name in found if name.startswith('maildoctor_failure')]


def openssl(box, *arguments):
    subprocess.run(['openssl', *arguments], cwd=box.path, check=True, capture_output=True)


def certificates(box):
    """A CA, its server certificate, and one for a client; and a client that another CA knows."""
    for name in ('ca', 'stranger'):
        openssl(box, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                '-subj', f'/CN={name}', '-keyout', f'{name}.key', '-out', f'{name}.pem')
    box.file('server.ext', b'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n')
    box.file('client.ext', b'extendedKeyUsage=clientAuth\n')
    for name, kind, issuer in (('server', 'server', 'ca'), ('client', 'client', 'ca'), ('other', 'client', 'stranger')):
        openssl(box, 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={name}',
                '-keyout', f'{name}.key', '-out', f'{name}.csr')
        openssl(box, 'x509', '-req', '-in', f'{name}.csr', '-CA', f'{issuer}.pem', '-CAkey', f'{issuer}.key',
                '-days', '2', '-CAcreateserial', '-extfile', f'{kind}.ext', '-out', f'{name}.pem')
