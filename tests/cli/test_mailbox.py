"""Whole journeys in a mailbox, against the simulator: what --exercise and --round-trip try works or is told, and the
mailbox is afterwards as it was, whatever ended the run. Python's imaplib looks."""
import imaplib
import json
import os
import pathlib
import random
import signal
import ssl
import support
import time
from support import Sandbox, Simulator, contains, equal

# Different each time, and said, so that the moment can be found again.
SEED = int(os.environ.get('MAILDOCTOR_SEED', random.randrange(1 << 30)))
# Long enough to be met in the middle of it.
LONG = '40'
OURS = 'maildoctor-exercise-'


class Mailbox:
    """The account of a running simulator, as it was at the start."""

    def __init__(self, simulator):
        self.facts = simulator.facts
        session = self.connect()
        for folder in ('Archive', 'my-maildoctor-exercise-notes'):
            session.create(folder)
        session.append('INBOX', None, None, self.letter(1))
        session.append('Archive', '\\Answered', None, self.letter(2))
        session.logout()
        self.before = self.listing()

    @staticmethod
    def letter(number):
        return (f'From: ben@example.net\r\nTo: ana@example.org\r\nSubject: letter {number}\r\n'
                f'Message-ID: <{number}@example.net>\r\n\r\nNumber {number}.\r\n').encode()

    def connect(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        session = imaplib.IMAP4_SSL('127.0.0.1', self.facts['ports']['993'], ssl_context=context, timeout=support.PATIENCE)
        secret = pathlib.Path(self.facts['password_file'] or self.facts['token_file']).read_text(encoding='ascii')
        if self.facts['password_file']:
            session.login(self.facts['user'], secret)
        else:
            answer = f'user={self.facts["user"]}\1auth=Bearer {secret}\1\1'.encode()
            session.authenticate('XOAUTH2', lambda _: answer)
        return session

    def folders(self):
        session = self.connect()
        names = [line.decode().rsplit('"', 2)[1] for line in session.list()[1]]
        session.logout()
        return names

    def ours(self):
        return [name for name in self.folders() if name.startswith(OURS)]

    def listing(self):
        """Every folder with every message's UID, flags and text."""
        names, seen, session = self.folders(), {}, self.connect()
        for name in names:
            equal(session.select(f'"{name}"', readonly=True)[0], 'OK', name)
            rows = session.uid('FETCH', '1:*', '(FLAGS INTERNALDATE BODY.PEEK[])')[1]
            seen[name] = [b' '.join(row) for row in rows if isinstance(row, tuple)]
        session.logout()
        return seen

    def unchanged(self):
        equal(self.listing(), self.before, 'the mailbox')


def arguments(simulator, *more):
    return [*simulator.arguments, '--format', 'json', *more]


def attempts(result, purpose):
    return [attempt for endpoint in result['endpoints'] for attempt in endpoint['attempts']
            if attempt['purpose'] == purpose]


def bad_steps(attempt):
    return [(step['name'], step['status']) for step in attempt['steps'] if step['status'] != 'ok']


def no_record(box):
    left = [name for _, _, names in os.walk(box.path) for name in names if name.startswith('exercise-')]
    equal(left, [], 'records')


def run(box, simulator, *more):
    done = box.run(*arguments(simulator, *more))
    equal(done.stderr, b'', 'standard error')
    result = json.loads(done.stdout)
    return done.returncode, result, {finding['class'] for finding in result['findings']}


# ---- operations ----

def whole(scenario):
    def case():
        with Sandbox() as box, Simulator(box, scenario) as simulator:
            mailbox = Mailbox(simulator)
            status, result, _ = run(box, simulator, '--exercise', 'imap,pop3', '--exercise-hold', '0.5')
            equal((status, result['verdict']['class']), (0, None), result['verdict']['summary'])
            imap, pop3 = attempts(result, 'exercise')
            for attempt in attempts(result, 'exercise') + attempts(result, 'second-client'):
                equal(bad_steps(attempt), [], attempt['purpose'])
            names = {step['name'] for step in imap['steps'] + pop3['steps']}
            equal({'CREATE', 'RENAME', 'APPEND', 'STORE', 'SEARCH text', 'SEARCH date', 'COPY', 'FETCH change', 'stay open',
                   'DELETE', 'LIST', 'UIDL', 'TOP', 'RETR', 'second session'} - names, set(), 'what was not tried')
            equal((imap['exercise']['left'], pop3['exercise']['second_session']), ([], 'allowed'))
            mailbox.unchanged()
            no_record(box)
    return case


def in_the_middle(box, simulator, mailbox, *more):
    """A run that keeps its connection open, and has made all its folders."""
    process = box.start(*arguments(simulator, '--exercise', 'imap', '--exercise-hold', LONG, *more))
    end = time.monotonic() + support.PATIENCE
    while len(mailbox.ours()) < 2:
        if time.monotonic() > end:
            raise AssertionError('it made no folders')
        time.sleep(0.05)
    time.sleep(0.3)
    return process


def interrupted():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        mailbox = Mailbox(simulator)
        process = in_the_middle(box, simulator, mailbox)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=support.PATIENCE)
        result = json.loads(out)
        equal((err, result['complete'], result['cut_by']), (b'', False, 'interrupt'))
        mailbox.unchanged()
        no_record(box)


