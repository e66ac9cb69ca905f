#!/usr/bin/python3
"""`maildoctor token` against the simulated authority: each way to a token, each refusal, nothing secret in sight."""
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import time

from authority import Recorder, decode
from support import PATIENCE, Sandbox, Simulator, class_of, complains, contains, equal, lacks, main

CLIENT = '12345678-0000-4000-8000-000000000001'
# The numbers that Microsoft's reference has for the sign-in of mail programs, and what each comes to.
ENTRA = {
    28002: 'oauth-wrong-audience', 50034: 'mailbox-not-found', 50053: 'account-locked', 50055: 'bad-credentials',
    50057: 'account-disabled', 50072: 'mfa-or-app-password-required', 50074: 'mfa-or-app-password-required',
    50076: 'mfa-or-app-password-required', 50079: 'mfa-or-app-password-required', 50097: 'conditional-access-blocked',
    50105: 'oauth-consent-missing', 50126: 'bad-credentials', 50173: 'oauth-token-expired',
    50194: 'oauth-client-misconfigured', 50196: 'throttled', 70021: 'oauth-client-misconfigured', 53000: 'conditional-access-blocked',
    53001: 'conditional-access-blocked', 53003: 'conditional-access-blocked', 65001: 'oauth-consent-missing',
    65004: 'oauth-consent-missing', 70000: 'oauth-token-expired', 70008: 'oauth-token-expired',
    70011: 'oauth-missing-scope', 70018: 'oauth-client-misconfigured', 70019: 'oauth-client-misconfigured',
    70043: 'oauth-token-expired', 90002: 'oauth-client-misconfigured', 90038: 'oauth-client-misconfigured',
    90094: 'oauth-consent-missing', 500011: 'oauth-wrong-audience', 530032: 'conditional-access-blocked',
    530035: 'security-defaults-blocked', 650057: 'oauth-missing-scope', 700016: 'oauth-client-misconfigured',
    700022: 'oauth-wrong-audience', 700211: 'oauth-client-misconfigured', 700212: 'oauth-client-misconfigured',
    700213: 'oauth-client-misconfigured', 700025: 'oauth-client-misconfigured', 700027: 'oauth-client-misconfigured', 700082: 'oauth-token-expired', 7000112: 'oauth-client-misconfigured',
    7000215: 'oauth-client-misconfigured', 7000218: 'oauth-client-misconfigured',
    7000222: 'oauth-client-misconfigured', 9001023: 'oauth-client-misconfigured',
}
# The words of RFC 6749 section 5.2 and RFC 8628 section 3.5, and those of Entra and Google.
OAUTH = {
    'invalid_request': 'oauth-client-misconfigured', 'invalid_client': 'oauth-client-misconfigured',
    'invalid_grant': 'oauth-token-expired', 'unauthorized_client': 'oauth-client-misconfigured',
    'unsupported_grant_type': 'oauth-client-misconfigured', 'invalid_scope': 'oauth-missing-scope',
    'access_denied': 'oauth-consent-missing', 'expired_token': 'oauth-token-expired',
    'authorization_declined': 'oauth-consent-missing', 'bad_verification_code': 'oauth-client-misconfigured',
    'consent_required': 'oauth-consent-missing', 'temporarily_unavailable': 'server-temporarily-unavailable',
    'admin_policy_enforced': 'oauth-consent-missing', 'interaction_required': 'mfa-or-app-password-required',
    'server_error': 'server-temporarily-unavailable', 'invalid_resource': 'oauth-client-misconfigured',
    'org_internal': 'oauth-client-misconfigured', 'deleted_client': 'oauth-client-misconfigured',
    # RFC 6749 section 4.1.2.1, RFC 6750 section 3.1, RFC 8707 section 2, OpenID Connect Core 1.0 section 3.1.2.6
    'unsupported_response_type': 'oauth-client-misconfigured', 'disallowed_useragent': 'oauth-client-misconfigured',
    'invalid_token': 'oauth-token-expired', 'insufficient_scope': 'oauth-missing-scope',
    'invalid_target': 'oauth-wrong-audience', 'login_required': 'oauth-token-expired',
    'account_selection_required': 'oauth-token-expired', 'redirect_uri_mismatch': 'oauth-client-misconfigured',
    'unmet_authentication_requirements': 'mfa-or-app-password-required', 'rate_limit_exceeded': 'throttled',
}


