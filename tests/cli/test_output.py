"""Where the result goes: whole, once, and with a complaint when it cannot get there. The target is a port of this
machine on which nobody listens, so that a run takes milliseconds."""
import json
import os
import pty
import socket
import stat
import subprocess
import support
from support import Sandbox, contains, equal, lacks

# Held, but not listening: a connect is refused.
HELD = socket.socket()
HELD.bind(('127.0.0.1', 0))
TARGET = f'imap://127.0.0.1:{HELD.getsockname()[1]}'


def formats():
    with Sandbox() as box:
        text = box.run(TARGET)
        equal(text.stderr, b'', 'progress without a terminal')
        contains(text.stdout, b'127.0.0.1')
        for line in text.stdout.decode().splitlines():
            if len(line) > 80:
                raise AssertionError(f'longer than 80 columns: {line}')
        result = json.loads(box.run('--format', 'json', TARGET).stdout)
        equal((result['schema_version'], result['complete']), (1, True))
        lines = box.run('--format', 'ndjson', TARGET).stdout
        equal(lines.count(b'\n'), 1, 'ndjson is one line')
        equal(json.loads(lines)['target']['input'], TARGET)


def github_summary():
    """Annotations on standard output, the summary appended to the file that the runner names."""
    with Sandbox() as box:
        path = box.path / 'summary.md'
        path.write_bytes(b'before\n')
        result = box.run('--format', 'github', TARGET, variables={'GITHUB_STEP_SUMMARY': str(path)})
        equal(result.returncode, 2)
        for line in result.stdout.decode().splitlines():
            if not line.startswith(('::error title=', '::warning title=')):
                raise AssertionError(f'no annotation: {line}')
        summary = path.read_text()
        equal(summary.startswith('before\n### '), True, 'appended')
        contains(summary, 'Class: tcp-refused')
        lacks(box.run('--format', 'text', TARGET, variables={'GITHUB_STEP_SUMMARY': str(path)}).stderr, b'summary')
        equal(path.read_text(), summary, 'other formats leave it alone')
        result = box.run('--format', 'github', TARGET, variables={'GITHUB_STEP_SUMMARY': '/nowhere/summary'})
        equal(result.returncode, 3)
        contains(result.stderr, b'cannot write /nowhere/summary')


def bare_target():
    with Sandbox() as box:
        first, second = box.run(TARGET), box.run('check', TARGET)
        equal(first.returncode, second.returncode)
        equal(box.run(TARGET, '--format', 'json').returncode, first.returncode, 'options may follow')


def output_file():
    with Sandbox() as box:
        path = box.path / 'result.json'
        result = box.run('--format', 'json', '--output', 'result.json', TARGET)
        equal((result.stdout, result.stderr), (b'', b''))
        json.loads(path.read_bytes())
        equal([p.name for p in box.path.iterdir() if p.name.startswith('result')], ['result.json'], 'left over')
        path.write_bytes(b'old')
        path.chmod(0o640)
        box.run('--format', 'json', '--output', str(path), TARGET)
        json.loads(path.read_bytes())
        equal(stat.S_IMODE(path.stat().st_mode), 0o640, 'mode of a replaced file')


def output_link_and_device():
    with Sandbox() as box:
        real, link = box.path / 'real', box.path / 'link'
        link.symlink_to(real)
        box.run('--format', 'json', '--output', str(link), TARGET)
        json.loads(real.read_bytes())
        equal(link.is_symlink(), True, 'the link is still one')
        equal(box.run('--output', '/dev/null', TARGET).stderr, b'')


def full_device():
    with Sandbox() as box, open('/dev/full', 'wb') as full:
        result = box.run(TARGET, stdout=full)
        equal(result.returncode, 3)
        contains(result.stderr, b'No space left')
        result = box.run('--output', '/dev/full', TARGET)
        support.complains(result, 'No space left')


def closed_pipe():
    with Sandbox() as box:
        ends = os.pipe()
        os.close(ends[0])
        result = box.run(TARGET, stdout=ends[1])
        os.close(ends[1])
        equal(result.returncode, 3, 'not ended by a signal')
        contains(result.stderr, b'Broken pipe')


