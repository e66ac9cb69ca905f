"""`check --reported`: an error that was seen elsewhere joins the evidence, and never spoils what works."""
import json
import support
from support import Sandbox, Simulator, complains, contains, equal, lacks

INCORRECT = '535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.'


def play(scenario, words):
    """The exit status, the JSON result and the text of a run with these words."""
    with Sandbox() as box, Simulator(box, scenario) as simulator:
        run = box.run(*simulator.arguments, '--timeout', '4', '--format', 'json', '--reported', words)
        equal(run.stderr, b'', 'standard error')
        text = box.run('render', box.file('result.json', run.stdout))
        equal(text.returncode, run.returncode, f'exit status of render ({text.stderr!r})')
        return run.returncode, json.loads(run.stdout), text.stdout.decode()


def agreement():
    status, result, text = play('smtp-auth-disabled-tenant', 'SmtpClientAuthentication is disabled for the Tenant')
    equal((status, result['verdict']['reported']['relation']), (2, 'agrees'))
    equal(result['verdict']['confidence'], 'certain')
    steps = [row['step'] for row in result['findings'][0]['evidence']]
    contains(steps, 'reported', 'evidence')
    contains(text, 'You reported:')


def contradiction():
    status, result, text = play('healthy', INCORRECT)
    reported = result['verdict']['reported']
    equal((status, result['verdict']['status']), (0, 'ok'), 'a healthy run stays one')
    equal((reported['relation'], reported['class']), ('contradicts', 'bad-credentials'))
    for word in ('password stored', 'login', 'network'):
        contains(' '.join(reported['compare']), word, 'what may differ')
        contains(' '.join(text.split()), word)


def untested():
    status, result, text = play('healthy', '554 5.2.252 SendAsDenied; a@x not allowed to send as b@x')
    equal((status, result['verdict']['reported']['relation']), (0, 'untested'))
    contains(text, 'no message was submitted')
    contains(text, 'From address')


def hidden():
    """A pasted session: its password is in nothing that is written, nor is the run's own."""
    words = f'AUTH PLAIN AGFuYUBjb250b3NvLmNvbQBzM2NyM3Q=\n{INCORRECT} password=s3cr3t \x1b[31m'
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        for form in ('text', 'json'):
            run = box.run(*simulator.arguments, '--format', form, '-v', '--reported', words)
            for secret in (b's3cr3t', b'czNjcjN0', b'M2NyM3', b'\x1b'):
                lacks(run.stdout, secret, form)
            contains(run.stdout, b'[removed]', form)


def own_password():
    with Sandbox() as box, Simulator(box, 'bad-credentials-generic') as simulator:
        known = next(value for key, value in zip(simulator.arguments, simulator.arguments[1:])
                     if key == '--password-file')
        with open(known, encoding='utf-8') as file:
            password = file.read().strip()
        run = box.run(*simulator.arguments, '--format', 'json', '--reported', f'535 no entry for {password} here')
        lacks(run.stdout, password.encode(), 'the password of the run')


def bad():
    with Sandbox() as box:
        complains(box.run('--reported', ' ', 'imap://127.0.0.1:9'), 'no words')
        complains(box.run('--reported', 'x' * 70000, 'imap://127.0.0.1:9'), '64 KiB')


support.main([('the same fault', agreement), ('what works here', contradiction), ('what was not tested', untested),
              ('secrets', hidden), ('the password of the run', own_password), ('bad words', bad)])
