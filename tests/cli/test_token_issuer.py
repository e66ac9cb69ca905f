#!/usr/bin/python3
"""`maildoctor token get --issuer`: an authority that says itself where its pages are."""
import json
import ssl
import sys
import urllib.parse
import urllib.request

from authority import Recorder
from support import PATIENCE, Sandbox, Simulator, class_of, complains, contains, equal, lacks, main

OIDC, OAUTH = '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'


def get(box, grant, issuer, ca_file, *more, **others):
    return box.run('token', 'get', '--oauth', grant, '--client-id', 'app', '--scope', 'mail', '--issuer', issuer,
                   '--ca-file', ca_file, *more, **others)


def described():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        secret = ['--client-secret-file', simulator.facts['client_secret_file']]
        way = [simulator.facts['authority'], simulator.facts['ca_file']]
        for grant, more in (('client-credentials', secret), ('device', [])):
            result = get(box, grant, *way, *more, '--print')
            equal(result.returncode, 0, (grant, result.stdout, result.stderr))
        kept = get(box, 'client-credentials', *way, *secret)
        contains(kept.stdout.decode(), 'Kept from an earlier run', 'asked again')
        process = box.start('token', 'get', '--oauth', 'code', '--client-id', 'app', '--scope', 'mail', '--print',
                            '--issuer', way[0], '--ca-file', way[1])
        process.stderr.readline()
        page = process.stderr.readline().decode().strip()
        contains(page, f'{way[0]}/oauth2/authorize?', 'the page')
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(page).query)
        equal((asked['scope'], asked['redirect_uri'][0].split(':')[1]), (['mail'], '//127.0.0.1'), 'what is asked')
        with urllib.request.urlopen(page, timeout=PATIENCE, context=ssl.create_default_context(cafile=way[1])) as answer:
            contains(answer.read(), b'You can close this page', 'what the browser shows')
        out, err = process.communicate(timeout=PATIENCE)
        equal((process.returncode, out[:3]), (0, b'eyJ'), err)
        wrong = get(box, 'client-credentials', *way, '--client-secret-file', box.file('wrong', b'no-such-secret'),
                    '--no-token-cache')
        equal(wrong.returncode, 2, wrong.stderr)
        lacks(wrong.stdout.decode(), 'no-such-secret', 'the secret')


def page_of(recorder, path='', **others):
    url = recorder.url + path
    content = {'issuer': url, 'token_endpoint': f'{url}/t', **others}
    return json.dumps({name: value for name, value in content.items() if value}).encode()


def ask(box, recorder, path='', *more):
    result = get(box, 'client-credentials', recorder.url + path, recorder.ca_file, '--client-secret-file',
                 box.file('secret', b'the-secret'), '--no-token-cache', '--print', *more)
    lacks(result.stdout + result.stderr, b'the-secret', 'the secret')
    return result


def found():
    """OpenID Connect's place, and that of RFC 8414, which stands between host and path."""
    with Sandbox() as box, Recorder(box) as recorder:
        for path, place in (('', OIDC), ('/here', '/here' + OIDC), ('', OAUTH), ('/here', OAUTH + '/here')):
            recorder.pages = {place: page_of(recorder, path)}
            for slash in ('', '/'):
                result = ask(box, recorder, path + slash)
                equal((result.returncode, result.stdout), (0, b'opaque-token-of-the-recorder\n'),
                      (place, result.stderr))
                equal(recorder.paths[-1], path + '/t', 'where the secret went')