def way(simulator):
    return ['--authority', simulator.facts['authority'], '--ca-file', simulator.facts['ca_file'], '--tenant',
            'contoso.com']


def get(box, simulator, grant, *more, client=CLIENT, **others):
    return box.run('token', 'get', '--oauth', grant, '--client-id', client, *way(simulator), *more, **others)


def secret(simulator):
    return ['--client-secret-file', simulator.facts['client_secret_file']]


def is_token(text, what):
    if not re.fullmatch(rb'[\w-]+\.[\w-]+\.[\w-]+\n', text):
        raise AssertionError(f'{what}: no token in {text[:200]!r}')


def device_code():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        result = get(box, simulator, 'device', '--print')
        equal(result.returncode, 0, result.stderr)
        is_token(result.stdout, 'standard output')
        equal(result.stderr, b'To sign in, open https://microsoft.com/devicelogin in any browser and enter the code '
                             b'SIM-4711-CODE\n', 'what the person reads')


def device_slow_down():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        result = get(box, simulator, 'device', '--print', client='error-slow_down')
        equal(result.returncode, 0, result.stderr)
        is_token(result.stdout, 'standard output')


def client_secret():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        result = get(box, simulator, 'client-credentials', *secret(simulator))
        equal(result.returncode, 0, result.stderr)
        text = result.stdout.decode()
        contains(text, 'sha256:', 'the description')
        contains(text, "none: it is an app's own", 'the description')
        lacks(text, 'eyJ', 'the token itself')
        lacks(text, pathlib.Path(simulator.facts['client_secret_file']).read_text(), 'the secret')
        output = str(box.path / 'token')
        again = get(box, simulator, 'client-credentials', *secret(simulator), '--output', output)
        equal((again.returncode, again.stdout), (0, b''), again.stderr)
        equal(os.stat(output).st_mode & 0o777, 0o600, 'mode of the file')
        is_token(pathlib.Path(output).read_bytes(), 'the file')


def wrong_secret():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        wrong = box.file('wrong', b'not-the-secret-at-all')
        result = get(box, simulator, 'client-credentials', '--client-secret-file', wrong)
        equal(result.returncode, 2, result.stderr)
        contains(result.stdout.decode(), 'AADSTS7000215', "the authority's words")
        equal(class_of(result), 'oauth-client-misconfigured', 'class')
        lacks(result.stdout.decode(), 'not-the-secret', 'the secret')


def make_certificate(box, days='30'):
    key, certificate = str(box.path / 'key.pem'), str(box.path / 'certificate.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate,
                    '-subj', '/CN=maildoctor', '-days', days], check=True, capture_output=True)
    return key, certificate


def certificate():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        key, file = make_certificate(box)
        result = get(box, simulator, 'client-credentials', '--certificate-file', file, '--key-file', key, '--print')
        equal(result.returncode, 0, result.stderr)
        is_token(result.stdout, 'standard output')
        complains(get(box, simulator, 'client-credentials', '--certificate-file', file, '--no-token-cache'),
                  'no private key', 'no key')
        other, _ = make_certificate(box)
        subprocess.run(['openssl', 'genrsa', '-out', other, '2048'], check=True, capture_output=True)
        complains(get(box, simulator, 'client-credentials', '--certificate-file', file, '--key-file', other,
                      '--no-token-cache'),
                  'not that of the private key', 'the wrong key')


