"""The login of one, the mailbox of another; and a login that is good while its mailbox does not open."""
import json
import support
from support import Sandbox, Simulator, complains, contains, equal


def not_connected(options):
    with Sandbox() as box, Simulator(box, 'authenticated-not-connected') as simulator:
        arguments = list(simulator.arguments)
        arguments[arguments.index('--need') + 1] = 'imap'
        return json.loads(box.run(*arguments, '--format', 'json', *options).stdout)


def ranked():
    """Every cause that fits the words is told, with what this run has for and against it; and none that it rules out:
    the token's own mailbox takes nobody's permission."""
    verdict = not_connected([])['verdict']
    equal(verdict['class'], 'authenticated-not-connected')
    told = {other['class']: other for other in verdict['alternatives']}
    equal([name for name in told if name != 'server-temporarily-unavailable'],
          ['mailbox-protocol-disabled', 'throttled'], 'causes')
    for name, cause in told.items():
        if not cause['for']:
            raise AssertionError(f'{name} has nothing for it')
    if not told['throttled']['against']:
        raise AssertionError('nothing is said against throttling')


def refuses_bad_words():
    with Sandbox() as box:
        complains(box.run('ana@contoso.com', '--as', 'shared@contoso.com'), '--as needs a login')
        complains(box.run('ana@contoso.com', '--as', ''), '1 to 255')
        complains(box.run('ana@contoso.com', '--as', 'a\rb'), 'control')


def names_another():
    """The mailbox is in the result, and a server that does not know it refuses."""
    result = not_connected(['--as', 'shared@contoso.com'])
    equal((result['target']['user'], result['target']['mailbox']), ('ana@contoso.com', 'shared@contoso.com'))
    equal(result['verdict']['status'], 'fail')


def writes_for_another():
    """A test message is of that mailbox, and to it: of the login it would be refused, and be looked for in vain."""
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        result = json.loads(box.run(*simulator.arguments, '--as', 'shared@contoso.com', '--submit', '--format',
                                    'json').stdout)
        equal((result['submission']['from'], result['submission']['to']), ('shared@contoso.com',) * 2, 'of and to')


def no_way_to_say_it():
    with Sandbox() as box, Simulator(box, 'healthy-generic') as simulator:
        result = json.loads(box.run(*simulator.arguments, '--auth', 'LOGIN', '--as', 'shared@example.org', '--format',
                                    'json').stdout)
        texts = [step.get('error', {}).get('text', '') for endpoint in result['endpoints']
                 for attempt in endpoint['attempts'] for step in attempt['steps']]
        contains(texts, 'nothing offered can name another mailbox')


support.main([('what "not connected" can be', ranked), ('bad words', refuses_bad_words),
              ('another mailbox', names_another), ('a message of another mailbox', writes_for_another),
               ('a mechanism that cannot say it', no_way_to_say_it)])
