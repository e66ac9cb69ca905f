"""What the command line tests share: running the program away from the user's own settings, and TAP."""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import traceback

# Tests run in folders of their own.
PROGRAM = os.path.abspath(sys.argv[1])
# As long as a machine under load may need for what takes a fraction of a second.
PATIENCE = 60


class Skip(Exception):
    """Raised with the reason."""


class Sandbox:
    """A folder for one test that is also its home, so that nothing is remembered from run to run."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='maildoctor-cli-')
        self.path = pathlib.Path(self.folder.name)
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def environment(self, **more):
        environment = {'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'HOME': str(self.path), 'LC_ALL': 'C.UTF-8',
                       'TERM': 'xterm', **{k: v for k, v in os.environ.items() if k.endswith('SAN_OPTIONS')}}
        environment.update(more)
        return {key: value for key, value in environment.items() if value is not None}

    def run(self, *arguments, variables=None, **more):
        more.setdefault('stdin', subprocess.DEVNULL)
        more.setdefault('stdout', subprocess.PIPE)
        more.setdefault('stderr', subprocess.PIPE)
        return subprocess.run([PROGRAM, *arguments], env=self.environment(**(variables or {})), cwd=self.path,
                              timeout=PATIENCE, check=False, **more)

    def start(self, *arguments, variables=None, **more):
        more.setdefault('stdin', subprocess.DEVNULL)
        more.setdefault('stdout', subprocess.PIPE)
        more.setdefault('stderr', subprocess.PIPE)
        return subprocess.Popen([PROGRAM, *arguments], env=self.environment(**(variables or {})), cwd=self.path, **more)

    def file(self, name, content, mode=0o600):
        path = self.path / name
        path.write_bytes(content)
        path.chmod(mode)
        return str(path)


class Simulator:
    """`maildoctor simulate` with a scenario, for the length of a with-statement. It ends when its standard input does,
    so that it cannot outlive the test."""

    def __init__(self, box, scenario, *options):
        self.process = box.start('simulate', '--format', 'json', '--until-eof', '--scenario', scenario,
                                 *(options or ('--delay-scale', '0')), stdin=subprocess.PIPE)

    def __enter__(self):
        text = b''
        while not text.endswith(b'\n}\n'):
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f'the simulator did not start: {self.process.stderr.read()!r}')
            text += line
        self.facts = json.loads(text)
        self.arguments = self.facts['command'][1:]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        equal(self.process.wait(PATIENCE), 0, 'exit status of the simulator')
        equal(self.process.stderr.read(), b'', 'standard error of the simulator')
        self.process.stdout.close()
        self.process.stderr.close()


class Mute:
    """A port that accepts and then says nothing; `reached` returns when the program is connected."""

    def __enter__(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.listener.settimeout(PATIENCE)
        self.target = f'imap://127.0.0.1:{self.listener.getsockname()[1]}'
        self.taken = []
        return self

    def reached(self):
        self.taken.append(self.listener.accept()[0])

    def __exit__(self, *_):
        for connection in self.taken:
            connection.close()
        self.listener.close()


class Server:
    """A port with a thread for each connection, for the length of a with-statement: talk(peer) is what is said there.
    A peer that goes away is no error."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=200)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)  # closing alone does not wake accept()
        self.listener.close()

    def accept(self):
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            try:
                self.talk(peer)
            except (OSError, EOFError):
                pass


def shorten(value):
    text = repr(value)
    return text if len(text) < 1500 else f'{text[:1200]}... ({len(text)} characters) ...{text[-200:]}'


def equal(found, expected, what=''):
    if found != expected:
        raise AssertionError(f'{what}: found {shorten(found)}, expected {shorten(expected)}')


def contains(whole, part, what=''):
    if part not in whole:
        raise AssertionError(f'{what}: {part!r} is not in {shorten(whole)}')


def lacks(whole, part, what=''):
    if part in whole:
        raise AssertionError(f'{what}: {part!r} is in {shorten(whole)}')


def class_of(result):
    """The class that a text report names; None where it names none."""
    found = re.search(r'^Class: (\S+)', result.stdout.decode(), re.M)
    return found.group(1) if found else None


def complains(result, words, what=''):
    """Our own failure: exit status 3, nothing on standard output, one clean line that says why."""
    equal(result.returncode, 3, f'{what}: exit status ({result.stderr!r})')
    equal(result.stdout or b'', b'', f'{what}: standard output')
    text = result.stderr.decode('utf-8')
    equal(text.count('\n'), 1, f'{what}: lines in {text!r}')
    if not (text.startswith('maildoctor: ') and text.endswith('\n') and text[:-1].isprintable()):
        raise AssertionError(f'{what}: not one clean line: {text!r}')
    if len(text) > 400:
        raise AssertionError(f'{what}: {len(text)} characters is no clear line')
    contains(text, words, what)


def main(cases):
    """CASES: (name, function) in order."""
    print(f'1..{len(cases)}')
    failed = 0
    for number, (name, case) in enumerate(cases, 1):
        try:
            case()
            print(f'ok {number} - {name}')
        except Skip as reason:
            print(f'ok {number} - {name} # SKIP {reason}')
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f'not ok {number} - {name}')
            text = ''.join(traceback.format_exception(error))
            print(''.join(f'# {line}\n' for line in text.splitlines()), end='')
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