def assertion_verified_by_openssl():
    with Sandbox() as box, Recorder(box) as recorder:
        key, file = make_certificate(box)
        result = box.run('token', 'get', '--oauth', 'client-credentials', '--client-id', CLIENT, '--authority',
                         recorder.url, '--ca-file', recorder.ca_file, '--no-system-ca', '--tenant', 'contoso.com',
                         '--certificate-file', file, '--key-file', key, '--print')
        equal((result.returncode, result.stdout), (0, b'opaque-token-of-the-recorder\n'), result.stderr)
        form = recorder.forms[0]
        equal(form['scope'], 'https://outlook.office365.com/.default', 'scope')
        head, claims, signature = form['client_assertion'].split('.')
        header, claimed = json.loads(decode(head)), json.loads(decode(claims))
        equal((header['alg'], header['typ']), ('PS256', 'JWT'), 'header')
        digest = subprocess.run(['openssl', 'x509', '-in', file, '-noout', '-fingerprint', '-sha256'], check=True,
                                capture_output=True, text=True).stdout.split('=')[1].strip().replace(':', '').lower()
        equal(decode(header['x5t#S256']).hex(), digest, 'thumbprint')
        equal((claimed['iss'], claimed['sub']), (CLIENT, CLIENT), 'who')
        equal(claimed['aud'], f'{recorder.url}/contoso.com/oauth2/v2.0/token', 'for whom')
        public = subprocess.run(['openssl', 'x509', '-in', file, '-noout', '-pubkey'], check=True,
                                capture_output=True).stdout
        verified = subprocess.run(
            ['openssl', 'dgst', '-sha256', '-verify', box.file('public.pem', public), '-signature',
             box.file('signature', decode(signature)), '-sigopt', 'rsa_padding_mode:pss', '-sigopt',
             'rsa_pss_saltlen:32', box.file('signed', f'{head}.{claims}'.encode())], check=False, capture_output=True)
        contains(verified.stdout, b'Verified OK', 'openssl')


def untrusted_authority():
    with Sandbox() as box, Recorder(box) as recorder:
        result = box.run('token', 'get', '--oauth', 'client-credentials', '--client-id', CLIENT, '--authority',
                         recorder.url, '--tenant', 'contoso.com', '--client-secret-file', box.file('s', b'the-secret'))
        equal(result.returncode, 2, result.stderr)
        contains(result.stdout.decode(), 'NO TOKEN', 'what is said')
        equal(recorder.forms, [], 'what reached an authority with a false certificate')


def refresh_rotates():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        store = str(box.path / 'store')
        options = ['--token-store', store, '--no-token-cache']
        result = get(box, simulator, 'device', *options)
        equal(result.returncode, 0, result.stderr)
        equal(os.stat(store).st_mode & 0o777, 0o600, 'mode of the store')
        first = json.loads(pathlib.Path(store).read_text())['refresh_token']
        lacks(result.stdout.decode(), first, 'the refresh token')
        for _ in range(2):
            result = get(box, simulator, 'refresh', *options)
            equal(result.returncode, 0, (result.stdout, result.stderr))
            second = json.loads(pathlib.Path(store).read_text())['refresh_token']
            equal(second == first, False, 'the refresh token is a new one')
            lacks(result.stdout.decode(), second, 'the refresh token')
            old, first = first, second
        spent = get(box, simulator, 'refresh', '--no-token-cache', '--refresh-token-file', box.file('old', old.encode()))
        equal((spent.returncode, class_of(spent)), (2, 'oauth-token-expired'), 'a refresh token used twice')
        complains(get(box, simulator, 'refresh', *options, client='another'), 'another app', 'a foreign store')


def store_read_only():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        folder = box.path / 'locked'
        folder.mkdir()
        store = folder / 'store'
        store.write_text('{}')
        store.chmod(0o400)
        result = get(box, simulator, 'device', '--token-store', str(store))
        complains(result, 'cannot use the token store', 'a read-only store')
        complains(get(box, simulator, 'device', '--token-store', str(box.path)), 'cannot use the token store',
                  'a folder')


def federation():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        url = simulator.facts['authority']
        github = {'ACTIONS_ID_TOKEN_REQUEST_URL': f'{url}/ci/github?version=2',
                  'ACTIONS_ID_TOKEN_REQUEST_TOKEN': 'job-token'}
        azure = {'SYSTEM_OIDCREQUESTURI': f'{url}/ci/azure', 'SYSTEM_ACCESSTOKEN': 'job-token'}
        for name, variables in (('GitHub Actions', github), ('Azure Pipelines', azure)):
            result = get(box, simulator, 'federation', '--print', '--no-token-cache', variables=variables)
            equal(result.returncode, 0, (name, result.stdout, result.stderr))
            is_token(result.stdout, name)
        claims = 'eyJhdWQiOiJhcGk6Ly9BenVyZUFEVG9rZW5FeGNoYW5nZSIsInN1YiI6ImpvYiJ9'
        assertion = f'e30.{claims}.c2ln'
        file = box.file('assertion', assertion.encode())
        for name, more, variables in (
                ('a file', ['--assertion-file', file], {}), ('a command', ['--assertion-command', f'cat {file}'], {}),
                ('GitLab', [], {'MAILDOCTOR_ASSERTION': assertion}),
                ('a workload identity', [], {'AZURE_FEDERATED_TOKEN_FILE': file})):
            result = get(box, simulator, 'federation', '--print', '--no-token-cache', *more, variables=variables)
            equal(result.returncode, 0, (name, result.stdout, result.stderr))
            is_token(result.stdout, name)
        complains(get(box, simulator, 'federation'), 'nothing here vouches', 'no assertion')