def closed_output():
    with Sandbox() as box:
        result = subprocess.run(['/bin/sh', '-c', f'exec "$0" {TARGET} >&-', support.PROGRAM], env=box.environment(),
                                cwd=box.path, stderr=subprocess.PIPE, timeout=support.PATIENCE, check=False)
        equal(result.returncode, 3)
        contains(result.stderr, b'cannot write')


def slow_reader():
    """A pipe that somebody made non-blocking, and a reader that takes its time."""
    with Sandbox() as box:
        ends = os.pipe()
        os.set_blocking(ends[1], False)
        process = box.start('--help', stdout=ends[1])
        os.close(ends[1])
        text = b''
        while piece := os.read(ends[0], 7):
            text += piece
        os.close(ends[0])
        equal(process.wait(support.PATIENCE), 0)
        process.stderr.close()
        equal(text, box.run('--help').stdout)


def on_terminal(box, *arguments, **variables):
    """What the program writes to a terminal that is its standard output."""
    master, slave = pty.openpty()
    process = box.start(*arguments, variables=variables, stdout=slave, stderr=subprocess.DEVNULL)
    os.close(slave)
    text = b''
    try:
        while piece := os.read(master, 4096):
            text += piece
    except OSError:
        pass  # Linux reports the closed other side as EIO
    os.close(master)
    process.wait(support.PATIENCE)
    return text


def color():
    with Sandbox() as box:
        contains(on_terminal(box, TARGET), b'\x1b[', 'a terminal gets colour')
        lacks(on_terminal(box, TARGET, NO_COLOR='1'), b'\x1b', 'NO_COLOR')
        contains(on_terminal(box, TARGET, NO_COLOR=''), b'\x1b[', 'an empty NO_COLOR says nothing')
        lacks(on_terminal(box, TARGET, TERM='dumb'), b'\x1b', 'TERM=dumb')
        lacks(on_terminal(box, '--color', 'never', TARGET), b'\x1b', 'never')
        lacks(on_terminal(box, '--format', 'json', '--color', 'always', TARGET), b'\x1b', 'JSON has no colour')
        lacks(box.run(TARGET).stdout, b'\x1b', 'a pipe')
        contains(box.run('--color', 'always', TARGET).stdout, b'\x1b[', 'always')
        contains(box.run('--color=always', TARGET, variables={'NO_COLOR': '1'}).stdout, b'\x1b[', 'asked for')


def progress():
    """Drawn on standard error only where that is a terminal, and taken back before the result comes."""
    listener = socket.create_server(('127.0.0.1', 0))  # accepts, and says nothing
    slow = f'imap://127.0.0.1:{listener.getsockname()[1]}'
    with Sandbox() as box:
        arguments = ['--timeout', '0.5', slow]
        for variables, drawn in ({}, True), ({'TERM': 'dumb'}, False):
            master, slave = pty.openpty()
            process = box.start(*arguments, variables=variables, stderr=slave)
            os.close(slave)
            process.communicate(timeout=support.PATIENCE)
            text = b''
            try:
                while piece := os.read(master, 4096):
                    text += piece
            except OSError:
                pass
            os.close(master)
            equal(b'127.0.0.1' in text, drawn, f'drawn with {variables}')
        equal(box.run(*arguments).stderr, b'')
    listener.close()


def ascii_only():
    with Sandbox() as box:
        name = 'http://b\u00fccher.example'.replace('http', 'imap')
        for arguments, variables in ((['--ascii'], {}), ([], {'LC_ALL': 'C'}), ([], {'LC_ALL': None})):
            text = box.run(*arguments, '--resolver', '127.0.0.1:1', name, variables=variables).stdout
            if not text.isascii():
                raise AssertionError(f'{arguments} {variables}: {text!r}')


support.main([('the formats', formats), ('the step summary of GitHub', github_summary), ('a bare target is checked', bare_target), ('--output replaces', output_file),
              ('--output through a link, to a device', output_link_and_device), ('a full device', full_device),
              ('a closed pipe', closed_pipe), ('a closed standard output', closed_output),
              ('a slow reader', slow_reader), ('colour', color), ('progress', progress), ('ASCII', ascii_only)])