def distrusted():
    """Nothing secret goes to a host that nobody named, nor without TLS, nor at the word of another issuer."""
    with Sandbox() as box, Recorder(box) as recorder:
        foreign = f'https://oauth2.googleapis.com:{recorder.server.server_port}'
        for page, words in (
                (page_of(recorder, token_endpoint=foreign + '/t'), 'on a host that was not named'),
                (page_of(recorder, token_endpoint=recorder.url + '1/t'), 'on a host that was not named'),
                (page_of(recorder, token_endpoint=recorder.url.replace('https://', 'https://127.0.0.1:1@') + '/t'),
                 'on a host that was not named'),
                (page_of(recorder, token_endpoint=recorder.url.replace('https', 'http') + '/t'),
                 'on a host that was not named'),
                (page_of(recorder, authorization_endpoint='https://a.example.org/'), 'authorization_endpoint'),
                (page_of(recorder, issuer='https://a.example.org'), 'another issuer, https://a.example.org'),
                (page_of(recorder, token_endpoint=None), 'no token_endpoint'),
                (page_of(recorder, issuer=None), 'describes itself neither'), (b'[]', 'describes itself neither'),
                (b'{"issuer":"\x1b[2J', 'describes itself neither'), (b' ' * 300000, 'longer than 256 KiB')):
            recorder.pages = {OIDC: page}
            result = ask(box, recorder)
            expected = 'oauth-authority-unreachable' if page[:1] == b' ' else 'oauth-issuer-unfit'
            equal((result.returncode, class_of(result)), (2, expected), (page[:200], result.stdout, result.stderr))
            contains(' '.join(result.stdout.decode().split()), words, page[:200])
            lacks(result.stdout, b'\x1b', 'what a terminal obeys')
        equal(recorder.forms, [], 'what they were sent')
        host = foreign.split('//')[1]
        recorder.pages = {OIDC: page_of(recorder, token_endpoint=foreign + '/t')}
        result = box.run('check', 'imap://127.0.0.1:1', '--user', 'ana@contoso.com', '--oauth', 'client-credentials',
                         '--client-id', 'app', '--scope', 'mail', '--issuer', recorder.url, '--ca-file',
                         recorder.ca_file, '--client-secret-file', box.file('secret', b'the-secret'), '--format', 'json')
        told = json.loads(result.stdout)
        contains([finding['class'] for finding in told['findings']], 'oauth-issuer-unfit', 'a check')
        equal((told['token']['authority_unfit'], told['token']['authority_silent']), (True, False), 'a check')
        result = ask(box, recorder, '', '--issuer-host', host, '--connect-to',
                     f'{host}:127.0.0.1:{recorder.server.server_port}')
        equal(result.returncode, 0, (result.stdout, result.stderr))
        for grant in ('device', 'code'):
            recorder.pages = {OIDC: page_of(recorder)}
            complains(get(box, grant, recorder.url, recorder.ca_file), 'describes no page', grant)


def confidential_device():
    """An app with a secret proves who it is where the code is asked for, and where the token is (RFC 8628 section 3.1);
    a certificate signs anew each time. Whatever gives the secret is asked once."""
    with Sandbox() as box, Recorder(box) as recorder:
        recorder.pages = {OIDC: page_of(recorder, device_authorization_endpoint=recorder.url + '/d')}
        recorder.answer = json.dumps({'device_code': 'the-code', 'user_code': 'A-B', 'interval': 1,
                                      'verification_uri': 'https://a.example.org', 'access_token': 'opaque',
                                      'expires_in': 60}).encode()
        result = get(box, 'device', recorder.url, recorder.ca_file, '--print', '--client-secret-command',
                     'echo x >>asked; echo the-secret')
        equal((result.returncode, result.stdout), (0, b'opaque\n'), result.stderr)
        equal(recorder.paths[1:], ['/d', '/t'], 'what was asked')
        equal([form.get('client_secret') for form in recorder.forms], ['the-secret', 'the-secret'], 'the proof')
        equal((box.path / 'asked').read_text(), 'x\n', 'how often the command ran')
        lacks(result.stdout + result.stderr, b'the-secret', 'output')
        recorder.forms.clear()
        file, key = str(box.path / 'tls.pem'), str(box.path / 'tls-key.pem')
        result = get(box, 'device', recorder.url, recorder.ca_file, '--print', '--certificate-file', file, '--key-file',
                     key, '--no-token-cache')
        equal(result.returncode, 0, result.stderr)
        equal(len({form['client_assertion'] for form in recorder.forms}), 2, 'assertions')


def usage():
    with Sandbox() as box:
        def run(*more):
            return box.run('token', 'get', '--oauth', 'device', '--client-id', 'app', *more)
        issuer = ['--issuer', 'https://a.example.org']
        complains(run(*issuer), '--issuer needs --scope', 'no scope')
        complains(run(*issuer, '--scope', 'mail', '--authority', 'https://b'), 'neither --authority', 'two of them')
        complains(run('--issuer', 'http://a.example.org', '--scope', 'mail'), 'https://', 'no TLS')
        complains(run('--issuer-host', 'a.example.org'), 'needs --issuer', 'a host alone')
        complains(run(*issuer, '--scope', 'mail', '--token-store', '/'), 'cannot use the token store', 'a bad store')


sys.exit(main([('usage', usage), ('an authority that describes itself', described), ('where it is found', found),
               ('what is not trusted', distrusted), ('a device code for an app with a secret', confidential_device)]))
