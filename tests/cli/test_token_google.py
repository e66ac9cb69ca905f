#!/usr/bin/python3
"""`maildoctor token get` at Google's: a service account, against the simulated authority and a recording one."""
import json
import pathlib
import subprocess
import sys

from authority import Recorder, decode
from support import Sandbox, Simulator, class_of, complains, contains, equal, lacks, main

USER = 'ana@contoso.com'
ACCOUNT = 'robot@project-4711.iam.gserviceaccount.com'


def make_key(box, **others):
    """A key file as Google gives it out."""
    key = subprocess.run(['openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], check=True,
                         capture_output=True, text=True).stdout
    content = {'type': 'service_account', 'project_id': 'project-4711', 'private_key_id': '0123456789abcdef',
               'private_key': key, 'client_email': ACCOUNT, 'client_id': '123456789012345678901',
               'auth_uri': 'https://accounts.google.com/o/oauth2/auth',
               'token_uri': 'https://oauth2.googleapis.com/token', **others}
    content = {name: value for name, value in content.items() if value is not None}
    return box.file('key.json', json.dumps(content, indent=2).encode()), key


def get(box, file, *more, **others):
    return box.run('token', 'get', '--oauth', 'service-account', '--service-account-key-file', file, *more, **others)


def way(simulator):
    return ['--authority', simulator.facts['authority'], '--ca-file', simulator.facts['ca_file']]


def account():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        file, key = make_key(box)
        result = get(box, file, *way(simulator), USER)
        equal(result.returncode, 0, (result.stdout, result.stderr))
        equal(result.stderr, b'', 'standard error')
        for secret in ('eyJ', key.splitlines()[1]):
            lacks(result.stdout.decode(), secret, 'a secret')
        contains(get(box, file, *way(simulator), USER).stdout.decode(), 'Kept from an earlier run', 'the second')
        by_fd = box.run('token', 'get', '--oauth', 'service-account', '--service-account-key-fd', '0', '--print',
                        *way(simulator), USER, stdin=None, input=pathlib.Path(file).read_bytes())
        equal(by_fd.returncode, 0, by_fd.stderr)
        by_variable = get_by_variable(box, simulator, pathlib.Path(file).read_text())
        equal((by_variable.returncode, by_variable.stdout), (0, by_fd.stdout), by_variable.stderr)


def get_by_variable(box, simulator, content):
    return box.run('token', 'get', '--oauth', 'service-account', '--print', '--no-token-cache', *way(simulator), USER,
                   variables={'MAILDOCTOR_SERVICE_ACCOUNT_KEY': content})


def assertion_verified_by_openssl():
    with Sandbox() as box, Recorder(box) as recorder:
        file, key = make_key(box)
        result = get(box, file, '--authority', recorder.url, '--ca-file', recorder.ca_file, '--no-system-ca', '--print',
                     USER)
        equal((result.returncode, result.stdout), (0, b'opaque-token-of-the-recorder\n'), result.stderr)
        form = recorder.forms[0]
        equal(set(form), {'grant_type', 'assertion'}, 'what is sent')
        equal(form['grant_type'], 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'grant type')
        head, claims, signature = form['assertion'].split('.')
        equal(json.loads(decode(head)), {'alg': 'RS256', 'typ': 'JWT', 'kid': '0123456789abcdef'}, 'header')
        claimed = json.loads(decode(claims))
        equal(claimed.pop('exp') - claimed.pop('iat'), 3600, 'life')
        equal(claimed, {'iss': ACCOUNT, 'sub': USER, 'scope': 'https://mail.google.com/',
                        'aud': f'{recorder.url}/token'}, 'claims')
        public = subprocess.run(['openssl', 'pkey', '-pubout'], input=key.encode(), check=True,
                                capture_output=True).stdout
        verified = subprocess.run(
            ['openssl', 'dgst', '-sha256', '-verify', box.file('public.pem', public), '-signature',
             box.file('signature', decode(signature)), box.file('signed', f'{head}.{claims}'.encode())],
            check=False, capture_output=True)
        contains(verified.stdout, b'Verified OK', 'openssl')


def addresses():
    """What is signed goes to Google's own address, whatever the file says; an older one of theirs is good, too."""
    with Sandbox() as box, Recorder(box) as recorder:
        def there(host):
            return ['--connect-to', f'{host}:443:127.0.0.1:{recorder.server.server_port}', '--ca-file', recorder.ca_file,
                    '--no-token-cache', '--print', USER]
        file, _ = make_key(box, token_uri=f'{recorder.url}/token')
        complains(get(box, file, *there('oauth2.googleapis.com')), "is not Google's", 'a foreign address')
        equal(recorder.forms, [], 'what a foreign address got')
        for host, path in (('oauth2.googleapis.com', '/token'), ('accounts.google.com', '/o/oauth2/token')):
            file, _ = make_key(box, token_uri=f'https://{host}{path}')
            result = get(box, file, *there(host))
            equal((result.returncode, result.stdout), (0, b'opaque-token-of-the-recorder\n'), result.stderr)
            claims = json.loads(decode(recorder.forms[-1]['assertion'].split('.')[1]))
            equal((recorder.paths[-1], claims['aud']), (path, f'https://{host}{path}'), 'where it went')


def refusals():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        wrong = []
        for content, more, expected in (
                ({}, ['bob@contoso.com'], 'mailbox-not-found'),
                ({}, ['--scope', 'https://www.googleapis.com/auth/drive', USER], 'oauth-consent-missing'),
                ({'client_email': 'error-invalid_grant'}, [USER], 'oauth-token-expired'),
                ({'client_email': 'error-unauthorized_client'}, [USER], 'oauth-client-misconfigured')):
            file, key = make_key(box, **content)
            result = get(box, file, *way(simulator), *more)
            lacks(result.stdout.decode(), key.splitlines()[1], 'the key')
            if (result.returncode, class_of(result)) != (2, expected):
                wrong.append((content, more, result.returncode, class_of(result), expected))
        equal(wrong, [], 'refusals')


def explained():
    """The words of Google that the simulated authority does not say."""
    with Sandbox() as box:
        for words in ('invalid_grant: Invalid JWT Signature.', 'invalid_grant: Invalid grant: account not found'):
            equal(class_of(box.run('explain', words)), 'oauth-client-misconfigured', words)


def usage():
    with Sandbox() as box:
        file, key = make_key(box)
        complains(box.run('token', 'get', '--oauth', 'service-account', USER), '--service-account-key-file', 'no key')
        complains(get(box, file), 'no mailbox', 'no address')
        complains(get(box, file, '--client-id', 'x', USER), 'says who it is', 'an app as well')
        complains(get(box, file, '--provider', 'microsoft365', USER), "is Google's", 'another provider')
        complains(get(box, str(box.path / 'none'), USER), 'cannot read the service account key', 'no file')
        complains(box.run('token', 'get', '--oauth', 'device', '--client-id', 'x', '--service-account-key-file', file),
                  'is for --oauth service-account', 'another way')
        complains(box.run('check', USER, '--service-account-key-file', file), 'are for --oauth', 'check without a way')
        for content, words in (({'type': 'authorized_user'}, 'it must be'), ({'private_key': None}, 'lacks'),
                               ({'private_key': 'none'}, 'no private key'),
                               ({'client_email': None}, 'lacks')):
            bad, _ = make_key(box, **content)
            complains(get(box, bad, USER), words, content)
        complains(get(box, box.file('text', b'no JSON'), USER), 'it must be', 'no JSON')
        lacks(key, 'no JSON', 'the key')


def both_in_one_go():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        facts = simulator.facts
        file, _ = make_key(box)
        places = [word for place in facts['connect_to'] for word in ('--connect-to', place)]
        result = box.run('check', USER, '--provider', 'gmail', '--resolver', facts['resolver'], *places, *way(simulator),
                         '--oauth', 'service-account', '--service-account-key-file', file, '--format', 'json')
        told = json.loads(result.stdout)
        equal(told['token']['source'], '--oauth service-account', 'where it is from')
        equal((told['token']['user'], 'refusal' in told['token']), (USER, False), (result.stdout, result.stderr))
        lacks(result.stdout.decode(), 'eyJ', 'the token')


sys.exit(main([
    ('usage', usage), ('service account', account), ('the assertion, verified by openssl', assertion_verified_by_openssl),
    ('where the assertion goes', addresses), ('refusals', refusals), ('words explained', explained),
    ('check --oauth service-account', both_in_one_go),
]))
