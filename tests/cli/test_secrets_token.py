"""What an authority is sent, and what it sends, goes nowhere else: not into a result in any format, a file, a core, the
process list or the environment of a command; not even where the authority echoes it in an error."""
import json
import os
import pathlib
import signal
import subprocess
import urllib.parse

from authority import Recorder
from support import PATIENCE, Sandbox, Simulator, contains, equal, lacks, main

SECRET, REFRESH, CODE = 'cl1ent-s3cret~of/the+app', '1//0AR-refresh.t0ken_of-ana', 'dev1ce-c0de-of-the-run'
ACCESS, RENEWED, ASSERTION = 'EwBI-opaque-acc3ss-token', '1//0AR-another.refresh_token', 'eyJ-job.assert1on.of-ci'
ALL = (SECRET, REFRESH, CODE, ACCESS, RENEWED, ASSERTION)
FORMATS = ('text', 'json', 'ndjson', 'html', 'nagios', 'openmetrics', 'junit', 'github', 'sarif', 'csv')


def clean(text, what, *values):
    for value in values or ALL:
        lacks(text, value.encode(), what)
        lacks(text, urllib.parse.quote(value, safe='').encode(), what)


def key_of(box):
    """An app's certificate, its key, and a line of the key."""
    key, certificate = str(box.path / 'app-key.pem'), str(box.path / 'app.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate,
                    '-subj', '/CN=app'], check=True, capture_output=True)
    return key, certificate, pathlib.Path(key).read_text(encoding='ascii').splitlines()[5]


def ways(box, recorder):
    key, certificate, _ = key_of(box)
    base = ['--client-id', 'app', '--tenant', 'contoso.com', '--authority', recorder.url, '--ca-file', recorder.ca_file,
            '--no-token-cache']
    secret = ['--client-secret-file', box.file('secret', SECRET.encode())]
    refresh = ['--refresh-token-file', box.file('refresh', REFRESH.encode())]
    assertion = ['--assertion-file', box.file('assertion', ASSERTION.encode())]
    return {'secret': [*base, '--oauth', 'client-credentials', *secret],
            'certificate': [*base, '--oauth', 'client-credentials', '--certificate-file', certificate, '--key-file', key],
            'refresh': [*base, '--oauth', 'refresh', *secret, *refresh],
            'federation': [*base, '--oauth', 'federation', *assertion],
            'device': [*base, '--oauth', 'device', *secret]}


def answer(recorder, **content):
    recorder.answer = json.dumps(content).encode()


def echoed():
    """An authority that repeats in its error all that it was sent, as it was and as the form had it."""
    with Sandbox() as box, Recorder(box) as recorder:
        for name, way in ways(box, recorder).items():
            sent = {'secret': [SECRET], 'certificate': [], 'refresh': [SECRET, REFRESH], 'federation': [ASSERTION],
                    'device': [SECRET]}[name]
            words = ' '.join([*sent, *(urllib.parse.quote(value, safe='') for value in sent)])
            for error in ({'error': 'invalid_grant', 'error_description': f'I was sent {words}'}, {'error': words or 'x'}):
                answer(recorder, **error)
                result = box.run('token', 'get', *way)
                equal(result.returncode, 2, (name, result.stdout, result.stderr))
                contains(result.stdout, b'NO TOKEN', name)
                clean(result.stdout + result.stderr, name)
        way = ways(box, recorder)['refresh']
        answer(recorder, error='invalid_grant', error_description=f'not {REFRESH} of {SECRET}')
        for form in FORMATS:
            result = box.run('check', 'imap://127.0.0.1:1', '--user', 'ana@contoso.com', *way, '--format', form, '-v',
                             '--transcript')
            if not result.stdout:
                raise AssertionError(f'{form}: {result.stderr!r}')
            clean(result.stdout + result.stderr, form)


def device_echoed():
    """The code that only the program may know is not shown when an error repeats it, nor what comes with the error."""
    with Sandbox() as box, Recorder(box) as recorder:
        answer(recorder, device_code=CODE, user_code='A-B', interval=1, verification_uri='https://a.example.org',
               error='bad_verification_code', error_description=f'no {CODE} {RENEWED}', refresh_token=RENEWED)
        result = box.run('token', 'get', *ways(box, recorder)['device'])
        equal(result.returncode, 2, (result.stdout, result.stderr))
        clean(result.stdout + result.stderr, 'output')


