"""The HTTP surface of `maildoctor serve`: what is answered, refused and bounded; reload and the end."""
import http.client
import json
import signal
import socket
import subprocess
import threading
import time
import support
from serving import Serve, certificates, failures, modules_of
from support import Mute, Sandbox, Server, Simulator, complains, contains, equal, lacks

TARGET = 'ana@example.org'


def healthy():
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        with Serve(box, {'default': {'options': modules_of(simulator)}}) as serve:
            found = serve.probe(TARGET, timeout=30)
            equal((found['probe_success'], found['maildoctor_verdict'], failures(found)), (1, 0, []))
            equal(found['maildoctor_unconfirmed_failure'], 0)
            if abs(found['maildoctor_last_run_timestamp_seconds'] - time.time()) > 300:
                raise AssertionError('the time of the run')
            status, headers, text = serve.ask(f'/probe?target={TARGET}&debug=true')
            equal((status, headers['Content-Type']), (200, 'text/plain; charset=utf-8'))
            contains(text, 'WAY OPEN for sending and reading')
            contains(text, 'Metrics:\n')
            for accept, kind in (('text/plain', 'text/plain; version=0.0.4; charset=utf-8'),
                                 ('application/openmetrics-text;version=1.0.0,*/*;q=0.1',
                                  'application/openmetrics-text; version=1.0.0; charset=utf-8')):
                status, headers, text = serve.ask(f'/probe?target={TARGET}', headers={'Accept': accept})
                equal((status, headers['Content-Type']), (200, kind))
                equal(text.endswith('# EOF\n'), True)
            equal(serve.own()['maildoctor_serve_runs_total{status="ok"}'], 4)
            status, headers, text = serve.ask('/')
            equal((status, headers['Content-Type']), (200, 'text/html; charset=utf-8'))
            contains(text, TARGET)
            equal(serve.ask('/-/healthy')[:3:2], (200, 'healthy\n'))


def refusals():
    with Sandbox() as box, Serve(box, {'free': {}, 'fixed': {'targets': [TARGET]},
                                       'narrow': {'options': {'ports': '993'}}}) as serve:
        for path, status, words in (
                ('/probe', 400, 'no such module'),
                ('/probe?module=free', 400, 'target is missing'),
                ('/probe?module=free&target=', 400, 'target is missing'),
                ('/probe?module=none&target=a.example', 400, 'no such module'),
                ('/probe?module=free&target=a%20b', 400, ''),
                ('/probe?module=free&target=%0d%0aX:y', 400, ''),
                ('/probe?module=free&target=a%00.example', 400, 'zero byte'),
                ('/probe?module=free&target=' + 'a' * 600, 400, '512'),
                ('/probe?module=free&target=a.example&target=b.example', 400, 'twice'),
                ('/probe?module=free&target=a.example&debug=1', 400, 'debug'),
                ('/probe?module=free&target=a.example&from=me@example.org', 400, 'modules file'),
                ('/probe?module=free&target=a.example&to=you@example.org', 400, 'modules file'),
                ('/probe?module=free&target=a.example&password=x', 400, 'modules file'),
                ('/probe?module=free&target=a.example&' + '&'.join(f'x{i}' for i in range(40)), 400, 'parameters'),
                ('/probe?module=narrow&target=a.example:587', 400, 'port'),
                ('/probe?module=fixed&target=a.example', 403, 'other targets'),
                ('/probe?module=fixed&target=ANA@example.org', 403, 'other targets'),
                ('/nothing', 404, 'nothing'),
                ('/probe/', 404, 'nothing'),
                ('//probe', 404, 'nothing'),
                ('/-/reload', 405, 'method')):
            found = serve.ask(path)
            equal(found[0], status, path)
            contains(found[2], words, path)
        for number in ('x', '-1', '1e9', 'nan', ''):
            found = serve.ask('/probe?module=free&target=a.example',
                              headers={'X-Prometheus-Scrape-Timeout-Seconds': number})
            equal(found[0], 400, number)
        status, headers, _ = serve.ask('/probe?module=fixed', method='POST')
        equal((status, headers['Allow']), (405, 'GET, HEAD'))
        equal(serve.ask('/', method='DELETE')[0], 405)
        equal(serve.ask('/-/reload', method='POST', body='x' * 100)[0], 400)
        equal(serve.ask('/-/reload', method='POST', headers={'Sec-Fetch-Site': 'cross-site'})[0], 403)
        equal(serve.own()['maildoctor_serve_reloads_total'], 0)
        equal(sum(value for name, value in serve.own().items() if 'runs_total' in name), 0)


