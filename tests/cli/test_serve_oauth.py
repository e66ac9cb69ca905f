"""Modules of `maildoctor serve` that ask an authority for their token: on the loop that serves, once while the token
is good, and not again and again while it is refused."""
import base64
import json
import pathlib
import signal
import subprocess
import time
import support
from authority import Recorder
from serving import ImapServer, Serve, certificates, failures, modules_of
from support import Mute, Sandbox, Simulator, complains, contains, equal, lacks

SECRET, TARGET = 'the-app-s-own-secret', 'ana@contoso.com'
REFRESH, EXPIRY, CREDENTIAL = ('maildoctor_token_refresh_timestamp_seconds', 'maildoctor_token_expiry_timestamp_seconds',
                               'maildoctor_credential_expiry_timestamp_seconds')
EXPIRED = json.dumps({'error': 'invalid_client', 'error_description':
                      "AADSTS7000222: The provided client secret keys for app 'an-app' are expired."}).encode()


class Imap(ImapServer):
    """Takes every token, and keeps it."""
    capability = b'IMAP4rev1 SASL-IR AUTH=XOAUTH2'

    def __init__(self, box):
        super().__init__(box)
        self.tokens = []

    def login(self, words):
        self.tokens.append(base64.b64decode(words[3]).split(b'Bearer ')[1].strip(b'\x01').decode())
        return b'OK done'


def module_of(recorder, *targets, secret='secret', **more):
    return {'targets': list(targets), 'interval': 10,
            'options': {'oauth': 'client-credentials', 'client-id': 'an-app', 'tenant': 'contoso.com',
                        'authority': recorder.url, 'client-secret-file': secret, 'ca-file': 'both.pem',
                        'auth': 'XOAUTH2', **more}}


def trust(box, recorder):
    """One CA for the mail server, one for the authority."""
    certificates(box)
    box.file('both.pem', (box.path / 'ca.pem').read_bytes() + pathlib.Path(recorder.ca_file).read_bytes())
    box.file('secret', SECRET.encode())


def ended(serve):
    return sum(value for name, value in serve.own().items() if name.startswith('maildoctor_serve_runs_total'))


def asked(recorder):
    return [form['client_secret'] for form in recorder.forms]


def shows(serve, *words):
    """That nothing which can be seen holds one of these."""
    for text in (''.join(serve.lines), serve.ask('/')[2], serve.ask('/metrics')[2]):
        for word in words:
            lacks(text, word)


def each_way():
    """Every way to a token that needs nobody, against the simulated authority, and the login with it."""
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        facts, began = simulator.facts, time.time()
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out',
                        'app.pem', '-subj', '/CN=an-app', '-days', '30'], cwd=box.path, check=True, capture_output=True)
        way = {name: value for name, value in modules_of(simulator, login=True).items() if name != 'token-file'}
        way |= {'client-id': 'an-app', 'tenant': 'contoso.com', 'authority': facts['authority']}
        signed = box.start('token', 'get', '--oauth', 'device', '--client-id', 'an-app', '--authority',
                           facts['authority'], '--ca-file', facts['ca_file'], '--token-store', str(box.path / 'store'),
                           TARGET).communicate(timeout=support.PATIENCE)
        contains(signed[0].decode(), 'From ')
        before = json.loads((box.path / 'store').read_text())['refresh_token']
        box.file('assertion', b'e30.eyJhdWQiOiJhcGk6Ly9BenVyZUFEVG9rZW5FeGNoYW5nZSIsInN1YiI6ImpvYiJ9.c2ln')
        ways = {
            'secret': {'oauth': 'client-credentials', 'client-secret-file': facts['client_secret_file']},
            'certificate': {'oauth': 'client-credentials', 'certificate-file': 'app.pem', 'key-file': 'key.pem'},
            'federation': {'oauth': 'federation', 'assertion-file': 'assertion'},
            'refresh': {'oauth': 'refresh', 'token-store': 'store'},
        }
        modules = {name: {'targets': [TARGET], 'interval': 10, 'options': {**way, **more}} for name, more in ways.items()}
        with Serve(box, modules) as serve:
            for name in ways:
                found = serve.probe(TARGET, module=name)
                equal((found['probe_success'], failures(found)), (1, []), (name, serve.lines))
                if not began - 1 <= found[REFRESH] <= time.time() or found[EXPIRY] < began + 600:
                    raise AssertionError(f'{name}: the times of the token: {found}')
                equal(CREDENTIAL in found, name == 'certificate', name)
                lacks(serve.ask(f'/probe?module={name}&target={TARGET}&debug=true')[2], 'eyJ', 'the token')
            equal(json.loads((box.path / 'store').read_text())['refresh_token'] == before, False, 'it was renewed')


def asked_once():
    """Two mailboxes of one organisation, over several intervals, with a reload between: one question."""
    with Sandbox() as box, Recorder(box) as recorder:
        trust(box, recorder)
        with Imap(box) as imap:
            targets = imap.target(), imap.target('ben')
            with Serve(box, {'box': module_of(recorder, *targets)}) as serve:
                for target in targets:
                    found = serve.probe(target, module='box')
                    equal((found['probe_success'], failures(found)), (1, []), serve.lines)
                equal(abs(found[EXPIRY] - found[REFRESH] - 3599) <= 1, True, found)
                serve.stop(signal.SIGHUP)
                serve.wait(lambda own: ended(serve) >= 4, 'the second interval')
                equal(asked(recorder), [SECRET])
                equal(set(imap.tokens), {'opaque-token-of-the-recorder'})
                shows(serve, SECRET, 'opaque-token')