def kept():
    """A store and a cache hold what they are for, for their owner alone; a crash between two writes leaves one whole
    token, and nothing beside it that others may read."""
    with Sandbox() as box, Recorder(box) as recorder:
        store = box.path / 'store'
        way = [word for word in ways(box, recorder)['device'] if word != '--no-token-cache']
        answer(recorder, device_code=CODE, user_code='A-B', interval=1, verification_uri='https://a.example.org',
               access_token=ACCESS, refresh_token=RENEWED, expires_in=3600)
        result = box.run('token', 'get', *way, '--token-store', str(store))
        equal(result.returncode, 0, result.stderr)
        clean(result.stdout + result.stderr, 'output')
        inputs = {'secret', 'refresh', 'assertion', 'app-key.pem', 'tls-key.pem'}
        for path in box.path.rglob('*'):
            if path.is_file() and path.name not in inputs:
                held = path.read_bytes()
                wanted = RENEWED if path == store else ACCESS
                clean(held, str(path), *(value for value in ALL if value != wanted))
                if wanted.encode() in held:
                    equal(path.stat().st_mode & 0o777, 0o600, f'mode of {path}')
        equal(json.loads(store.read_text())['refresh_token'], RENEWED, 'the store')


def seen_from_outside():
    """While a person is waited for: the process list, the environment, core limits, and the memory, into which nobody
    of the same user may look. A signal that dumps core leaves none."""
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        secret = pathlib.Path(simulator.facts['client_secret_file']).read_text(encoding='utf-8')
        key, certificate, line = key_of(box)
        way = ['--client-id', 'error-slow_down', '--authority', simulator.facts['authority'], '--ca-file',
               simulator.facts['ca_file'], '--tenant', 'contoso.com', '--oauth', 'device']
        for more, variables in (([], {'MAILDOCTOR_CLIENT_SECRET': secret, 'MAILDOCTOR_REFRESH_TOKEN': REFRESH}),
                                (['--certificate-file', certificate, '--key-file', key], {})):
            process = box.start('token', 'get', *way, *more, variables=variables)
            contains(process.stderr.readline(), b'SIM-4711-CODE', 'the code')
            folder = pathlib.Path(f'/proc/{process.pid}')
            for name in ('cmdline', 'environ'):
                try:
                    clean((folder / name).read_bytes(), name, secret, REFRESH, line)
                except PermissionError:
                    pass  # not even its own user may look
            limits = [row for row in (folder / 'limits').read_text(encoding='ascii').splitlines()
                      if row.startswith('Max core file size')]
            equal(limits[0].split()[4:6], ['0', '0'], 'core limits')
            process.send_signal(signal.SIGABRT)
            out, err = process.communicate(timeout=PATIENCE)
            clean(out + err, 'output', secret, REFRESH, line)
            equal((process.returncode, [str(path) for path in box.path.rglob('core*')]), (-signal.SIGABRT, []), 'no core')


def command_environment():
    """A command that gives one secret is told no other."""
    names = ('CLIENT_SECRET', 'ASSERTION', 'REFRESH_TOKEN', 'TOKEN', 'PASSWORD', 'PROXY_PASSWORD', 'SERVICE_ACCOUNT_KEY')
    with Sandbox() as box, Recorder(box) as recorder:
        seen = box.path / 'seen'
        way = ways(box, recorder)['refresh'][:-2]
        box.run('token', 'get', *way, '--refresh-token-command', f'env >{seen}; echo {REFRESH}',
                variables={f'MAILDOCTOR_{name}': f'the-{name}' for name in names
                           if name not in ('CLIENT_SECRET', 'REFRESH_TOKEN')})
        equal(recorder.forms[0]['refresh_token'], REFRESH, 'it was used')
        lacks(seen.read_bytes(), b'MAILDOCTOR_', 'what the command sees')
        equal(os.path.exists(seen), True, 'the command ran')


main([('an authority that echoes', echoed), ('a device code that is echoed', device_echoed), ('what is kept', kept),
      ('seen from outside', seen_from_outside), ('the environment of a command', command_environment)])