def hostile_names_stay_text():
    """The target comes from whoever asks, and stands on the page."""
    with Sandbox() as box, Serve(box, {'default': {'options': {'deadline': 0.1, 'resolver': '127.0.0.1:9'}}}) as serve:
        target = '%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E@example.org'
        equal(serve.ask(f'/probe?target={target}')[0], 200)
        page = serve.ask('/')[2]
        lacks(page, '<script')
        contains(page, '&lt;script&gt;')


def deadline_is_no_fault():
    """A scrape that ends before a step's budget knows nothing; what was going on is told to the next one."""
    with Sandbox() as box, Mute() as mute, Serve(box, {'default': {'options': {'timeout': 3}}}) as serve:
        for timeout in (0.2, 1):
            began = time.monotonic()
            found = serve.probe(mute.target, timeout=timeout)
            took = time.monotonic() - began
            equal((failures(found), found['probe_success'], found['maildoctor_verdict']), ([], 0, 3))
            equal(found['maildoctor_complete'], 0)
            if took > timeout + 1:
                raise AssertionError(f'{took} s')
        serve.wait(lambda own: own['maildoctor_serve_runs_total{status="fail"}'] >= 2, 'the run goes on')
        found = serve.probe(mute.target, timeout=1)
        equal(failures(found), ['greeting-timeout'], 'the next scrape is told')
        own = serve.own()
        equal(own['maildoctor_serve_late_total'], 2)
        equal(own['maildoctor_serve_uncounted_failures_total'], 1)


def one_probe_for_all():
    with Sandbox() as box, Mute() as mute, Serve(box, {'default': {'options': {'timeout': 2}}}) as serve:
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(serve.probe(mute.target))) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal([failures(found) for found in answers], [['greeting-timeout']] * 10)
        own = serve.own()
        equal(own['maildoctor_serve_joined_total'], 9)
        equal(own['maildoctor_serve_runs_total{status="fail"}'], 2, 'one that does not count, and one that does')


def own_rules():
    """A module's rules are beside it, and name what the catalogue does not know."""
    with Sandbox() as box, Once(0, b'* BYE mailbox not provisioned here\r\n') as once:
        box.file('rules.json', json.dumps({'classes': [{
            'id': 'contoso-not-moved', 'title': 'Not moved yet.', 'stage': 'greeting', 'owner': 'helpdesk',
            'meaning': 'It is on the old server.', 'distinguish': 'Others say other words.', 'fix': ['Wait.'],
            'references': ['a page'], 'rules': [{'reply': {'all': ['mailbox not provisioned here']},
                                                'confidence': 'certain',
                                                'example': '* BYE mailbox not provisioned here'}],
        }]}).encode())
        with Serve(box, {'default': {'options': {'rules': 'rules.json'}}}) as serve:
            equal(failures(serve.probe(once.target)), ['contoso-not-moved'])


def cached():
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        module = {'options': modules_of(simulator), 'cache': 600}
        with Serve(box, {'default': module, 'fixed': {**module, 'targets': [TARGET]}}) as serve:
            first = serve.probe(TARGET)
            equal(serve.probe(TARGET), first)
            equal(serve.own()['maildoctor_serve_cached_total'], 1)
            serve.probe(TARGET, module='fixed')
            equal(serve.own()['maildoctor_serve_runs_total{status="ok"}'], 2, 'each module has its own')


class Once(Server):
    """An IMAP port whose first connections are reset, and that greets from then on."""

    def __init__(self, resets, greeting=b'* OK [CAPABILITY IMAP4rev1] here\r\n'):
        super().__init__()
        self.target = f'imap://127.0.0.1:{self.port}'
        self.resets = iter(range(resets))
        self.greeting = greeting

    def talk(self, peer):
        if next(self.resets, None) is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
            return
        peer.sendall(self.greeting)
        with peer.makefile('rb') as lines:
            for line in lines:
                tag, verb = line.split()[:2]
                said = b'* BYE\r\n' if verb == b'LOGOUT' else b'* CAPABILITY IMAP4rev1\r\n'
                peer.sendall(said + tag + b' OK done\r\n')


def counts_from_the_second_time():
    with Sandbox() as box, Once(1) as once, Serve(box) as serve:
        equal(failures(serve.probe(once.target)), ['starttls-unavailable'], 'a reset that passed')
        equal(serve.own()['maildoctor_serve_uncounted_failures_total'], 1)
    with Sandbox() as box, Once(10**6) as always, Serve(box) as serve:
        found = serve.probe(always.target)
        equal((len(failures(found)), found['maildoctor_verdict']), (1, 2))
        own = serve.own()
        equal(own['maildoctor_serve_uncounted_failures_total'], 1)
        serve.probe(always.target)
        equal(serve.own()['maildoctor_serve_uncounted_failures_total'], 1, 'what fails anyway counts at once')


