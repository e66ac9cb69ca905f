"""Where secrets come from, and that they go nowhere but to the server."""
import base64
import fcntl
import json
import os
import pathlib
import pty
import signal
import subprocess
import termios
import time
import support
from support import Mute, Sandbox, Simulator, complains, contains, equal, lacks

PASSWORD = 'pa55-\u00fc-w0rd {xyz}'


def traces_of(secret, user='ana@contoso.com'):
    """Every form in which SECRET could be seen: raw, and in base64 alone, inside the messages of SASL, and at each
    alignment inside anything else."""
    raw = secret.encode()
    forms = {raw, base64.b64encode(raw), raw.hex().encode(), json.dumps(secret)[1:-1].encode()}
    for message in (b'\0' + user.encode() + b'\0' + raw, b'user=' + user.encode() + b'\x01auth=Bearer ' + raw,
                    b'n,a=' + user.encode() + b',\x01auth=Bearer ' + raw):
        forms.add(base64.b64encode(message))
    for shift in range(3):
        encoded = base64.b64encode(b'\0' * shift + raw)
        forms.add(encoded[(0, 2, 3)[shift]:len(encoded) // 4 * 4 - 4])
    return forms


def check_clean(text, secret, what):
    for form in traces_of(secret):
        lacks(text, form, what)


def without_secret(arguments):
    """The simulator's options, less those that bring the secret."""
    kept, skip = [], False
    for argument in arguments:
        if not skip and argument not in ('--password-file', '--token-file'):
            kept.append(argument)
        skip = argument in ('--password-file', '--token-file')
    return kept


def secret_of(simulator):
    path = simulator.facts['password_file'] or simulator.facts['token_file']
    return pathlib.Path(path).read_text(encoding='utf-8').removesuffix('\n')


def logins(out):
    return sorted(a['auth']['outcome'] for e in json.loads(out)['endpoints'] for a in e['attempts'] if a.get('auth'))


def every_source():
    """The same password by each way gives the same result."""
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        secret = secret_of(simulator)
        rest = [*without_secret(simulator.arguments), '--format', 'json']
        expected = logins(box.run(*simulator.arguments, '--format', 'json').stdout)
        contains(expected, 'accepted')
        plain, dos = box.file('plain', secret.encode()), box.file('dos', f'{secret}\r\n'.encode())
        marked = box.file('marked', f'\ufeff{secret}\r\n'.encode())
        for way in (['--password-file', plain], ['--password-file', dos], ['--password-file', marked],
                    ['--password-command', f'cat {dos}; echo note']):
            equal(logins(box.run(*rest, *way).stdout), expected, str(way))
        ends = os.pipe()
        os.write(ends[1], f'{secret}\n'.encode())
        os.close(ends[1])
        equal(logins(box.run(*rest, '--password-fd', str(ends[0]), pass_fds=[ends[0]]).stdout), expected, 'descriptor')
        os.close(ends[0])
        equal(logins(box.run(*rest, '--password-fd', '0', stdin=open(plain, 'rb')).stdout), expected, 'standard input')
        equal(logins(box.run(*rest, variables={'MAILDOCTOR_PASSWORD': secret}).stdout), expected, 'environment')


def warning():
    with Sandbox() as box:
        shared = box.file('shared', b'hunter22\n', 0o644)
        result = box.run('--password-file', shared, '--user', 'ana', '--resolver', '127.0.0.1:1', 'imap://127.0.0.1:1')
        equal(result.stderr.count(b'\n'), 1)
        contains(result.stderr, b'chmod 600')


def no_leak(scenario):
    """Nothing that is printed shows the secret, with any option; servers that echo it included."""
    def case():
        with Sandbox() as box, Simulator(box, scenario) as simulator:
            secret = secret_of(simulator)
            for options in ([], ['-v'], ['--transcript'], ['-v', '--transcript', '--all-logins', '--retry-login']):
                for form in ('text', 'json', 'ndjson'):
                    run = box.run(*simulator.arguments, *options, '--format', form, '--timeout', '4')
                    if not run.stdout:
                        raise AssertionError(f'no output: {run.stderr!r}')
                    check_clean(run.stdout + run.stderr, secret, f'{form} {options}')
            left = b''.join(path.read_bytes() for path in box.path.rglob('*') if path.is_file())
            check_clean(left, secret, 'what is kept in the home directory')
    return case


def process_list():
    """Neither the command line nor the environment of the running program shows the secret."""
    with Sandbox() as box, Mute() as mute:
        process = box.start('--user', 'ana', mute.target,
                            variables={'MAILDOCTOR_PASSWORD': PASSWORD, 'MAILDOCTOR_PROXY_PASSWORD': PASSWORD})
        mute.reached()
        for name in ('cmdline', 'environ'):
            try:
                check_clean(pathlib.Path(f'/proc/{process.pid}/{name}').read_bytes(), PASSWORD, name)
            except PermissionError:
                pass  # not even its own user may look
        process.terminate()
        process.communicate(timeout=support.PATIENCE)


def command_environment():
    """A command that fetches one secret is not told the other."""
    with Sandbox() as box:
        seen = box.path / 'seen'
        box.run('--token-command', f'env >{seen}; echo x', '--user', 'ana', 'imap://127.0.0.1:1',
                variables={'MAILDOCTOR_PROXY_PASSWORD': PASSWORD})
        lacks(seen.read_bytes(), b'MAILDOCTOR_PROXY_PASSWORD')


def gone(pid):
    """Whether the process has ended, at the latest after a moment."""
    for _ in range(100):
        try:
            if pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rsplit(') ', 1)[1][0] in 'ZX':
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def command_bounded():
    """A command that never ends is killed with all that it started."""
    with Sandbox() as box:
        began = time.monotonic()
        result = box.run('--password-command', 'sleep 300 & echo $! >started; echo x; sleep 300', 'ana@contoso.com')
        complains(result, 'did not end within 30 seconds')
        if not 29.5 <= time.monotonic() - began < 50:
            raise AssertionError(f'{time.monotonic() - began} s')
        equal(gone(int((box.path / 'started').read_text())), True, 'what it started')


def command_interrupted():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Sandbox() as box:
            process = box.start('--password-command', 'sleep 300 & echo $! >part; mv part started; sleep 300',
                                'ana@contoso.com')
            while not (box.path / 'started').exists():
                time.sleep(0.01)
            process.send_signal(number)
            out, err = process.communicate(timeout=10)
            equal((process.returncode, out), (3, b''), str(number))
            contains(err, b'maildoctor: interrupted')
            equal(gone(int((box.path / 'started').read_text())), True, 'what it started')


def command_terminal():
    """A command may ask at the terminal, and Ctrl-C there ends it and the program; the terminal comes back."""
    arguments = ['--password-command', 'printf "pin: " >/dev/tty; read pin </dev/tty; echo "$pin"; exit 7',
                 'ana@contoso.com']
    with Sandbox() as box:
        _, out, err, status, _ = converse(box, arguments, b'1234\n')
        equal((out, status), (b'', 3))
        contains(err, b'status 7')
        _, out, err, status, _ = converse(box, arguments, b'\x03')
        equal((out, status), (b'', 3))
        contains(err, b'maildoctor: interrupted')


def converse(box, arguments, typed, number=None):
    """Runs the program on a terminal of its own and types what it asks for. Returns what the terminal showed, the
    output, the exit status, and whether the echo is on again."""
    master, slave = pty.openpty()
    process = subprocess.Popen([support.PROGRAM, *arguments], env=box.environment(), cwd=box.path, stdin=slave,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                               preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    shown = b''
    while b': ' not in shown:
        shown += os.read(master, 4096)
    if number:
        os.kill(process.pid, number)
    else:
        os.write(master, typed)
    out, err = process.communicate(timeout=support.PATIENCE)
    os.set_blocking(master, False)
    try:
        shown += os.read(master, 4096)
    except OSError:
        pass
    echo = bool(termios.tcgetattr(slave)[3] & termios.ECHO)
    os.close(master)
    os.close(slave)
    return shown, out, err, process.returncode, echo


def prompt():
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        secret = secret_of(simulator)
        arguments = [*without_secret(simulator.arguments), '--ask-password', '--format', 'json']
        shown, out, _, _, echo = converse(box, arguments, f'{secret}\n'.encode())
        check_clean(shown, secret, 'the terminal')
        contains(shown, b'password: ')
        contains(logins(out), 'accepted')
        equal(echo, True, 'echo afterwards')


def prompt_left():
    with Sandbox() as box:
        arguments = ['--ask-password', 'ana@contoso.com']
        _, out, err, status, echo = converse(box, arguments, b'\x04')
        equal((out, status, echo), (b'', 3, True))
        contains(err, b'no password')
        for number in (signal.SIGINT, signal.SIGTERM):
            _, out, _, status, echo = converse(box, arguments, b'', number)
            equal((out, status, echo), (b'', -number, True), str(number))


support.main([('every source gives the same', every_source), ('a file that all may read', warning),
              *((f'no trace of the secret: {name}', no_leak(name))
                for name in ('healthy', 'healthy-generic', 'bad-credentials', 'bad-credentials-generic',
                             'smtp-auth-disabled-tenant', 'authenticated-not-connected', 'auth-rejected-unspecified')),
              ('the process list', process_list), ('the environment of a command', command_environment),
              ('a command without end', command_bounded),
              ('a command, interrupted', command_interrupted), ('a command at the terminal', command_terminal),
              ('the prompt', prompt), ('the prompt, left', prompt_left)])
