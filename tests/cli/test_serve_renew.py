"""The files of the listener of `maildoctor serve`, read anew at a reload: no request is lost, and what is broken changes
nothing."""
import http.client
import os
import signal
import ssl
import time
import support
from serving import Serve, certificates
from support import Mute, Sandbox, contains, equal


class Client:
    """Connections that keep on, to whoever has a certificate of the CA that is in use."""

    def __init__(self, box, port, name=None):
        self.context = ssl.create_default_context(cafile=box.path / 'in-use-ca.pem')
        if name:
            self.context.load_cert_chain(box.path / f'{name}.pem', box.path / f'{name}.key')
        self.port = port

    def connect(self):
        connection = http.client.HTTPSConnection('127.0.0.1', self.port, timeout=support.PATIENCE,
                                                 context=self.context)
        connection.connect()
        return connection


def ask(connection, path='/-/healthy'):
    connection.request('GET', path)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers.get('Connection')


def renew(box):
    """Another CA, and what it has issued, in the place of the first; trusted.pem trusts both."""
    certificates(box)
    known = (box.path / 'in-use-ca.pem').read_bytes() if (box.path / 'in-use-ca.pem').exists() else b''
    box.file('trusted.pem', known + (box.path / 'ca.pem').read_bytes())
    for name in ('server.pem', 'server.key', 'ca.pem'):
        os.replace(box.path / name, box.path / f'in-use-{name}')


def serve_tls(box, *options):
    files = ('--tls-cert', str(box.path / 'in-use-server.pem'), '--tls-key', str(box.path / 'in-use-server.key'))
    return Serve(box, None, *files, *options, scheme='https')


def said(serve, words):
    end = time.monotonic() + support.PATIENCE
    while words not in ''.join(serve.lines):
        if time.monotonic() > end:
            raise AssertionError(f'{words!r} is not in {serve.lines}')
        time.sleep(0.02)


def descriptors(serve):
    return len(os.listdir(f'/proc/{serve.process.pid}/fd'))


def a_new_certificate():
    """Who connects sees the new one at once; who waits for a probe gets it over the old connection."""
    with Sandbox() as box, Mute() as mute:
        renew(box)
        with serve_tls(box) as serve:
            client = Client(box, serve.port)
            first, waiting = client.connect(), client.connect()
            equal(ask(first), (200, None))
            before = serve_count = descriptors(serve)
            old = first.sock.getpeercert()['serialNumber']
            waiting.request('GET', f'/probe?target={mute.target}', headers={'X-Prometheus-Scrape-Timeout-Seconds': '4'})
            mute.reached()
            for _ in range(3):
                renew(box)
                serve.stop(signal.SIGHUP)
                serve.lines.clear()
                said(serve, 'reloaded')
            second = Client(box, serve.port).connect()
            equal(second.sock.getpeercert()['serialNumber'] == old, False, 'the new certificate')
            equal(ask(second), (200, None))
            equal(ask(first), (200, 'close'), 'the connection that was there is answered, and then closed')
            answer = waiting.getresponse()
            contains(answer.read().decode(), 'probe_success')
            equal((answer.status, answer.headers.get('Connection')), (200, 'close'))
            for connection in (first, waiting, second):
                connection.close()
            mute.taken.pop().close()
            end = time.monotonic() + support.PATIENCE
            while serve_count > before - 3 and time.monotonic() < end:
                serve_count = descriptors(serve)
                time.sleep(0.05)
            equal(serve_count <= before, True, f'descriptors: {serve_count}, and {before} before')


def a_broken_one():
    """It is told in one line, and nothing changes; the modules are renewed all the same."""
    with Sandbox() as box:
        renew(box)
        box.file('modules.json', b'{"modules":{"a":{}}}')
        with serve_tls(box, '--modules', str(box.path / 'modules.json')) as serve:
            client = Client(box, serve.port)
            connection = client.connect()
            serial = connection.sock.getpeercert()['serialNumber']
            for name, content, words in (
                    ('in-use-server.pem', b'no certificate\n', 'do certificate and key fit?'),
                    ('in-use-server.key', None, 'cannot read')):
                good = (box.path / name).read_bytes()
                if content is None:
                    os.unlink(box.path / name)
                else:
                    box.file(name, content)
                box.file('modules.json', b'{"modules":{"b":{},"' + name[7:13].encode() + b'":{}}}')
                serve.lines.clear()
                serve.stop(signal.SIGHUP)
                said(serve, 'the listener stays as it was')
                equal(len(serve.lines), 1, serve.lines)
                contains(serve.lines[0], words)
                other = client.connect()
                equal(other.sock.getpeercert()['serialNumber'], serial)
                equal((ask(connection), ask(other)), ((200, None), (200, None)))
                other.request('GET', '/metrics')
                text = other.getresponse().read().decode()
                contains(text, 'maildoctor_serve_last_reload_successful 0')
                contains(text, 'maildoctor_serve_modules 2')
                other.request('POST', '/-/reload')
                answer = other.getresponse()
                contains(answer.read().decode(), words)
                equal(answer.status, 500)
                box.file(name, good)
            serve.lines.clear()
            other.request('POST', '/-/reload')
            equal(other.getresponse().status, 200)
            said(serve, 'reloaded')


def whoever_is_let_in():
    """Another CA for clients, another login."""
    with Sandbox() as box:
        renew(box)
        box.file('login', b'ana:one')
        with serve_tls(box, '--client-ca', str(box.path / 'in-use-ca.pem'), '--login-file',
                       str(box.path / 'login')) as serve:
            first = Client(box, serve.port, 'client')
            headers = [{'Authorization': 'Basic ' + word} for word in ('YW5hOm9uZQ==', 'YW5hOnR3bw==')]

            def status(client, login):
                connection = client.connect()
                connection.request('GET', '/metrics', headers=headers[login])
                return connection.getresponse().status

            equal((status(first, 0), status(first, 1)), (200, 401))
            for kind in ('pem', 'key'):
                os.replace(box.path / f'client.{kind}', box.path / f'former.{kind}')
            renew(box)
            box.file('login', b'ana:two')
            serve.stop(signal.SIGHUP)
            said(serve, 'reloaded')
            former, second = Client(box, serve.port, 'former'), Client(box, serve.port, 'client')
            equal((status(former, 1), status(second, 1), status(second, 0)), (403, 200, 401))


support.main([
    ('a new certificate', a_new_certificate),
    ('a broken one', a_broken_one),
    ('another CA for clients, another login', whoever_is_let_in),
])