def reload():
    with Sandbox() as box, Mute() as mute, Serve(box, {'old': {'options': {'timeout': 3}}, 'kept': {}}) as serve:
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(serve.probe(mute.target, module='old')))
        waiting.start()
        mute.reached()
        serve.write({'new': {}, 'kept': {}})
        equal(serve.ask('/-/reload', method='POST')[:3:2], (200, 'reloaded\n'))
        equal(serve.ask('/probe?module=old&target=a.example')[0], 400)
        waiting.join()
        equal(failures(answers[0]), ['greeting-timeout'], 'the running probe is not lost')
        box.file('modules.json', b'{ "modules": {\n } } }')
        status, _, text = serve.ask('/-/reload', method='POST')
        equal(status, 500)
        contains(text, 'line 2')
        equal(serve.own()['maildoctor_serve_last_reload_successful'], 0)
        equal(serve.ask('/probe?module=new&target=%20')[2].count('no such module'), 0)
        serve.write({'newest': {}})
        serve.stop(signal.SIGHUP)
        serve.wait(lambda own: own['maildoctor_serve_last_reload_successful'] == 1, 'SIGHUP')
        equal(serve.ask('/probe?module=new&target=a.example')[0], 400)
        equal(serve.own()['maildoctor_serve_modules'], 1)


def ends_with_all_answered():
    with Sandbox() as box, Mute() as mute, Serve(box, {'default': {'options': {'timeout': 2}}}) as serve:
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(serve.probe(mute.target)))
        waiting.start()
        mute.reached()
        serve.stop()
        waiting.join()
        equal(failures(answers[0]), ['greeting-timeout'])
        serve.ended()


def ends_at_once_when_asked_twice():
    with Sandbox() as box, Mute() as mute, Serve(box, {'default': {'options': {'timeout': 50}}}) as serve:
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(serve.probe(mute.target)))
        waiting.start()
        mute.reached()
        began = time.monotonic()
        serve.stop()
        serve.stop(signal.SIGINT)
        waiting.join()
        serve.ended()
        equal(answers[0]['maildoctor_verdict'], 3)
        if time.monotonic() - began > 20:
            raise AssertionError('it waited for the run')


def ends_beside_idle_connections():
    with Sandbox() as box, Serve(box) as serve:
        idle = [serve.raw() for _ in range(5)]
        kept = http.client.HTTPConnection('127.0.0.1', serve.port, timeout=support.PATIENCE)
        kept.request('GET', '/-/healthy')
        kept.getresponse().read()
        serve.stop()
        serve.ended()
        for connection in (*idle, kept):
            connection.close()


def bounds():
    with Sandbox() as box, Serve(box, None, '--connections', '8') as serve:
        with serve.raw() as big:
            big.sendall(b'GET /' + b'a' * 40000 + b' HTTP/1.1\r\nHost: x\r\n\r\n')
            contains((b'414', b'431', b'400'), big.recv(12).split()[1], 'a long request line')
        with serve.raw() as big:
            big.sendall(b'GET /metrics HTTP/1.1\r\nHost: x\r\n')
            try:
                for i in range(4000):
                    big.sendall(b'X%d: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n' % i)
            except OSError:
                pass
            try:
                answer = big.recv(12)
            except ConnectionError:
                answer = b''
            if answer and answer.split()[1] not in (b'431', b'413', b'400'):
                raise AssertionError(f'{answer}')
        idle = [serve.raw() for _ in range(30)]
        slow = serve.raw()
        began = time.monotonic()
        equal(serve.ask('/-/healthy')[0], 200, 'who only holds connections open makes room')
        for connection in idle:
            connection.close()
        try:
            while True:  # a byte at a time, for ever
                slow.sendall(b'G')
                time.sleep(0.2)
                if time.monotonic() - began > support.PATIENCE:
                    raise AssertionError('a request that never ends is not ended')
        except OSError:
            pass
        slow.close()
        serve.wait(lambda own: own['maildoctor_serve_connections'] <= 1, 'connections are let go')


def curl(*arguments):
    run = subprocess.run(['curl', '-sS', '--max-time', str(support.PATIENCE), '-w', '%{http_code}', *arguments],
                         capture_output=True, check=False)
    return run.stdout.decode()


def login():
    with Sandbox() as box:
        box.file('login', b'prom:sesame\n')
        with Serve(box, None, '--login-file', str(box.path / 'login')) as serve:
            url = f'http://127.0.0.1:{serve.port}'
            equal(curl('-o', '/dev/null', f'{url}/metrics'), '401')
            equal(curl('-o', '/dev/null', '-u', 'prom:wrong', f'{url}/metrics'), '401')
            equal(curl('-o', '/dev/null', '-u', 'prom:sesame', f'{url}/metrics'), '200')
            equal(curl('-o', '/dev/null', f'{url}/-/healthy'), '200', 'whoever watches the process has no login')
            equal(curl('-o', '/dev/null', '-X', 'POST', f'{url}/-/reload'), '401')
            contains(serve.ask('/metrics')[1]['WWW-Authenticate'], 'Basic realm=')
            lacks(''.join(serve.lines), 'sesame')


