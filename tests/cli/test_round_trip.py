"""A round trip to a second account, as far as two simulated providers go, neither of which delivers: the message is held
back, or sent and not found, and what is wrong with the one account is never said of the other."""
import json
import pathlib
import support
from support import Sandbox, Simulator, complains, contains, equal, lacks

WRONG = 'no-such-word-of-theirs'


def trip(box, sender, recipient, password=None, *options):
    """From the one provider to the other."""
    facts = recipient.facts
    roots = b''.join(pathlib.Path(each['ca_file']).read_bytes() for each in (sender.facts, facts))
    words = [*sender.arguments, '--ca-file', box.file('roots.pem', roots), '--to-host', 'mail.example.org',
             '--round-trip-to', facts['user'], '--arrival', '1']
    for place in facts['connect_to']:
        words += ['--connect-to', place]
    secret = box.file('to-password', password.encode()) if password else facts['password_file']
    return box.run(*words, '--to-password-file', secret, *options)


def refused():
    """The second password is refused: nothing is sent, the first account is well, and no second run tries it again."""
    with Sandbox() as box, Simulator(box, 'submission-accepted') as sender, Simulator(box, 'healthy-generic') as recipient:
        for number in (1, 2):
            run = trip(box, sender, recipient, WRONG, '--format', 'json', '--transcript')
            lacks(run.stdout + run.stderr, WRONG.encode(), 'a secret is shown')
            result = json.loads(run.stdout)
            equal((run.returncode, result['verdict']['class']), (1, 'recipient-mailbox-closed'), number)
            equal(result['verdict']['needs'], {'send': 'ok', 'read': 'ok'}, number)
            equal(result['submission']['withheld'], True)
            equal('delivery' in result, False)
            contains(result['verdict']['meaning'], recipient.facts['user'])
            there = result['recipient']
            equal(there['target']['user'], recipient.facts['user'])
            equal({endpoint['host'] for endpoint in there['endpoints']}, {'mail.example.org'})
            equal({endpoint['service'] for endpoint in there['endpoints']}, {'imap', 'pop3'})
            lacks([finding['class'] for finding in result['findings']], 'bad-credentials')
            outcomes = [attempt['auth']['outcome'] for endpoint in there['endpoints'] for attempt in endpoint['attempts']
                        if attempt.get('auth')]
            equal(outcomes.count('judged'), 1 if number == 1 else 0, number)


def not_found():
    """It opens and nothing comes: said of the second mailbox."""
    with Sandbox() as box, Simulator(box, 'submission-accepted') as sender, Simulator(box, 'healthy-generic') as recipient:
        run = trip(box, sender, recipient, None, '--format', 'json')
        result = json.loads(run.stdout)
        equal((run.returncode, result['verdict']['class']), (1, 'message-not-arrived'))
        equal(result['delivery']['account'], recipient.facts['user'])
        equal(result['recipient']['verdict']['status'], 'ok')
        equal(result['submission']['accepted'], True)


def shown():
    """Every format that lists endpoints has the second account's, and --share replaces it."""
    with Sandbox() as box, Simulator(box, 'submission-accepted') as sender, Simulator(box, 'healthy-generic') as recipient:
        run = trip(box, sender, recipient, None, '--format', 'json')
        saved = box.file('saved.json', run.stdout)
        text = box.run('render', saved).stdout.decode()
        contains(text, "The recipient's account, ana@example.org: The login for reading works.")
        equal(box.run('render', '--format', 'json', saved).stdout, run.stdout)
        lines = box.run('render', '--format', 'csv', saved).stdout.decode().splitlines()
        equal(sum(line.startswith('mail.example.org,') for line in lines), 4)
        contains(box.run('render', '--format', 'junit', saved).stdout, b'<testsuite name="mail.example.org"')
        contains(box.run('render', '--format', 'openmetrics', saved).stdout,
                 b'maildoctor_endpoint_success{account="recipient",endpoint="mail.example.org:993"} 1')
        contains(box.run('render', '--format', 'html', saved).stdout, b'Where the test message went')
        for name in ('text', 'json', 'csv', 'html', 'junit'):
            shared = box.run('render', '--share', '--format', name, saved).stdout
            lacks(shared, b'example.org', name)
            lacks(shared, b'contoso', name)


def spoiled():
    with Sandbox() as box:
        run = box.run('check', 'imap://127.0.0.1:1', '--format', 'json')
        result = json.loads(run.stdout)
        result['recipient'] = 'bob'
        complains(box.run('render', box.file('saved.json', json.dumps(result).encode())), 'recipient')


support.main([('the second password is refused', refused), ('it does not come', not_found),
              ('every format', shown), ('a spoiled result', spoiled)])
