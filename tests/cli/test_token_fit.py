"""Which access tokens are sent to a mail server, and which are not: those that certainly are none for it."""
import json
import support
from support import Sandbox, Simulator, contains, equal, lacks

SENT = ('judged', 'accepted')


def check(scenario, *options):
    with Sandbox() as box, Simulator(box, scenario) as simulator:
        run = box.run(*simulator.arguments, '--format', 'json', '--transcript', *options)
        result = json.loads(run.stdout)
        saved = box.file('saved', run.stdout)
        return result, box.run('render', saved, '-v', '--transcript').stdout.decode()


def logins(result):
    """What became of the login, and why, by port."""
    return {endpoint['port']: attempt['auth'] for endpoint in result['endpoints'] for attempt in endpoint['attempts']
            if attempt['purpose'] == 'main' and attempt.get('auth')}


def spoken(result):
    return [line['line'] for endpoint in result['endpoints'] for attempt in endpoint['attempts']
            for line in attempt.get('transcript', []) if line['direction'] == 'C' and 'AUTH' in line['line']]


def kept(scenario, cause):
    def case():
        result, text = check(scenario)
        for port, auth in logins(result).items():
            equal((auth['outcome'], auth['held_by']), ('held-back', cause), f'{port}')
        equal(spoken(result), [], 'what was said of a login')
        equal(result['verdict']['confidence'], 'certain', 'how sure it is')
        contains(text, 'access token not sent: it is for', 'the cause')
        contains(text, 'token not sent: not meant for this server', 'the row of a port')
        contains(text, '--retry-login', 'how to send it all the same')
        result, _ = check(scenario, '--retry-login')
        equal((logins(result)[587]['outcome'], bool(spoken(result))), ('judged', True), 'sent on demand')
        equal(result['verdict']['class'], scenario, 'class')
    return case


def expired():
    """The greeting of SMTP has a date, which agrees; the clock of this machine alone is not enough for IMAP."""
    result, text = check('oauth-token-expired')
    ports = logins(result)
    equal((ports[587]['outcome'], ports[587]['held_by']), ('held-back', 'token-expired'), '587')
    equal(ports[993]['outcome'], 'judged', '993')
    contains(' '.join(text.split()), "by the server's clock as well", 'whose clock says so')


def sent(scenario):
    def case():
        result, text = check(scenario)
        equal([ports['outcome'] in SENT for port, ports in sorted(logins(result).items()) if port in (587, 993)],
              [True, True], scenario)
        lacks(text, 'token not sent', scenario)
    return case


support.main([('for another service', kept('oauth-wrong-audience', 'token-audience')),
              ('for another cloud', kept('oauth-wrong-tenant', 'token-audience')), ('expired', expired),
              *((f'sent: {name}', sent(name))
                for name in ('healthy', 'healthy-opaque-token', 'oauth-wrong-user', 'oauth-token-without-scope',
                             'oauth-token-not-yet-valid', 'oauth-app-not-authorized-for-mailbox'))])
