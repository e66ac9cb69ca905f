"""`--rules FILE`: rules of one's own, in explain and in check; the documented example is the one that is tested."""
import json
import pathlib
import support
from support import Sandbox, Simulator, complains, contains, equal

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'rules-example.json'
OWN = 'contoso-account-not-moved'
# Words that the scenario's server says, and that the catalogue has a class for.
SAID = {'classes': [{'id': 'own-switch', 'title': 'The switch of our house.', 'stage': 'login', 'owner': 'helpdesk',
                     'meaning': 'Ask us.', 'fix': ['Call 1234 and name {user}.'],
                     'rules': [{'reply': {'code': 535, 'all': ['authentication unsuccessful, smtpclientauthentication '
                                                               'is disabled for the tenant']}}]}]}


def explained():
    with Sandbox() as box:
        line = '535 5.7.8 Mailbox not provisioned here'
        run = box.run('explain', '--format', 'ndjson', '--rules', str(EXAMPLE), line)
        equal((run.returncode, json.loads(run.stdout)['class']), (0, OWN))
        text = box.run('explain', '--rules', str(EXAMPLE), line).stdout.decode()
        for words in (OWN, 'has not moved', 'Ask the help desk'):
            contains(text, words)
        run = box.run('explain', '--format', 'json', '--rules', str(EXAMPLE),
                      '450 4.7.1 contoso gateway: please slow down')
        equal(json.loads(run.stdout)['explanations'][0]['class'], 'throttled')
        without = box.run('explain', '--format', 'ndjson', line)
        equal(json.loads(without.stdout)['class'] == OWN, False, 'without the file')


def checked():
    with Sandbox() as box, Simulator(box, 'smtp-auth-disabled-tenant') as simulator:
        path = box.file('own.json', json.dumps(SAID).encode())
        run = box.run(*simulator.arguments, '--format', 'json', '--rules', path)
        verdict = json.loads(run.stdout)['verdict']
        equal((run.returncode, verdict['class']), (2, 'own-switch'))
        contains(verdict['fix'][0], 'name ana@')
        text = box.run('render', box.file('result.json', run.stdout)).stdout.decode()
        contains(text, 'The switch of our house.')


def bad_files():
    with Sandbox() as box:
        for command in ('explain', 'check'):
            for content, words in ((b'{', 'line 1, column 1'), (b'\xff', 'line 1'), (b'{"rules":1}', 'rules: is not'),
                                   (b'{"x":1}', 'unknown member "x"'), (b' ' * ((1 << 20) + 1), 'larger than 1 MiB'),
                                   (b'{"rules":[{"class":"throttled","reply":{"code":7}}]}', 'rules[0].reply.code')):
                complains(box.run(command, '--rules', box.file('bad.json', content), 'imap://127.0.0.1:9'), words)
            complains(box.run(command, '--rules', 'missing', 'x'), 'No such file')
            complains(box.run(command, '--rules', '.', 'x'), 'Is a directory')


support.main([('explain', explained), ('check', checked), ('bad files', bad_files)])
