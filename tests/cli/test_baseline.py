"""--baseline: what changed since a saved run, and nothing else."""
import copy
import json
import pathlib

from support import Sandbox, Simulator, complains, contains, equal, lacks, main

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[2] / 'docs/schema/result-1.json').read_text(encoding='utf-8'))


def saved(scenario):
    with Sandbox() as box, Simulator(box, scenario) as simulator:
        return json.loads(box.run(*simulator.arguments, '--format', 'json').stdout)


HEALTHY, BROKEN = saved('healthy'), saved('smtp-auth-disabled-tenant')


def compare(before, after, form='json', *more):
    with Sandbox() as box:
        old, new = box.file('old.json', json.dumps(before).encode()), box.file('new.json', json.dumps(after).encode())
        result = box.run('render', new, '--baseline', old, '--format', form, *more)
        equal(result.stderr, b'', 'standard error')
        return result.stdout.decode()


def changes(before, after):
    result = json.loads(compare(before, after))
    if jsonschema:
        jsonschema.Draft202012Validator(SCHEMA).validate(result)
    return [(c['kind'], c['way'], c['subject'], c['before'], c['after']) for c in result['since']['changes']]


def endpoint(run, port):
    return next(e for e in run['endpoints'] if e['port'] == port)


def attempt(run, port):
    return endpoint(run, port)['attempts'][0]


def step(run, port, stage):
    return next(s for s in attempt(run, port)['steps'] if s['stage'] == stage)


def test_nothing():
    equal(changes(HEALTHY, HEALTHY), [], 'the same run')
    contains(compare(HEALTHY, HEALTHY, 'text'), f"Nothing changed since {HEALTHY['started'][:10]}", 'text')
    lacks(compare(HEALTHY, HEALTHY, 'text'), 'worse', 'text')
    contains(compare(HEALTHY, HEALTHY, 'html'), '<h2 id="changes">Nothing changed since', 'html')


def test_worse_and_better():
    worse, better = changes(HEALTHY, BROKEN), changes(BROKEN, HEALTHY)
    for change in (('verdict', 'worse', '', 'ok', 'fail, smtp-auth-disabled-tenant'),
                   ('class', 'worse', 'smtp-auth-disabled-tenant', None, 'error'),
                   ('endpoint', 'worse', 'smtp.office365.com:587', 'ok', 'fail')):
        contains(worse, change, 'worse')
    for change in (('verdict', 'better', '', 'fail, smtp-auth-disabled-tenant', 'ok'),
                   ('class', 'better', 'smtp-auth-disabled-tenant', 'error', None),
                   ('endpoint', 'better', 'smtp.office365.com:587', 'fail', 'ok')):
        contains(better, change, 'better')
    text = compare(BROKEN, HEALTHY, 'text')
    contains(text, '  better  Then: CANNOT SEND.', 'text')
    contains(text, '  better  smtp.office365.com:587: fail then, ok now.', 'text')
    contains(compare(HEALTHY, BROKEN, 'html'), '<span class="badge bad">worse</span> New: ', 'html')


def test_details():
    after = copy.deepcopy(HEALTHY)
    leaf = attempt(after, 587)['tls']['chain'][0]
    leaf.update(sha256='0' * 64, not_after='2031-01-01T00:00:00Z')
    attempt(after, 993)['tls']['verified'] = False
    attempt(after, 587)['capabilities']['after_tls'][0] = 'SIZE 1'
    attempt(after, 587)['tls']['version'] = 'TLS1.2'
    endpoint(after, 993)['addresses'][0]['address'] = '192.0.2.7'
    step(after, 587, 'connect')['duration_ms'] += 900
    step(after, 993, 'connect')['duration_ms'] += 100
    found = changes(HEALTHY, after)
    contains([c[:3] for c in found], ('certificate', 'other', 'smtp.office365.com:587'), 'renewed')
    contains(found, ('certificate', 'worse', 'outlook.office365.com:993', 'trusted', 'not trusted'), 'trust')
    contains([c[:3] + c[4:] for c in found], ('capability', 'other', 'smtp.office365.com:587', 'SIZE 1'), 'capability')
    contains(found, ('capability', 'other', 'smtp.office365.com:587', 'TLS1.3', 'TLS1.2'), 'TLS')
    contains([c[:3] + c[4:] for c in found], ('address', 'other', 'outlook.office365.com', '192.0.2.7'), 'address')
    equal([c[:3] for c in found if c[0] == 'time'], [('time', 'worse', 'smtp.office365.com:587')], 'clearly slower only')
    contains(' '.join(compare(HEALTHY, after, 'text').split()), 'certificate was renewed, valid until 2031-01-01, was ', 'text')
    faster = [c for c in changes(after, HEALTHY) if c[0] == 'time']
    equal(faster, [], 'faster is no news')


def test_another_target():
    after = copy.deepcopy(HEALTHY)
    after['target']['address'] = 'bob@fabrikam.com'
    equal([c[0] for c in changes(HEALTHY, after)], ['target'], 'kinds')


def test_shared():
    after = copy.deepcopy(HEALTHY)
    after['endpoints'] = []
    text = compare(BROKEN, after, 'text', '--share')
    for name in ('ana', 'contoso'):
        lacks(text.lower(), name, 'shared')


def test_live():
    with Sandbox() as box:
        path = box.file('old.json', json.dumps(BROKEN).encode())
        with Simulator(box, 'healthy') as simulator:
            result = box.run(*simulator.arguments, '--baseline', path)
            equal(result.returncode, 0, 'exit status')
            contains(result.stdout.decode(), 'better  Then: CANNOT SEND.', 'text')


def test_bad_input():
    with Sandbox() as box:
        run = box.file('run.json', json.dumps(HEALTHY).encode())
        complains(box.run('render', run, '--baseline', run, '--format', 'csv'), 'csv has no place for what changed', 'csv')
        complains(box.run('render', run, '--baseline', 'nowhere.json'), 'nowhere.json', 'a file that is not there')
        complains(box.run('render', '-', '--baseline', '-'), 'standard input cannot be both', 'twice standard input')
        complains(box.run('check', 'imap://127.0.0.1:1', '--baseline', 'nowhere.json'), 'nowhere.json', 'check')


if __name__ == '__main__':
    main([(case.__name__[5:].replace('_', ' '), case) for case in (
        test_nothing, test_worse_and_better, test_details, test_another_target, test_shared, test_live, test_bad_input)])