def asks_as_documented():
    """What GitHub Actions (and Forgejo, whose address may have no query) and Azure Pipelines are asked."""
    with Sandbox() as box, Recorder(box) as recorder:
        recorder.answer = b'{"oidcToken":"of-the-job","access_token":"opaque","expires_in":60}'

        def run(**variables):
            recorder.paths.clear(), recorder.headers.clear(), recorder.forms.clear()
            return box.run('token', 'get', '--oauth', 'federation', '--client-id', CLIENT, '--authority', recorder.url,
                           '--ca-file', recorder.ca_file, '--tenant', 'contoso.com', '--print', '--no-token-cache',
                           variables=variables)
        for query, asked in (('?version=2', '?version=2&'), ('', '?')):
            path = f'/gh{asked}audience=api://AzureADTokenExchange'
            recorder.pages = {path: b'{"count":1,"value":"of-the-job"}'}
            result = run(ACTIONS_ID_TOKEN_REQUEST_URL=f'{recorder.url}/gh{query}', ACTIONS_ID_TOKEN_REQUEST_TOKEN='job')
            equal((result.returncode, recorder.paths[0], recorder.headers[0]['Authorization']), (0, path, 'Bearer job'),
                  result.stdout)
            equal(recorder.forms[0]['client_assertion'], 'of-the-job', 'what Entra gets')
        for name, more in ((None, ''), ('4711', '&serviceConnectionId=4711')):
            result = run(SYSTEM_OIDCREQUESTURI=f'{recorder.url}/ado', SYSTEM_ACCESSTOKEN='job',
                         AZURESUBSCRIPTION_SERVICE_CONNECTION_ID=name)
            equal((result.returncode, recorder.paths[0]), (0, f'/ado?api-version=7.1{more}'), result.stdout)
            equal((recorder.headers[0]['Authorization'], recorder.headers[0]['Content-Type']),
                  ('Bearer job', 'application/json'), 'headers')
            equal(recorder.forms[1]['client_assertion'], 'of-the-job', 'what Entra gets')


