"""Many targets: each answered once, whatever happens on the way."""
import json
import os
import pathlib
import random
import resource
import signal
import sys
import threading
import time

import support
from support import Sandbox, Server, Simulator, Skip, complains, contains, equal, lacks

# As many as take a few seconds; the whole claim is for ten thousand: test_targets.py PROGRAM 10000.
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 600
support.PATIENCE = PATIENCE = max(support.PATIENCE, COUNT // 10)
SCHEMAS = pathlib.Path(__file__).resolve().parent.parent.parent / 'docs/schema'
MEMORY_LIMIT_KIB = 64 * 1024
SEED = random.SystemRandom().randrange(1 << 32)


def way(simulator):
    """Options that lead to the simulator, for a whole list."""
    facts = simulator.facts
    options = ['--ca-file', facts['ca_file'], '--resolver', facts['resolver']]
    for each in facts['connect_to']:
        options += ['--connect-to', each]
    return options


def write_list(box, simulator, count):
    """Three kinds of lines, and of each result the index at which it is expected."""
    host = simulator.facts['connect_to'][0].split(':')[0]
    lines, expected = [], {}
    for index in range(1, count + 1):
        kind = index % 10
        if kind == 3:
            lines.append('{"target": "imap://127.0.0.1:1", "timeout": 5, "need": null}')
            expected[index] = 'fail'
        elif kind == 7:
            lines.append('not a target')
            expected[index] = 'error'
        else:
            lines.append(f'{host}:{(587, 993, 995)[index % 3]} --timeout=30')
            expected[index] = 'ok'
    return box.file('list', ('\n'.join(lines) + '\n').encode()), expected


def state(line):
    return 'error' if 'error' in line else line['result']['verdict']['status']


def read_lines(path):
    text = pathlib.Path(path).read_bytes()
    if text and not text.endswith(b'\n'):
        raise AssertionError(f'a line in half: {text[-100:]!r}')
    return [json.loads(line) for line in text.splitlines()]


def check_all(lines, expected):
    equal(sorted(line['index'] for line in lines), sorted(expected), 'each target once')
    wrong = {line['index']: state(line) for line in lines if state(line) != expected[line['index']]}
    equal(wrong, {}, 'what became of them')


def all_answered():
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        path, expected = write_list(box, simulator, COUNT)
        process = box.start('check', '--targets', path, '--output', 'out', '--jobs', '48', *way(simulator))
        process.stdout.close()
        said = process.stderr.read().decode()
        process.stderr.close()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        equal(process.returncode, 2, said)
        lines = read_lines(box.path / 'out')
        check_all(lines, expected)
        contains(said, f'{COUNT} targets in ')
        contains(said, ' tcp-refused\n')
        lacks(said, '\r', 'no progress without a terminal')
        finished = [line['result']['started'] for line in lines if 'result' in line]
        if finished == sorted(finished) and [line['index'] for line in lines] == sorted(expected):
            raise AssertionError('in the order of the list, not in that of completion')
        print(f'# {COUNT} targets, at most {used.ru_maxrss / 1024:.1f} MiB')
        if 'SAN_OPTIONS' not in ''.join(os.environ) and used.ru_maxrss > MEMORY_LIMIT_KIB:
            raise AssertionError(f'{used.ru_maxrss} KiB')


def schema():
    try:
        import jsonschema
    except ImportError:
        raise Skip('python3-jsonschema is not installed') from None
    answer, result = (json.loads((SCHEMAS / f'{name}.json').read_text()) for name in ('answer-1', 'result-1'))
    equal(answer['properties']['result'].pop('$ref'), result['$id'], 'what a result is')
    answers, inner = (jsonschema.Draft202012Validator(each) for each in (answer, result))
    with Sandbox() as box:
        path = box.file('list', b'imap://127.0.0.1:1\nno target\n')
        lines = [json.loads(line) for line in box.run('check', '--targets', path).stdout.splitlines()]
        equal(len(lines), 2)
        for line in lines:
            equal([error.message for error in answers.iter_errors(line)], [], line['index'])
            for spoiled in ({**line, 'index': 0}, {**line, 'more': 1}, {'index': 1}, {**line, 'error': 3}):
                equal(answers.is_valid(spoiled), False, f'{list(spoiled)}')
            if 'result' in line:
                equal([error.message for error in inner.iter_errors(line['result'])], [], line['index'])


def resumed_after(number):
    """Killed at random moments until the list is done."""
    chance = random.Random(SEED + number)
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        path, expected = write_list(box, simulator, COUNT)
        results = box.path / 'out'
        arguments = ['check', '--targets', path, '--resume', str(results), '--jobs', '24', *way(simulator)]
        for attempt in range(4):
            process = box.start(*arguments)
            process.stdout.close()
            before = results.stat().st_size if results.exists() else 0
            until = time.monotonic() + PATIENCE
            # It must have answered something: then a moment that nobody chose.
            while process.poll() is None and time.monotonic() < until and \
                    (not results.exists() or results.stat().st_size <= before):
                time.sleep(0.005)
            time.sleep(chance.random() * COUNT / 3000)
            process.send_signal(number)
            said = process.stderr.read().decode()
            process.stderr.close()
            process.wait(PATIENCE)
            if number == signal.SIGINT:
                equal(process.returncode in (0, 2, 3), True, f'seed {SEED}: exit status {process.returncode}')
                contains(said, ' targets in ')
                read_lines(results)
        if number == signal.SIGKILL:
            with open(results, 'ab') as half:  # as a machine leaves it that lost its power
                half.write(b'{"index":1,"resu')
        last = box.run(*arguments)
        equal(last.returncode in (0, 2), True, f'seed {SEED}: {last.stderr!r}')
        check_all(read_lines(results), expected)
        again = box.run(*arguments)
        equal((again.returncode, again.stdout), (0, b''), 'nothing is left to do')
        contains(again.stderr, b'0 targets in ')


def lines_and_options():
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        host = simulator.facts['connect_to'][0].split(':')[0]
        password = simulator.facts['password_file']
        lines = ['# a comment', '', f'  {host}:993\t--user "{simulator.facts["user"]}" --password-file \'{password}\'  ',
                 json.dumps({'target': f'{host}:995', 'user': simulator.facts['user'], 'password_file': password}),
                 f'{host}:587 --output x', f'{host}:587 --password geheim', '{"target": 3}', '{"a', f'{host}:587 "x',
                 json.dumps({'target': '--help'}), '\udcff\udcfe'.encode('utf-8', 'surrogateescape').decode('latin-1')]
        path = box.file('list', '\n'.join(lines).encode('latin-1'))
        run = box.run('check', '--targets', '-', *way(simulator), stdin=open(path, 'rb'))
        found = {line['index']: line for line in map(json.loads, run.stdout.splitlines())}
        equal(sorted(found), list(range(3, 12)), 'the lines that hold something')
        logins = [found[i]['result']['endpoints'][0]['attempts'][0]['auth']['outcome'] for i in (3, 4)]
        equal(logins, ['accepted', 'accepted'], 'logins of their own')
        for index, words in ((5, 'output'), (6, 'command line'), (7, '"target"'), (8, 'JSON'), (9, 'quote')):
            contains(found[index]['error'], words, f'line {index}')
        equal('error' in found[10] and 'error' in found[11], True, 'no targets')
        lacks(run.stdout, b'geheim')
        equal(run.returncode, 3)


def one_login_at_a_time():
    """The same wrong password on every line: it reaches a server once."""
    with Sandbox() as box, Simulator(box, 'bad-credentials-generic') as simulator:
        host = simulator.facts['connect_to'][0].split(':')[0]
        line = f'{host}:993 --user {simulator.facts["user"]}\n'
        path = box.file('list', line.encode() * 12)
        run = box.run('check', '--targets', path, '--password-file', simulator.facts['password_file'], *way(simulator))
        outcomes = [json.loads(line)['result']['endpoints'][0]['attempts'][0]['auth']['outcome']
                    for line in run.stdout.splitlines()]
        equal(sorted(outcomes), ['held-back'] * 11 + ['judged'], 'outcomes')


class Porter(Server):
    """An SMTP server that counts who is inside, and turns the first TURNED_AWAY away."""

    def __init__(self, turned_away=0, pause=0.0):
        super().__init__()
        self.target = f'smtp://127.0.0.1:{self.port}'
        self.turned_away, self.pause = turned_away, pause
        self.inside = self.most = 0
        self.lock = threading.Lock()
        self.arrivals = []

    def talk(self, connection):
        with self.lock:
            self.arrivals.append(time.monotonic())
            number = len(self.arrivals)
            self.inside += 1
            self.most = max(self.most, self.inside)
        with connection, connection.makefile('rb') as lines:
            time.sleep(self.pause)
            if number <= self.turned_away:
                connection.sendall(b'421 4.7.0 Too many connections, try again later\r\n')
            else:
                connection.sendall(b'220 porter.example ESMTP\r\n')
                for line in lines:
                    connection.sendall(b'221 Bye\r\n' if line.upper().startswith(b'QUIT') else b'250 porter.example\r\n')
        with self.lock:
            self.inside -= 1


def places_at_an_address():
    with Sandbox() as box, Porter(pause=0.05) as porter:
        path = box.file('list', f'{porter.target}\n'.encode() * 120)
        run = box.run('check', '--targets', path, '--jobs', '100')
        equal(len(run.stdout.splitlines()), 120)
        equal(len(porter.arrivals), 120, 'connections')
        # It notices a little late that somebody has left.
        if not 8 <= porter.most <= 50:
            raise AssertionError(f'{porter.most} at once at one address')


def turned_away():
    """Twice 421: it is left alone for two seconds, then for four; no target's deadline runs out meanwhile."""
    with Sandbox() as box, Porter(turned_away=2) as porter:
        path = box.file('list', f'{porter.target}\n'.encode() * 4)
        run = box.run('check', '--targets', path, '--jobs', '1', '--deadline', '1.5')
        results = [json.loads(line)['result'] for line in run.stdout.splitlines()]
        equal([result['complete'] for result in results], [True] * 4)
        gaps = [b - a for a, b in zip(porter.arrivals, porter.arrivals[1:])]
        equal([gap >= least for gap, least in zip(gaps, (1.9, 3.9, 0))], [True] * 3, f'{gaps}')
        if len(gaps) != 3 or gaps[2] > 1.5:
            raise AssertionError(f'{gaps}')


def rate():
    with Sandbox() as box:
        path = box.file('list', b'imap://127.0.0.1:1\n' * 10)
        began = time.monotonic()
        run = box.run('check', '--targets', path, '--rate', '8')
        took = time.monotonic() - began
        equal(len(run.stdout.splitlines()), 10)
        if took < 1:
            raise AssertionError(f'ten at 8 a second in {took} s')


def usage():
    with Sandbox() as box:
        path = box.file('list', b'imap://127.0.0.1:1\n')
        foreign = box.file('foreign', b'{"schema_version": 1}\nmy diary')
        for arguments, words in (
                (['--targets', path, 'example.org'], 'none can stand beside it'),
                (['--targets', path, '--format', 'json'], 'ndjson'),
                (['--targets', path, '--retry-login'], 'lock an account'),
                (['--targets', path, '--resume', 'a', '--output', 'b'], '--output'),
                (['--targets', path, '--jobs', '0'], '1 to 1000'),
                (['--targets', path, '--rate', '-1'], 'more than 0'),
                (['--targets', 'nowhere'], 'No such file'), (['--targets', str(box.path)], 'directory'),
                (['--targets', path, '--resume', foreign], 'left alone'),
                (['--targets', path, '--resume', '/nowhere/x'], 'cannot continue'),
                (['--targets', path, '--ca-file', 'nowhere'], 'nowhere'),
                (['--targets', path, '--submit'], 'one target'), (['--targets', path, '--exercise', 'imap'], 'one target'),
                (['--targets', path, '--share'], 'render --share'), (['--targets', path, '--baseline', path], 'one target'),
                (['--jobs', '3', 'example.org'], 'belong to --targets')):
            complains(box.run('check', *arguments), words, f'{arguments}')
        equal(pathlib.Path(foreign).read_bytes(), b'{"schema_version": 1}\nmy diary', 'left alone')
        with open('/dev/full', 'wb') as full:
            run = box.run('check', '--targets', path, stdout=full)
        equal(run.returncode, 3)
        contains(run.stderr, b'No space left')


resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
support.main([
    ('each target is answered once, as soon as it is known, within 64 MiB', all_answered),
    ('every line is as its schema says', schema),
    ('killed at random moments and resumed', lambda: resumed_after(signal.SIGKILL)),
    ('interrupted at random moments and resumed', lambda: resumed_after(signal.SIGINT)),
    ('lines of words and of JSON', lines_and_options), ('a refused password is sent once', one_login_at_a_time),
    ('places at one address', places_at_an_address), ('who turns away is left alone', turned_away),
    ('--rate', rate), ('what does not fit', usage)])