def tls():
    with Sandbox() as box:
        certificates(box)
        path = {name: str(box.path / name) for name in
                ('ca.pem', 'server.pem', 'server.key', 'client.pem', 'client.key', 'other.pem', 'other.key',
                 'stranger.pem')}
        files = ('--tls-cert', path['server.pem'], '--tls-key', path['server.key'])
        with Serve(box, None, *files, scheme='https') as serve:
            url = f'https://127.0.0.1:{serve.port}/metrics'
            equal(curl('-o', '/dev/null', '--cacert', path['ca.pem'], url), '200')
            equal(curl('-o', '/dev/null', '--cacert', path['stranger.pem'], url), '000')
            equal(curl('-o', '/dev/null', '--cacert', path['ca.pem'], '--tls-max', '1.1', url), '000')
        with Serve(box, None, *files, '--client-ca', path['ca.pem'], scheme='https') as serve:
            url = f'https://127.0.0.1:{serve.port}'
            ask = ('-o', '/dev/null', '--cacert', path['ca.pem'])
            equal(curl(*ask, f'{url}/metrics'), '403')
            equal(curl(*ask, '--cert', path['client.pem'], '--key', path['client.key'], f'{url}/metrics'), '200')
            equal(curl(*ask, '--cert', path['other.pem'], '--key', path['other.key'], f'{url}/metrics'), '403')
            equal(curl(*ask, '--cert', path['server.pem'], '--key', path['server.key'], f'{url}/metrics'), '403')
            equal(curl(*ask, f'{url}/-/healthy'), '200')


def bad_usage():
    with Sandbox() as box, socket.create_server(('127.0.0.1', 0)) as taken:
        box.file('login', b'no colon\n')
        box.file('pem', b'no certificate\n')
        box.file('modules.json', b'{}')
        for arguments, words in (
                (['mail.example.org'], 'options only'),
                (['--listen', 'localhost:1'], '--listen localhost:1'),
                (['--listen', '127.0.0.1'], '--listen'),
                (['--listen', '::1:80'], '--listen'),
                (['--listen', '127.0.0.1:70000'], '--listen'),
                (['--listen', f'127.0.0.1:{taken.getsockname()[1]}'], 'cannot listen'),
                (['--jobs', '0'], '--jobs 0'),
                (['--timeout-offset', '-1'], '--timeout-offset'),
                (['--tls-cert', 'pem'], 'need each other'),
                (['--client-ca', 'pem'], '--tls-cert'),
                (['--tls-cert', 'pem', '--tls-key', 'pem', '--listen', '127.0.0.1:0'], 'certificate and key'),
                (['--tls-cert', 'none', '--tls-key', 'pem'], 'cannot read none'),
                (['--login-file', 'login'], 'with a colon'),
                (['--login-file', 'none'], 'cannot read the login'),
                (['--modules', 'none.json'], 'none.json'),
                (['--modules', 'modules.json'], 'no object'),
                (['--password', 'x'], 'unknown option')):
            complains(box.run('serve', *arguments), words, ' '.join(arguments))
        shown = box.run('serve', '--help')
        equal((shown.returncode, shown.stderr), (0, b''))
        contains(shown.stdout, b'--modules')


def warns_when_open():
    with Sandbox() as box:
        process = box.start('serve', '--listen', '0.0.0.0:0')
        lines = [process.stderr.readline(), process.stderr.readline()]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=support.PATIENCE)
        contains(lines[0], b'warning: whoever reaches the listener')
        equal(process.returncode, 0)


support.main([
    ('a healthy provider, and the other pages', healthy),
    ('what is refused', refusals),
    ('a hostile target stays text', hostile_names_stay_text),
    ('a scrape that ends too early blames nobody', deadline_is_no_fault),
    ('many scrapes, one probe', one_probe_for_all),
    ('rules of one\'s own', own_rules),
    ('a result answers again as long as its module says', cached),
    ('what often passes counts from the second time', counts_from_the_second_time),
    ('reload', reload),
    ('the end comes when all is answered', ends_with_all_answered),
    ('asked twice, it ends at once', ends_at_once_when_asked_twice),
    ('idle connections do not hold it up', ends_beside_idle_connections),
    ('requests are bounded', bounds),
    ('a login for the listener', login),
    ('TLS and client certificates for the listener', tls),
    ('bad usage', bad_usage),
    ('a listener that everybody reaches', warns_when_open),
])
