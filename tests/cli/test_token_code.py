#!/usr/bin/python3
"""`maildoctor token get --oauth code`: a browser goes to the simulated authority's page and comes back."""
import base64
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

from authority import Recorder
from support import PATIENCE, Sandbox, Simulator, contains, equal, lacks, main

CLIENT = '4711.apps.googleusercontent.com'
SAID = b'To sign in, open this page in a browser on this machine:\n'


class Code:
    """The program while it waits for the browser."""

    def __init__(self, box, authority, ca_file, *more, client=CLIENT, provider='gmail'):
        self.process = box.start('token', 'get', '--oauth', 'code', '--client-id', client, '--provider', provider,
                                 '--authority', authority, '--ca-file', ca_file, *more)
        self.ca_file = ca_file
        equal(self.process.stderr.readline(), SAID, 'what the person reads')
        self.page = self.process.stderr.readline().decode().strip()
        self.asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.page).query))
        self.back = urllib.parse.urlsplit(self.asked['redirect_uri'])

    def browse(self, url=None):
        """Status and text of a page; redirections are followed."""
        try:
            with urllib.request.urlopen(url or self.page, timeout=PATIENCE,
                                        context=ssl.create_default_context(cafile=self.ca_file)) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def at(self, path):
        return f'http://127.0.0.1:{self.back.port}{path}'

    def end(self):
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out.decode(), err.decode()


def at_simulator(box, simulator, *more, **others):
    return Code(box, simulator.facts['authority'], simulator.facts['ca_file'], *more, **others)


def signs_in():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        for provider, host, page in (('gmail', '127.0.0.1', '/o/oauth2/v2/auth'),
                                     ('microsoft365', 'localhost', '/contoso.com/oauth2/v2.0/authorize')):
            code = at_simulator(box, simulator, '--print', 'ana@contoso.com', provider=provider)
            equal((code.back.scheme, code.back.hostname, code.back.path), ('http', host, '/'), 'where it comes back to')
            equal(urllib.parse.urlsplit(code.page).path, page, 'the page')
            equal((code.asked['response_type'], code.asked['code_challenge_method'], code.asked['client_id'],
                   code.asked['login_hint']), ('code', 'S256', CLIENT, 'ana@contoso.com'), 'what is asked')
            status, text = code.browse()
            equal(status, 200, text)
            contains(text, 'You can close this page', 'what the browser shows')
            status, out, err = code.end()
            equal((status, err), (0, ''), out)
            if not re.fullmatch(r'[\w-]+\.[\w-]+\.[\w-]+\n', out):
                raise AssertionError(f'no token in {out[:200]!r}')
            with socket.socket() as closed:
                equal(closed.connect_ex(('127.0.0.1', code.back.port)) != 0, True, 'the port is closed')


def redeems():
    """What goes to the authority: the code and the verifier of the challenge (RFC 7636 section 4.6)."""
    with Sandbox() as box, Recorder(box) as recorder:
        secret = box.file('secret', b'the-secret-of-a-desktop-app')
        code = Code(box, recorder.url, recorder.ca_file, '--print', '--client-secret-file', secret)
        equal(code.asked['scope'], 'https://mail.google.com/', 'scope')
        status, _ = code.browse(code.at(f'/?state={code.asked["state"]}&code=4%2F0Ab-c_d&scope=x'))
        equal(status, 200, 'the browser')
        status, out, err = code.end()
        equal((status, out), (0, 'opaque-token-of-the-recorder\n'), err)
        form = recorder.forms[0]
        verifier = form.pop('code_verifier')
        equal(re.fullmatch(r'[\w.~-]{43,128}', verifier) is not None, True, 'form of the verifier')
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip('=')
        equal(digest, code.asked['code_challenge'], 'verifier and challenge')
        equal(form, {'grant_type': 'authorization_code', 'client_id': CLIENT, 'code': '4/0Ab-c_d',
                     'redirect_uri': code.asked['redirect_uri'], 'client_secret': 'the-secret-of-a-desktop-app'},
              'the form')
        lacks(err, verifier, 'the verifier')


def keeps_refresh_token():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        store = str(box.path / 'store')
        options = ['--token-store', store, '--no-token-cache']
        code = at_simulator(box, simulator, *options)
        equal((code.asked['access_type'], code.asked['prompt']), ('offline', 'consent'), 'what Google wants')
        code.browse()
        status, out, err = code.end()
        equal(status, 0, (out, err))
        equal(os.stat(store).st_mode & 0o777, 0o600, 'mode of the store')
        refresh = json.loads(pathlib.Path(store).read_text())['refresh_token']
        lacks(out + err, refresh, 'the refresh token')
        lacks(out, 'eyJ', 'the token')
        again = box.run('token', 'get', '--oauth', 'refresh', '--client-id', CLIENT, '--provider', 'gmail', '--authority',
                        simulator.facts['authority'], '--ca-file', simulator.facts['ca_file'], *options)
        equal(again.returncode, 0, (again.stdout, again.stderr))