def at_any_moment(scenario, count):
    """Interrupted somewhere between its start and its end."""
    def case():
        moments = random.Random(SEED)
        with Sandbox() as box, Simulator(box, scenario) as simulator:
            mailbox, cut = Mailbox(simulator), 0
            words = arguments(simulator, '--exercise', 'imap,pop3', '--exercise-hold', '0.2')
            span = json.loads(box.run(*words).stdout)['duration_ms'] / 1000 + 0.03
            for _ in range(count):
                process = box.start(*words)
                time.sleep(moments.uniform(0, span))
                process.send_signal(signal.SIGINT)
                out, _ = process.communicate(timeout=support.PATIENCE)
                cut += bool(out) and not json.loads(out)['complete']
            print(f'# seed {SEED}: {cut} of {count} runs were cut')
            mailbox.unchanged()
            no_record(box)
    return case


def killed():
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        mailbox = Mailbox(simulator)
        process = in_the_middle(box, simulator, mailbox)
        process.kill()
        process.communicate()
        left = mailbox.ours()
        equal(len(left), 2, 'folders of a killed run')
        status, result, _ = run(box, simulator, '--exercise', 'imap', '--exercise-hold', '0.5')
        equal((status, sorted(attempts(result, 'exercise')[0]['exercise']['swept'])), (0, sorted(left)))
        mailbox.unchanged()
        no_record(box)


def dropped():
    """The connection is lost in the middle: another one cleans up."""
    with Sandbox() as box, Simulator(box, 'idle-dropped') as simulator:
        mailbox = Mailbox(simulator)
        _, result, classes = run(box, simulator)
        contains(classes, 'mailbox-not-kept-open')
        equal(len(attempts(result, 'exercise')), 2, 'sessions')
        mailbox.unchanged()
        no_record(box)


def search_refused():
    """IMAP works, and that its search does not is said."""
    with Sandbox() as box, Simulator(box, 'search-refused') as simulator:
        mailbox = Mailbox(simulator)
        _, result, classes = run(box, simulator)
        equal(classes, {'mailbox-operation-refused'})
        title = result['findings'][0]['title']
        for name in ('SEARCH subject', 'SEARCH date', 'SEARCH text', 'SEARCH header', 'SEARCH flag'):
            contains(title, name)
        for name in ('COPY', 'STORE', 'CREATE'):
            support.lacks(title, name)
        mailbox.unchanged()


def left_behind():
    """What cannot be removed is named, by its folders."""
    with Sandbox() as box, Simulator(box, 'folders-stay') as simulator:
        mailbox = Mailbox(simulator)
        _, result, classes = run(box, simulator)
        equal(classes, {'mailbox-operation-refused', 'mailbox-left-behind'})
        equal(sorted(attempts(result, 'exercise')[-1]['exercise']['left']), sorted(mailbox.ours()))


# ---- POP3 ----

def second_session():
    with Sandbox() as box, Simulator(box, 'pop3-locked') as simulator:
        mailbox = Mailbox(simulator)
        status, result, classes = run(box, simulator)
        equal((status, classes), (0, set()))
        equal(attempts(result, 'exercise')[0]['exercise']['second_session'], 'locked')
        mailbox.unchanged()