def unvouched():
    """A refusal of whoever is to vouch is no silence of the authority, which is not asked."""
    with Sandbox() as box, Recorder(box) as recorder:
        way = ['--oauth', 'federation', '--client-id', CLIENT, '--authority', recorder.url, '--ca-file',
               recorder.ca_file, '--tenant', 'contoso.com']
        for url, expected, words in ((recorder.url + '/gh', 'oauth-job-not-vouched', 'GitHub Actions did not vouch'),
                                     ('https://127.0.0.1:1/gh', 'oauth-authority-unreachable', '127.0.0.1:1 gave no')):
            job = {'ACTIONS_ID_TOKEN_REQUEST_URL': url, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN': 'job-token'}
            result = box.run('token', 'get', *way, variables=job)
            equal((result.returncode, class_of(result)), (2, expected), result.stdout)
            contains(result.stdout.decode(), words, 'who it was')
            result = box.run('check', 'imap://127.0.0.1:1', '--user', 'ana@contoso.com', *way, '--format', 'json',
                             variables=job)
            told = json.loads(result.stdout)
            contains([finding['class'] for finding in told['findings']], expected, 'a check')
            equal(told['token']['unvouched'], expected == 'oauth-job-not-vouched', 'the token')
            lacks(result.stdout, b'job-token', 'the job\'s token')
        equal(recorder.forms, [], 'what the authority was asked')


def kept():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        first = get(box, simulator, 'client-credentials', *secret(simulator))
        second = get(box, simulator, 'client-credentials', *secret(simulator))
        contains(first.stdout.decode(), 'From 127.0.0.1', 'the first')
        contains(second.stdout.decode(), 'Kept from an earlier run', 'the second')
        folder = box.path / '.local/state/maildoctor/tokens'
        for file in folder.iterdir():
            equal(file.stat().st_mode & 0o777, 0o600, f'mode of {file}')
        equal(len(list(folder.iterdir())), 1, 'files kept')
        third = get(box, simulator, 'client-credentials', *secret(simulator), '--no-token-cache')
        contains(third.stdout.decode(), 'From 127.0.0.1', 'without the cache')


def refusals():
    """Each error of the authority has a class, and so a way to mend it."""
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        wrong = []
        for what, expected in [*ENTRA.items(), *OAUTH.items()]:
            result = get(box, simulator, 'client-credentials', *secret(simulator), client=f'error-{what}')
            found = class_of(result)
            if (result.returncode, found) != (2, expected):
                wrong.append((what, result.returncode, found, expected))
        equal(wrong, [], 'refusals')


def unseen():
    """No secret in the arguments or the environment of the process while it waits."""
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        value = pathlib.Path(simulator.facts['client_secret_file']).read_text()
        arguments = ['token', 'get', '--oauth', 'device', '--client-id', CLIENT, *way(simulator)]
        process = box.start(*arguments, variables={'MAILDOCTOR_CLIENT_SECRET': value})
        contains(process.stderr.readline(), b'SIM-4711-CODE', 'the code')
        for name in ('cmdline', 'environ'):
            try:
                lacks(pathlib.Path(f'/proc/{process.pid}/{name}').read_bytes(), value.encode(), name)
            except PermissionError:
                pass
        out, _ = process.communicate(timeout=PATIENCE)
        equal(process.returncode, 0, 'exit status')
        lacks(out, value.encode(), 'standard output')


def shown():
    with Sandbox() as box, Simulator(box, 'authenticated-not-connected') as simulator:
        result = box.run('token', 'show', '--token-file', simulator.facts['token_file'], '--format', 'json')
        equal(result.returncode, 0, result.stderr)
        token = json.loads(result.stdout)
        equal((token['readable'], token['audience'], token['user'], token['app_only']),
              (True, ['https://outlook.office365.com'], 'ana@contoso.com', False), 'claims')
        equal(token['scopes'], ['IMAP.AccessAsUser.All', 'POP.AccessAsUser.All', 'SMTP.Send'], 'scopes')
        text = box.run('token', 'show', '--token-file', simulator.facts['token_file']).stdout.decode()
        lacks(text, 'eyJ', 'the token')
        contains(text, 'ana@contoso.com', 'the user')
        opaque = box.run('token', 'show', '--token-fd', '0', input=b'EwBIA8l6BAAUopaque', stdin=None)
        equal(opaque.returncode, 0, opaque.stderr)
        contains(opaque.stdout.decode(), 'opaque', 'a token that cannot be read')


def judged():
    for scenario, status, flaw in (('healthy-opaque-token', 0, 'opaque'), ('oauth-token-expired', 2, 'expired'),
                                   ('oauth-token-not-yet-valid', 2, 'not-yet-valid'),
                                   ('oauth-wrong-audience', 2, 'wrong-audience'),
                                   ('oauth-token-without-scope', 2, 'missing-scope'),
                                   ('oauth-wrong-user', 1, 'wrong-user'), ('oauth-wrong-tenant', 2, 'wrong-tenant'),
                                   ('oauth-app-not-authorized-for-mailbox', 0, 'app-only')):
        with Sandbox() as box, Simulator(box, scenario) as simulator:
            options = ['--token-file', simulator.facts['token_file'], 'ana@contoso.com']
            result = box.run('token', 'judge', '--format', 'json', *options)
            equal(result.returncode, status, (scenario, result.stdout, result.stderr))
            endpoints = json.loads(result.stdout)['endpoints']
            equal([each['id'].split(':')[1] for each in endpoints], ['587', '993', '995'], 'endpoints')
            equal({each['judgements'][0]['flaw'] for each in endpoints}, {flaw}, scenario)
            text = box.run('token', 'judge', *options)
            equal(text.returncode, status, scenario)
            lacks(text.stdout.decode(), pathlib.Path(simulator.facts['token_file']).read_text(), 'the token')
            if status == 2:
                equal(class_of(text), {'oauth-token-without-scope': 'oauth-missing-scope'}.get(scenario, scenario), 'class')


def check(box, simulator, *options, client=CLIENT, authority=None):
    facts = simulator.facts
    places = [word for place in facts['connect_to'] for word in ('--connect-to', place)]
    return box.run('check', 'ana@contoso.com', '--resolver', facts['resolver'], '--ca-file', facts['ca_file'], *places,
                   '--authority', authority or facts['authority'], '--tenant', 'contoso.com', '--client-id', client,
                   *options)


def both_in_one_go():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        for grant in (['device'], ['client-credentials', *secret(simulator)]):
            result = check(box, simulator, '--format', 'json', '--no-token-cache', '--oauth', *grant)
            equal(result.returncode, 0, (grant, result.stdout, result.stderr))
            told = json.loads(result.stdout)
            equal(told['verdict']['needs'], {'send': 'ok', 'read': 'ok'}, 'needs')
            equal((told['token']['source'], told['token']['authority'].split(':')[0]),
                  (f'--oauth {grant[0]}', '127.0.0.1'), 'where it is from')
            equal(told['token']['app_only'], grant[0] != 'device', 'whose it is')
            lacks(result.stdout.decode(), 'eyJ', 'the token')


def metrics(text):
    lines = (line.rsplit(' ', 1) for line in text.decode().splitlines() if not line.startswith('#'))
    return {name: float(value) for name, value in lines}


EXPIRY, REFRESH = ('maildoctor_credential_expiry_timestamp_seconds', 'maildoctor_token_refresh_timestamp_seconds')


def times_for_monitoring():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        key, file = make_certificate(box)
        end = subprocess.run(['openssl', 'x509', '-in', file, '-noout', '-enddate'], check=True, capture_output=True)
        end = ssl.cert_time_to_seconds(end.stdout.decode().strip().split('=')[1])
        options = ['--oauth', 'client-credentials', '--certificate-file', file, '--key-file', key]
        before = int(time.time())
        saved = check(box, simulator, *options, '--format', 'json')
        equal(saved.returncode, 0, saved.stderr)
        first = metrics(box.run('render', box.file('saved.json', saved.stdout), '--format', 'openmetrics').stdout)
        equal(first[EXPIRY], end, 'the end of the certificate')
        if not before <= first[REFRESH] <= time.time():
            raise AssertionError(f'when the token was given: {first[REFRESH]}, asked at {before}')
        time.sleep(1.1)
        again = metrics(check(box, simulator, *options, '--format', 'openmetrics', '--secret-expires',
                              '2020-02-29').stdout)
        equal((again[EXPIRY], again[REFRESH]), (1582934400, first[REFRESH]), 'a kept token; what ends first')
        ready = metrics(check_ready(box, simulator, '--format', 'openmetrics', '--secret-expires',
                                    '2100-01-02T03:04:05Z').stdout)
        equal(ready[EXPIRY], 4102542245, 'as it was said')
        equal(REFRESH in ready, True, 'a token tells when it was given')
        for bad in ('2027-02-31', 'soon', '2027-01-31T', '1960-01-01', ''):
            complains(check_ready(box, simulator, '--secret-expires', bad), '--secret-expires', bad)


def many_targets():
    with Sandbox() as box, Simulator(box, 'oauth-token-expired') as simulator:
        facts = simulator.facts
        places = [word for place in facts['connect_to'] for word in ('--connect-to', place)]
        targets = box.file('list', b'ana@contoso.com\nana@contoso.com --secret-expires 2027-01-31\n')
        result = box.run('check', '--targets', targets, '--jobs', '1', '--token-file', facts['token_file'], '--resolver',
                         facts['resolver'], '--ca-file', facts['ca_file'], *places, '--secret-expires', '2026-12-24')
        told = sorted((json.loads(line) for line in result.stdout.splitlines()), key=lambda line: line['index'])
        equal([line['result']['token']['source'] for line in told], ['--token-file'] * 2, 'where it is from')
        equal([line['result']['token']['readable'] for line in told], [True] * 2, 'it was read')
        equal([line['result']['target']['secret_expires'] for line in told],
              ['2026-12-24T00:00:00Z', '2027-01-31T00:00:00Z'], 'the common end, and its own')
        lacks(result.stdout.decode(), 'eyJ', 'the token')


def check_ready(box, simulator, *options):
    return box.run(*simulator.arguments, *options)


def no_token_no_login():
    with Sandbox() as box, Simulator(box, 'healthy') as simulator:
        for client, authority, expected in (('error-7000222', None, 'oauth-client-misconfigured'),
                                            ('error-53003', None, 'conditional-access-blocked'),
                                            (CLIENT, 'https://127.0.0.1:1', 'oauth-authority-unreachable')):
            options = ['--oauth', 'client-credentials', *secret(simulator)]
            result = check(box, simulator, *options, client=client, authority=authority)
            equal((result.returncode, class_of(result)), (2, expected), (result.stdout, result.stderr))
            contains(result.stdout.decode(), 'NO ACCESS TOKEN', 'the headline')
            contains(result.stdout.decode(), 'there is no access token', 'what was not tested')
            saved = check(box, simulator, *options, '--format', 'json', client=client, authority=authority).stdout
            shown_again = box.run('render', box.file('saved.json', saved))
            equal((shown_again.returncode, class_of(shown_again)), (2, expected), 'rendered again')


def check_usage():
    with Sandbox() as box:
        target = 'ana@contoso.com'
        complains(box.run('check', target, '--client-id', 'x'), '--oauth', 'an app without a way')
        complains(box.run('check', target, '--oauth', 'device'), 'registered app', 'no app')
        complains(box.run('check', target, '--oauth', 'device', '--client-id', 'x', '--password-file', 'f'),
                  'one run tries one', 'a password as well')
        complains(box.run('check', 'mail.example.org', '--oauth', 'device', '--client-id', 'x'), '--user', 'no login')


def usage():
    with Sandbox() as box:
        complains(box.run('token'), 'what is to be done', 'no action')
        complains(box.run('token', 'shw'), 'did you mean show', 'a mistyped action')
        complains(box.run('token', 'get'), '--oauth', 'no way')
        complains(box.run('token', 'get', '--oauth', 'devise', '--client-id', 'x'), 'did you mean device', 'a typo')
        complains(box.run('token', 'get', '--oauth', 'device'), 'registered app', 'no app')
        complains(box.run('token', 'get', '--oauth', 'device', '--client-id', 'x', '--client-secret', 'y'),
                  'command line', 'a secret on the command line')
        complains(box.run('token', 'get', '--oauth', 'client-credentials', '--client-id', 'x'), '--certificate-file',
                  'no proof')
        complains(box.run('token', 'get', '--oauth', 'refresh', '--client-id', 'x'), '--token-store', 'no store')
        complains(box.run('token', 'get', '--oauth', 'device', '--client-id', 'x', '--authority', 'http://a'),
                  'https://', 'no TLS')
        complains(box.run('token', 'get', '--oauth', 'device', '--client-id', 'x', '--provider', 'gmail'),
                  'no mail scope', 'Google')
        complains(box.run('token', 'show'), 'which token', 'no token')
        equal(box.run('token', '--help').returncode, 0, 'help')
        contains(box.run('token', 'get', '--help').stdout.decode(), 'Entra admin center', 'help of get')


sys.exit(main([
    ('usage', usage), ('device code', device_code), ('device code, slow_down', device_slow_down),
    ('client credentials, secret', client_secret), ('a wrong secret', wrong_secret),
    ('client credentials, certificate', certificate),
    ('the assertion, verified by openssl', assertion_verified_by_openssl),
    ('an authority nobody trusts gets no secret', untrusted_authority), ('refresh, with rotation', refresh_rotates),
    ('a store that cannot be written', store_read_only), ('federation', federation),
    ('what vouches is asked as documented', asks_as_documented), ('nobody vouches', unvouched), ('a kept token', kept),
    ('each refusal has a class', refusals), ('nothing secret to be seen', unseen), ('show', shown),
    ('judge', judged), ('check --oauth', both_in_one_go), ('check without a token', no_token_no_login),
    ('check --oauth, bad usage', check_usage), ('what monitoring watches', times_for_monitoring),
    ('many targets, one token', many_targets),
]))
