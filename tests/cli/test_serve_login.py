"""Logins of `maildoctor serve`: by the clock, to nobody but the targets named, and never one too many."""
import time
import support
from serving import ImapServer, Serve, certificates, failures, modules_of
from support import Mute, Sandbox, Simulator, contains, equal, lacks

SECRET = 'sesame-open-4711'


class Imap(ImapServer):
    """Counts the passwords it is sent, and knows one."""

    def __init__(self, box, known=None):
        super().__init__(box)
        self.known = known
        self.passwords = []

    def login(self, words):
        password = words[3].strip(b'"').decode()
        self.passwords.append(password)
        return b'OK logged in' if password == self.known else b'NO [AUTHENTICATIONFAILED] Authentication failed.'


def module_of(target, password='secret'):
    return {'targets': [target], 'interval': 10, 'options': {'ca-file': 'ca.pem', 'password-file': password}}


def ended(serve):
    return sum(value for name, value in serve.own().items() if name.startswith('maildoctor_serve_runs_total'))


def by_the_clock():
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        module = {'targets': ['ana@example.org'], 'interval': 10, 'options': modules_of(simulator, login=True)}
        with Serve(box, {'box': module}) as serve:
            first = serve.probe('ana@example.org', module='box')
            equal((first['probe_success'], failures(first)), (1, []))
            equal((first['maildoctor_need_met{need="send"}'], first['maildoctor_need_met{need="read"}']), (1, 1))
            for _ in range(20):
                equal(serve.probe('ana@example.org', module='box', timeout=5), first)
            equal(ended(serve), 1, 'no login per scrape')
            page = serve.ask('/')[2]
            contains(page, 'by the clock')
            debug = serve.ask('/probe?module=box&target=ana@example.org&debug=true')[2]
            contains(debug, 'login ok')
            password = open(module['options']['password-file'], encoding='utf-8').read().strip()
            for text in (page, debug, ''.join(serve.lines), serve.ask('/metrics')[2]):
                lacks(text, password)
            serve.wait(lambda own: own['maildoctor_serve_runs_total{status="ok"}'] >= 2, 'the next one by the clock')
            if serve.probe('ana@example.org', module='box')['maildoctor_last_run_timestamp_seconds'] <= \
                    first['maildoctor_last_run_timestamp_seconds']:
                raise AssertionError('the result is the old one')


def a_token_and_its_times():
    with Sandbox() as box, Simulator(box, 'oauth-wrong-audience') as simulator:
        options = {**modules_of(simulator, login=True), 'secret-expires': '2027-01-31'}
        with Serve(box, {'box': {'targets': ['ana@contoso.com'], 'options': options}}) as serve:
            found = serve.probe('ana@contoso.com', module='box')
            equal(found['maildoctor_credential_expiry_timestamp_seconds'], 1801353600)
            if abs(found['maildoctor_token_refresh_timestamp_seconds'] - time.time()) > 86400:
                raise AssertionError(f'when the token was given: {found}')
            equal(failures(found), ['oauth-wrong-audience'], 'the token was judged')
            debug = serve.ask('/probe?module=box&target=ana@contoso.com&debug=true')[2]
            lacks(debug, 'eyJ', 'the token')


def a_token_that_a_timer_gets():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        facts, file = simulator.facts, str(box.path / 'fresh')
        began = time.time()
        got = box.run('token', 'get', '--oauth', 'client-credentials', '--client-id', 'an-app', '--tenant', 'contoso.com',
                      '--authority', facts['authority'], '--ca-file', facts['ca_file'], '--client-secret-file',
                      facts['client_secret_file'], '--no-token-cache', '--output', file)
        equal((got.returncode, got.stdout), (0, b''), got.stderr)
        options = {**modules_of(simulator, login=True), 'token-file': file}
        with Serve(box, {'box': {'targets': ['ana@contoso.com'], 'options': options}}) as serve:
            found = serve.probe('ana@contoso.com', module='box')
            equal((found['probe_success'], failures(found)), (1, []))
            if found['maildoctor_token_refresh_timestamp_seconds'] < began - 300:
                raise AssertionError(f'when the token was given: {found}')
            equal('maildoctor_credential_expiry_timestamp_seconds' in found, False, 'nobody knows until when it holds')


