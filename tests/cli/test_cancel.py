"""Interrupts at many moments of a run: always a whole result, an exit status that fits it, and nothing left behind
(built with AddressSanitizer, the program ends with another status when memory was misused or lost)."""
import json
import os
import random
import select
import signal
import socket
import support
import time
from support import Sandbox, Server, Simulator, contains, equal

# Different each time, and said when a case fails, so that the moment can be found again.
SEED = int(os.environ.get('MAILDOCTOR_SEED', random.randrange(1 << 30)))


class Socks(Server):
    """A SOCKS5 proxy with a login: slow enough that an interrupt meets it at work."""

    def __init__(self, user, password):
        super().__init__()
        self.user, self.password = user.encode(), password.encode()
        self.url = f'socks5://{user}@127.0.0.1:{self.port}'
        self.asked, self.refused = [], 0

    @staticmethod
    def take(client, size):
        got = b''
        while len(got) < size:
            piece = client.recv(size - len(got))
            if not piece:
                raise EOFError
            got += piece
        return got

    def talk(self, client):
        self.take(client, self.take(client, 2)[1])
        client.sendall(b'\5\2')
        user = self.take(client, self.take(client, 2)[1])
        password = self.take(client, self.take(client, 1)[0])
        if (user, password) != (self.user, self.password):
            self.refused += 1
            client.sendall(b'\1\1')
            return
        client.sendall(b'\1\0')
        kind = self.take(client, 4)[3]
        host = self.take(client, 4 if kind == 1 else self.take(client, 1)[0])
        name = socket.inet_ntoa(host) if kind == 1 else host.decode()
        port = int.from_bytes(self.take(client, 2), 'big')
        self.asked.append((kind, name, port))
        with socket.create_connection((name, port)) as server:
            client.sendall(b'\5\0\0\1' + bytes(6))
            self.relay(client, server)

    @staticmethod
    def relay(one, other):
        while True:
            for ready in select.select([one, other], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                (other if ready is one else one).sendall(data)


EARLY = b'maildoctor: interrupted before anything was tested\n'


def check(out, err, status, what):
    equal(err, b'', f'{what}: standard error')
    result = json.loads(out)
    if status not in (0, 1, 2, 3):
        raise AssertionError(f'{what}: ended with {status}')
    if result['complete']:
        equal(result['cut_by'], None, what)
    else:
        equal(result['cut_by'], 'interrupt', what)
        equal(status in (2, 3), True, f'{what}: status {status} of an incomplete run')
        equal(result['verdict']['status'] in ('fail', 'unknown'), True, f'{what}: {result["verdict"]["status"]}')
    for endpoint in result['endpoints']:
        for attempt in endpoint['attempts']:
            for step in attempt['steps']:
                if step['duration_ms'] is None:
                    raise AssertionError(f'{what}: step {step["name"]} of {endpoint["id"]} was left open')
    return result['complete']


def many(scenario, count, *more, span=None, variables=None):
    """COUNT runs, each interrupted somewhere between its start and SPAN seconds: as long as a whole run if not told."""
    moments = random.Random(SEED)
    with Sandbox() as box, Simulator(box, scenario, '--delay-scale', '0.02') as simulator:
        arguments = [*simulator.arguments, *more, '--retry-login', '--format', 'json']
        if span is None:
            whole = box.run(*arguments, variables=variables)
            span = json.loads(whole.stdout)['duration_ms'] / 1000 + 0.03
        cut = 0
        for number in range(count):
            pause = moments.uniform(0, span)
            process = box.start(*arguments, variables=variables)
            try:
                out, err = process.communicate(timeout=pause)
            except support.subprocess.TimeoutExpired:
                process.send_signal(moments.choice([signal.SIGINT, signal.SIGTERM]))
                out, err = process.communicate(timeout=support.PATIENCE)
            # Before the program heeds signals, they end it as any other; then, before the run, with one line.
            if process.returncode in (-signal.SIGINT, -signal.SIGTERM) and not out:
                continue
            if (process.returncode, out, err) == (3, b'', EARLY):
                continue
            what = f'{scenario}, run {number}, after {pause:.4f} s, seed {SEED}'
            cut += not check(out, err, process.returncode, what)
        print(f'# {scenario}: {cut} of {count} runs were cut', flush=True)


def cancelled(*arguments, **more):
    return lambda: many(*arguments, **more)


def through_a_proxy():
    with Socks('porter', 'sesame-417') as proxy:
        many('healthy', 30, '--proxy', proxy.url, variables={'MAILDOCTOR_PROXY_PASSWORD': 'sesame-417'})


def proxy_secret():
    """The proxy alone learns its password, and is given names, not addresses."""
    with Sandbox() as box, Simulator(box, 'healthy') as simulator, Socks('porter', 'sesame-417') as proxy:
        for variables, more in (({'MAILDOCTOR_PROXY_PASSWORD': 'sesame-417'}, []),
                                ({}, ['--proxy-password-file', box.file('secret', b'sesame-417\n')])):
            for style in (['-v', '--transcript'], ['--format', 'json', '--transcript']):
                run = box.run(*simulator.arguments, '--proxy', proxy.url, *more, *style, variables=variables)
                equal((run.returncode, run.stderr), (0, b''))
                contains(run.stdout, b'socks5://porter@127.0.0.1:')
                for form in (b'sesame-417', b'c2VzYW1lLTQxN', b'NlY2FtZS00MT'):
                    support.lacks(run.stdout, form)
        equal({kind for kind, *_ in proxy.asked}, {1}, 'what --connect-to names is an address')
        wrong = box.run(*simulator.arguments, '--proxy', proxy.url, '--format', 'json',
                        variables={'MAILDOCTOR_PROXY_PASSWORD': 'sesame-418'})
        result = json.loads(wrong.stdout)
        equal((wrong.returncode, result['verdict']['class']), (2, 'proxy-login-refused'))
        support.lacks(wrong.stdout, b'sesame')


def held_back(result):
    return 'login-held-back' in [finding['class'] for finding in json.loads(result)['findings']]


def called_off():
    """Stopped by a person while a login waits for its answer: nobody refused the password, and no login is sent
    afterwards. At the deadline it counts, so that a run begun again and again cannot lock the account."""
    with Sandbox() as box, Simulator(box, 'bad-credentials-generic', '--delay-scale', '1') as simulator:
        arguments = [*simulator.arguments, '--ports', '587,993', '--format', 'json', '--deadline', '2']
        process = box.start(*arguments)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=support.PATIENCE)
        outcomes = [a['auth']['outcome'] for e in json.loads(out)['endpoints'] for a in e['attempts'] if a.get('auth')]
        if 'unjudged' not in outcomes:
            raise support.Skip(f'no login was under way after a second: {outcomes}')
        support.lacks(outcomes, 'judged')
        again = box.run(*arguments)
        equal(held_back(again.stdout), False, 'after the interrupt')
        equal(held_back(box.run(*arguments).stdout), True, 'after the deadline')


support.main([('a login that was called off', called_off),
              ('the proxy alone learns its password', proxy_secret),
              ('a healthy provider', cancelled('healthy', 40)),
              ('a refused password', cancelled('bad-credentials', 25)),
              ('an own server', cancelled('healthy-generic', 25)),
              ('a silent greeting', cancelled('greeting-timeout', 8, span=4)),
              ('an untrusted certificate', cancelled('cert-untrusted', 12)),
              ('a silent name server', cancelled('dns-timeout', 8, span=2)),
              ('through a proxy', through_a_proxy)])