def refused():
    """What the authority said is the module's finding; it is asked no more, until the secret is another."""
    with Sandbox() as box, Recorder(box) as recorder:
        trust(box, recorder)
        recorder.status, recorder.answer, good = 401, EXPIRED, recorder.answer
        with Imap(box) as imap, Serve(box, {'box': module_of(recorder, imap.target())}) as serve:
            for runs in (1, 2):
                serve.wait(lambda own, runs=runs: ended(serve) >= runs, f'run {runs}')
                found = serve.probe(imap.target(), module='box')
                equal((found['probe_success'], failures(found)), (0, ['oauth-client-misconfigured']))
                equal(found['maildoctor_need_failed{need="endpoint"}'], 1, found)
                equal(REFRESH in found, False, 'there is no token')
            equal((asked(recorder), imap.tokens), ([SECRET], []))
            contains(serve.ask(f'/probe?module=box&target={imap.target()}&debug=true')[2], 'AADSTS7000222')
            recorder.status, recorder.answer = 200, good
            box.file('secret', b'the-new-secret')
            serve.stop(signal.SIGHUP)
            serve.wait(lambda own: own['maildoctor_serve_runs_total{status="ok"}'] >= 1, 'the new secret')
            equal(asked(recorder), [SECRET, 'the-new-secret'])
            equal(serve.probe(imap.target(), module='box')['probe_success'], 1)
            shows(serve, SECRET, 'the-new-secret')


def left_alone():
    """Retry-After, and an authority that is away: neither is asked at each run; mail that works is no failure while the
    token that was given before is good."""
    with Sandbox() as box, Recorder(box) as recorder:
        trust(box, recorder)
        recorder.status, recorder.said = 429, [('Retry-After', '3600')]
        recorder.answer = b'{"error":"temporarily_unavailable","error_description":"AADSTS50196: a client request loop."}'
        with Imap(box) as imap, Mute() as mute:
            silent = module_of(recorder, imap.target('ben'), authority=mute.target.replace('imap', 'https'))
            modules = {'loop': module_of(recorder, imap.target()), 'away': silent}
            with Serve(box, modules) as serve:
                serve.wait(lambda own: own['maildoctor_serve_runs_total{status="fail"}'] >= 2, 'two runs')
                equal(failures(serve.probe(imap.target(), module='loop')), ['throttled'])
                equal(asked(recorder), [SECRET])
                equal(serve.own()['maildoctor_serve_running'], 1, 'the other waits for its authority')
                mute.reached()
                for connection in mute.taken:
                    connection.close()
                equal(failures(serve.probe(imap.target('ben'), module='away')), ['oauth-authority-unreachable'])
                equal(imap.tokens, [])


def ends_while_it_asks():
    """A stop loses no question; a second one ends it."""
    with Sandbox() as box, Recorder(box) as recorder, Mute() as mute:
        trust(box, recorder)
        module = module_of(recorder, 'imaps://ana@127.0.0.1', authority=mute.target.replace('imap', 'https'))
        with Serve(box, {'box': module}) as serve:
            mute.reached()
            serve.stop()
            time.sleep(0.3)
            equal(serve.process.poll(), None, 'it waits for what runs')
            serve.stop()
            serve.ended()


def cannot_be():
    with Sandbox() as box, Recorder(box) as recorder:
        trust(box, recorder)
        target = 'imaps://ana@127.0.0.1'
        good = module_of(recorder, target)['options']
        without = {name: value for name, value in good.items() if name != 'client-secret-file'}
        for options, words in (
                ({**good, 'oauth': 'device'}, 'needs somebody who signs in'),
                ({**good, 'oauth': 'code'}, 'needs somebody who signs in'),
                ({**good, 'oauth': 'client-credential'}, 'did you mean client-credentials?'),
                ({**good, 'client-secret-file': 'none'}, 'none'),
                ({**good, 'token-file': 'secret'}, '--oauth gets a token, and one was given as well'),
                ({**without, 'oauth': 'refresh', 'token-store': 'none'}, 'the token store is not there yet'),
                ({**without, 'certificate-file': 'secret'}, 'secret')):
            box.file('modules.json', json.dumps({'modules': {'box': {'targets': [target], 'options': options}}}).encode())
            complains(box.run('serve', '--listen', '127.0.0.1:0', '--modules', str(box.path / 'modules.json')), words,
                      options)
        box.file('modules.json', json.dumps({'modules': {'box': {'options': good}}}).encode())
        complains(box.run('serve', '--modules', str(box.path / 'modules.json')), 'must be named', 'no targets')
        equal(recorder.forms, [], 'nobody was asked')


support.main([
    ('each way that needs nobody', each_way),
    ('one question for all, while the token is good', asked_once),
    ('a refusal is the finding, and is not asked for again', refused),
    ('an authority that wants to be left alone, or is away', left_alone),
    ('a stop while it asks', ends_while_it_asks),
    ('what cannot be', cannot_be),
])