def a_message_now_and_then():
    """The first run submits one; the next, by the clock, only logs in."""
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        module = {'targets': ['ana@example.org'], 'interval': 10,
                  'options': {**modules_of(simulator, login=True), 'submit': True}}
        with Serve(box, {'box': module}) as serve:
            for runs, messages in ((1, 1), (2, 0)):
                serve.wait(lambda own, runs=runs: own['maildoctor_serve_runs_total{status="ok"}'] >= runs,
                           f'run {runs}')
                debug = serve.ask('/probe?module=box&target=ana@example.org&debug=true')[2]
                equal(debug.count('C MAIL FROM:<ana@example.org>'), messages, f'messages of run {runs}: {debug}')
            equal(serve.ask('/probe?module=box&target=ana@example.org&to=eve@example.org')[0], 400)


def room_for_others():
    """However many logins there are, --keep is for targets that are asked for."""
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        modules = {'box': {'targets': ['ana@example.org'], 'options': modules_of(simulator, login=True)},
                   'default': {'options': modules_of(simulator)}}
        with Serve(box, modules, '--keep', '1') as serve:
            for target in ('ana@example.org', 'mail.example.org:587'):
                equal(serve.probe(target)['probe_success'], 1, target)
            equal(serve.own()['maildoctor_serve_kept'], 2, "the login's, and the last one")


def only_to_its_targets():
    with Sandbox() as box, Mute() as mute:
        certificates(box)
        box.file('secret', SECRET.encode())
        with Imap(box, SECRET) as imap, Serve(box, {'box': module_of(imap.target())}) as serve:
            stranger = mute.target.replace('imap://', 'imaps://ana@')
            for target in (stranger, imap.target().replace('ana', 'ben'), imap.target() + '/', imap.target().upper()):
                equal(serve.ask(f'/probe?module=box&target={target}')[0], 403, target)
            equal(serve.probe(imap.target(), module='box')['probe_success'], 1)
            equal(imap.passwords, [SECRET])
            mute.listener.settimeout(0.1)
            try:
                mute.reached()
                raise AssertionError('the stranger was contacted')
            except TimeoutError:
                pass


def never_one_too_many():
    """Over several intervals: a refused password is sent once, whoever remembers it, and however many modules have it;
    one that the file holds anew is tried."""
    with Sandbox() as box:
        certificates(box)
        box.file('secret', b'wrong-1\n')
        box.file('state', b'a file where a directory should be')
        with Imap(box, SECRET) as one, Imap(box) as two, Imap(box) as three, \
                Serve(box, {'box': module_of(one.target())}) as remembers, \
                Serve(box, {'box': module_of(two.target(), 'secret')},
                      variables={'XDG_STATE_HOME': str(box.path / 'state')}) as cannot, \
                Serve(box, {'a': module_of(three.target()), 'b': module_of(three.target())},
                      variables={'XDG_STATE_HOME': str(box.path / 'other')}) as twice:
            equal(failures(remembers.probe(one.target(), module='box')), ['bad-credentials'])
            equal(failures(cannot.probe(two.target(), module='box')), ['bad-credentials'])
            twice.wait(lambda own: ended(twice) >= 3, 'both modules have run')
            remembers.wait(lambda own: ended(remembers) >= 2, 'the second interval')
            equal((one.passwords, three.passwords), (['wrong-1'], ['wrong-1']))
            equal(failures(remembers.probe(one.target(), module='box')), ['bad-credentials'], 'it is still so')
            contains(''.join(cannot.lines), 'cannot be written')
            box.file('secret', SECRET.encode())
            remembers.wait(lambda own: own['maildoctor_serve_runs_total{status="ok"}'] >= 1, 'the new password')
            equal(one.passwords[:2], ['wrong-1', SECRET])
            cannot.wait(lambda own: len(two.passwords) == 2, 'the new password there')
            equal(two.passwords, ['wrong-1', SECRET])
            for serve in (remembers, cannot, twice):
                lacks(''.join(serve.lines) + serve.ask('/')[2], SECRET)


support.main([
    ('a login by the clock, and not by scrapes', by_the_clock),
    ('a token, judged, and its times', a_token_and_its_times),
    ('a token that a timer gets', a_token_that_a_timer_gets),
    ('a test message, and then none for an hour', a_message_now_and_then),
    ('logins take no place of other targets', room_for_others),
    ('no other target gets the secret', only_to_its_targets),
    ('a refused password is sent once', never_one_too_many),
])
