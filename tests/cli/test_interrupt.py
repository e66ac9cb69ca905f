"""An interrupt in the middle of a run: whole output, marked as incomplete; a second one ends it at once."""
import json
import signal
import time
import support
from support import Mute, Sandbox, Simulator, contains, equal


def interrupted_by(number):
    def case():
        signal.signal(number, signal.SIG_DFL)  # it may be ignored here, under nohup, and children inherit that
        with Sandbox() as box, Mute() as mute:
            process = box.start('--format', 'json', mute.target)
            mute.reached()
            process.send_signal(number)
            out, err = process.communicate(timeout=support.PATIENCE)
            equal(err, b'')
            result = json.loads(out)
            equal((result['complete'], result['cut_by']), (False, 'interrupt'))
            statuses = [step['status'] for attempt in result['endpoints'][0]['attempts'] for step in attempt['steps']]
            contains(statuses, 'cut', 'the open step')
            equal(process.returncode, 3, 'nothing is proven')
    return case


def text_too():
    with Sandbox() as box, Mute() as mute:
        process = box.start(mute.target)
        mute.reached()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=support.PATIENCE)
        equal((err, process.returncode), (b'', 3))
        contains(out, b'127.0.0.1')


def deadline():
    with Sandbox() as box, Mute() as mute:
        run = box.run('--format', 'json', '--deadline', '0.4', mute.target)
        result = json.loads(run.stdout)
        equal((run.returncode, result['complete'], result['cut_by']), (3, False, 'deadline'))
        if not 390 <= result['duration_ms'] < 5000:
            raise AssertionError(f'{result["duration_ms"]} ms')


def proven_fault():
    """What is known before the interrupt counts: a refused password is one, whatever else is open."""
    with Sandbox() as box, Mute() as mute, Simulator(box, 'bad-credentials') as simulator:
        port = mute.target.rsplit(':', 1)[1]
        arguments = list(simulator.arguments)
        for i, argument in enumerate(arguments):
            if argument == '--connect-to' and ':993:' in arguments[i + 1]:
                arguments[i + 1] = f'{arguments[i + 1].split(":", 1)[0]}:993:127.0.0.1:{port}'
        process = box.start(*arguments, '--need', 'send,read', '--format', 'json', '--deadline', '2')
        out, _ = process.communicate(timeout=support.PATIENCE)
        result = json.loads(out)
        if result['complete']:
            equal(process.returncode, 2)
        else:
            equal((process.returncode, result['verdict']['class']), (2, 'bad-credentials'))


def twice():
    """The second signal ends the program though the first is still being heeded: here it is stopped in between, so
    that both arrive at once."""
    with Sandbox() as box, Mute() as mute:
        process = box.start(mute.target)
        mute.reached()
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=support.PATIENCE)
        if process.returncode not in (3, -signal.SIGINT, -signal.SIGTERM):
            raise AssertionError(f'ended with {process.returncode}')


def loading_ms(box):
    """How long the program takes to be there at all; sanitizers make that longer."""
    times = []
    for _ in range(5):
        began = time.monotonic()
        box.run('--version')
        times.append(time.monotonic() - began)
    return round(min(times) * 1000)


def early():
    """From the first millisecond on: a result, or one line; only before main() nothing of ours runs yet."""
    killed = 0
    with Sandbox() as box, Mute() as mute:
        loading = loading_ms(box)
        for delay in range(40 + 2 * loading):
            process = box.start('--deadline', '5', '--format', 'json', mute.target)
            time.sleep(delay / 1000)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=support.PATIENCE)
            if process.returncode == -signal.SIGINT:
                killed += 1
                continue
            equal(process.returncode, 3, f'{delay} ms: {err!r}')
            if out:
                equal(json.loads(out)['cut_by'], 'interrupt')
            else:
                equal(err, b'maildoctor: interrupted before anything was tested\n', f'{delay} ms')
    if killed > 20 + 2 * loading:
        raise AssertionError(f'killed in {killed} of {40 + 2 * loading} runs, with {loading} ms of loading')


def ignored_hangup():
    """Under nohup a hangup is no interrupt."""
    with Sandbox() as box, Mute() as mute:
        process = box.start('--format', 'json', '--timeout', '1', mute.target,
                            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        mute.reached()
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=support.PATIENCE)
        equal(json.loads(out)['complete'], True)


support.main([('SIGINT', interrupted_by(signal.SIGINT)), ('SIGTERM', interrupted_by(signal.SIGTERM)),
              ('SIGHUP', interrupted_by(signal.SIGHUP)), ('as text', text_too), ('the deadline', deadline),
              ('a fault that was proven before', proven_fault), ('twice', twice),
              ('at the start', early), ('a hangup under nohup', ignored_hangup)])