def strangers():
    """Whoever does not know the state is sent away, and the browser still comes through."""
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        code = at_simulator(box, simulator, '--print')
        for path, expected in (('/favicon.ico', 404), ('/', 404), ('/other?state=x&code=y', 404), ('/?code=y', 400),
                               ('/?state=wrong&code=y', 400), ('/?state=&code=y', 400),
                               (f'/?state={code.asked["state"]}x&code=y', 400)):
            equal(code.browse(code.at(path))[0], expected, path)
        posted = urllib.request.Request(code.at(f'/?state={code.asked["state"]}&code=y'), data=b'x')
        equal(code.browse(posted)[0], 404, 'POST')
        silent = [socket.create_connection(('127.0.0.1', code.back.port)) for _ in range(12)]
        silent[-1].sendall(b'x' * 40000)
        equal(code.browse()[0], 200, 'the browser')
        equal(code.end()[0], 0, 'exit status')
        for each in silent:
            each.close()


def refused():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        code = at_simulator(box, simulator, client='error-access_denied')
        equal(code.browse()[0], 200, 'the browser')
        status, out, err = code.end()
        equal((status, err), (2, ''), out)
        contains(out, 'access_denied: The person said no!', "the authority's words")
        contains(out, 'Class: oauth-consent-missing', 'the class')
        for query, words in (('code=not-one-of-ours', 'AADSTS70000'), ('code=', 'neither code nor error'),
                             ('code=a%0d%0ab', 'neither code nor error'),
                             ('error=access_denied&error_description=%1b%5b2J', 'access_denied')):
            code = at_simulator(box, simulator)
            code.browse(code.at(f'/?state={code.asked["state"]}&{query}'))
            status, out, err = code.end()
            equal(status, 2, (query, out, err))
            contains(out, words, query)
            lacks(out, '\x1b', query)


def proof_is_judged():
    """The simulated authority does look at the verifier: a stolen code is of no use."""
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        code = at_simulator(box, simulator)

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None

        context = ssl.create_default_context(cafile=code.ca_file)
        opener = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=context))
        try:
            opener.open(code.page, timeout=PATIENCE)
        except urllib.error.HTTPError as answer:
            with answer:
                stolen = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers['Location']).query))
        form = urllib.parse.urlencode({'grant_type': 'authorization_code', 'client_id': CLIENT, 'code': stolen['code'],
                                       'redirect_uri': code.asked['redirect_uri'], 'code_verifier': 'x' * 43}).encode()
        status, text = code.browse(urllib.request.Request(simulator.facts['authority'] + '/token', data=form))
        equal(status, 400, text)
        contains(text, 'verifier does not match', 'what the thief gets')
        code.browse(code.at(f'/?state={stolen["state"]}&code={stolen["code"]}'))
        equal(code.end()[0], 2, 'a code that was used')


def interrupted():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        code = at_simulator(box, simulator)
        code.process.send_signal(signal.SIGINT)
        status, out, err = code.end()
        equal((status, out), (3, ''), err)
        equal(err, 'maildoctor: interrupted before anything was tested\n', 'standard error')
        with socket.socket() as closed:
            equal(closed.connect_ex(('127.0.0.1', code.back.port)) != 0, True, 'the port is closed')


def unseen():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        code = at_simulator(box, simulator, '--client-secret-file', box.file('s', b'the-secret-of-a-desktop-app'))
        for name in ('cmdline', 'environ'):
            try:
                lacks(pathlib.Path(f'/proc/{code.process.pid}/{name}').read_bytes(), b'the-secret', name)
            except PermissionError:
                pass
        lacks(code.page, 'the-secret', 'the page')
        code.browse()
        status, out, err = code.end()
        equal(status, 0, err)
        lacks(out + err, 'the-secret', 'output')


def check_in_one_go():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        facts = simulator.facts
        places = [word for place in facts['connect_to'] for word in ('--connect-to', place)]
        process = box.start('check', 'ana@contoso.com', '--resolver', facts['resolver'], '--ca-file', facts['ca_file'],
                            *places, '--authority', facts['authority'], '--client-id', CLIENT, '--oauth', 'code',
                            '--format', 'json')
        equal(process.stderr.readline(), SAID, 'what the person reads')
        page = process.stderr.readline().decode().strip()
        context = ssl.create_default_context(cafile=facts['ca_file'])
        with urllib.request.urlopen(page, timeout=PATIENCE, context=context) as answer:
            equal(answer.status, 200, 'the browser')
        out, err = process.communicate(timeout=PATIENCE)
        equal(process.returncode, 0, (out, err))
        told = json.loads(out)
        equal((told['token']['source'], told['verdict']['needs']), ('--oauth code', {'send': 'ok', 'read': 'ok'}), 'check')


sys.exit(main([
    ('a person signs in', signs_in), ('what the authority gets', redeems), ('a refresh token', keeps_refresh_token),
    ('strangers', strangers), ('refusals', refused), ('the proof is judged', proof_is_judged),
    ('interrupted', interrupted), ('nothing secret to be seen', unseen), ('check --oauth code', check_in_one_go),
]))