def pop3_pause(scenario, options, reached, *more):
    """An interrupt while a session of POP3 waits for something else: it ends at once, with a whole result."""
    def case():
        with Sandbox() as box, Simulator(box, scenario, *options) as simulator:
            mailbox = Mailbox(simulator)
            process = box.start(*arguments(simulator, *more))
            time.sleep(1.5)
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=support.PATIENCE)
            result = json.loads(out)
            if result['complete'] or not attempts(result, reached):
                raise support.Skip('the run was not met where it pauses')
            equal((err, result['cut_by']), (b'', 'interrupt'))
            equal(time.monotonic() - started < 8, True, 'it ended at once')
            # A copy among what was sent is out of POP3's reach.
            equal(mailbox.listing()['INBOX'], mailbox.before['INBOX'])
    return case


# ---- a message's whole way ----

def round_trip(scenario, expected, *more, scale='0', wait_ms=0, facts=None):
    """EXPECTED: exit status and class; FACTS: what the delivery is to say. All that came is gone again."""
    def case():
        with Sandbox() as box, Simulator(box, scenario, '--delay-scale', scale) as simulator:
            mailbox = Mailbox(simulator)
            started = time.monotonic()
            status, result, _ = run(box, simulator, *more)
            equal((status, result['verdict']['class']), expected, result['verdict']['summary'])
            delivery = result['delivery']
            for name, value in (facts or {}).items():
                equal(delivery[name], value, name)
            equal(time.monotonic() - started >= wait_ms / 1000, True, 'it waited')
            equal(delivery['left'], 0, 'left')
            mailbox.unchanged()
            return delivery
    return case


def delayed():
    """20 s, told to be 2: the hops say where it waited."""
    delivery = round_trip('delivery-delayed', (0, None), scale='0.1', wait_ms=1900, facts={'arrived': True})()
    equal(delivery['found_ms'] >= 1800, True, f'found after {delivery["found_ms"]} ms')
    slow = [passage for passage in delivery['passages'] if passage.get('delay_s')]
    equal(len(slow) == 1 and 1 <= slow[0]['delay_s'] <= 3, True, str(delivery['passages']))


def unanswered():
    """A message that left whole may arrive, whatever ended the wait for its answer: that is not known, and said."""
    with Sandbox() as box, Simulator(box, 'message-unanswered') as simulator:
        _, late, _ = run(box, simulator, '--timeout', '2')
        process = box.start(*arguments(simulator))
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        cut = json.loads(process.communicate(timeout=support.PATIENCE)[0])
        equal(cut['complete'], False)
        for result in (late, cut):
            equal(result['submission']['accepted'], False)
            contains(' '.join(result['verdict']['not_tested']), 'whether the message goes out all the same')
        _, refused, _ = run(box, simulator, '--rcpt-only')
        support.lacks(' '.join(refused['verdict']['not_tested']), 'all the same')


HERE = {'arrived': True, 'junk': False, 'folder': 'INBOX'}
support.main([
    ('everything works at Microsoft 365, and the mailbox is as it was', whole('healthy')),
    ('everything works at an own server, and the mailbox is as it was', whole('healthy-generic')),
    ('an interrupt in the middle cleans up', interrupted),
    ('an interrupt at any moment', at_any_moment('healthy', 15)),
    ('what a killed run left, the next one removes', killed),
    ('a lost connection: another one cleans up', dropped),
    ('IMAP works, its search does not', search_refused),
    ('folders that cannot be removed are named', left_behind),
    ('POP3 lets in one session', second_session),
    ('an interrupt while another session of POP3 logs in',
     pop3_pause('pop3-locked', ['--delay-scale', '1'], 'exercise')),
    ('an interrupt between two looks over POP3',
     pop3_pause('message-not-arrived', [], 'arrival', '--ports', '587,995', '--arrival', '50')),
    ('a message that is not answered', unanswered),
    ('round trip', round_trip('healthy', (0, None), '--round-trip', facts={**HERE, 'removed': 2})),
    ('round trip at an own server', round_trip('healthy-generic', (0, None), '--round-trip', facts={**HERE, 'removed': 1})),
    ('round trip over POP3',
     round_trip('healthy-generic', (0, None), '--round-trip', '--ports', '587,995', facts={**HERE, 'removed': 1})),
    ('round trip: late', delayed),
    ('round trip: among the junk',
     round_trip('arrived-in-junk', (1, 'arrived-in-junk'), facts={'arrived': True, 'junk': True, 'folder': 'Junk Email'})),
    ('round trip: comes back', round_trip('message-bounced', (2, 'recipient-rejected'), facts={'arrived': False})),
    ('round trip: never', round_trip('message-not-arrived', (1, 'message-not-arrived'), wait_ms=2000,
                                     facts={'arrived': False, 'removed': 1})),
])
