"""What pasted errors are said to mean; that nothing secret or raw comes back; that every bounce has one cause."""
import json
import os
import pathlib
import subprocess

import support
from support import Sandbox, complains, contains, equal, lacks

FOLDER = pathlib.Path(__file__).resolve().parent
SCHEMA = FOLDER.parent.parent / 'docs/schema/explanation-1.json'
SEND_AS = '554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied'


def explain(*arguments, text=None):
    with Sandbox() as box:
        return box.run('explain', *arguments, **({'input': text, 'stdin': None} if text is not None else {}))


def lines(text, *arguments):
    result = explain('--format', 'ndjson', *arguments, text=text)
    equal(result.stderr, b'', 'standard error')
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()]


def blocks(*arguments, text=None):
    result = explain('--format', 'json', *arguments, text=text)
    equal(result.stderr, b'', 'standard error')
    return result.returncode, json.loads(result.stdout)['explanations']


# ---- bounces ----

def bounce_case(path):
    def case():
        status, found = blocks(text=path.read_bytes())
        equal([each['class'] for each in found], [path.name.split('--')[0]], f'causes ({found[0]["words"]!r})')
        equal(status, 0, 'exit status')
        shown = json.dumps(found) + explain(text=path.read_bytes()).stdout.decode()
        for secret in ('aHVudGVyMjI=', 'c2NhbkBleGFtcGxlLm5ldA==', 'dXNlcj1hbmFA'):
            lacks(shown, secret, 'secret')
    return case


# ---- forms ----

WRAPPED = [
    # what is pasted, its class
    ("smtplib.SMTPDataError: (554, b'5.2.252 SendAsDenied; a@example.net not allowed to send as b@example.net')",
     'send-as-denied'),
    ('Expected response code 250 but got code "530", with message "530 5.7.57 Client not authenticated to send mail. '
     'Error: 535 5.7.139 Authentication unsuccessful, basic authentication is disabled."', 'basic-auth-disabled'),
    ('> SMTP Error: Could not authenticate. 535 5.7.139 Authentication unsuccessful, account locked.', 'account-locked'),
    ('**535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox\\.**',
     'smtp-auth-disabled-mailbox'),
    ('{"error":"invalid_grant","error_description":"AADSTS50126: Error validating credentials.\\r\\nTrace ID: 1"}',
     'bad-credentials'),
    ('334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==',
     'oauth-missing-scope'),
    ('Error: getaddrinfo ENOTFOUND smtp.contosso.example', 'dns-nxdomain'),
    ("Error: Invalid login: 432 4.3.2 Concurrent connections limit exceeded.", 'throttled'),
    ('Nov 22 10:14:00 desk7 postfix/smtp[77]: 1A2B3C: to=<bo@contoso.example>, relay=none, delay=30, dsn=4.4.1, '
     'status=deferred (connect to mx.contoso.example[203.0.113.9]:25: Connection refused)', 'tcp-refused'),
    ('451 4.4.0 Primary target IP address responded with: "421 4.4.1 Connection timed out." Attempted failover to '
     'alternate host, but that did not succeed.', 'tcp-timeout'),
]


def wrapped_case(text, expected):
    def case():
        status, found = lines(text.encode())
        equal([(each['class']) for each in found], [expected])
        equal(status, 0, 'exit status')
        status, found = blocks('--', text)
        equal([each['class'] for each in found], [expected], 'as a block')
    return case


def send_as_denied():
    result = explain(SEND_AS)
    equal((result.returncode, result.stderr), (0, b''))
    text = result.stdout.decode()
    for words in ('send-as-denied', 'From', 'login', 'Add-RecipientPermission'):
        contains(text, words)
    for line in text.splitlines():
        if len(line) > 80 and 'Add-RecipientPermission' not in line:
            raise AssertionError(f'wider than 80 columns: {line}')


def one_object_a_line():
    text = b'\n' + SEND_AS.encode() + b'\r\n\nnothing known\n\xff\xfe\x1b[2J\x00\n' + b'535 5.7.3 Authentication unsuccessful'
    status, found = lines(text)
    equal([each['class'] for each in found],
          ['unknown', 'send-as-denied', 'unknown', 'unknown', 'unknown', 'auth-rejected-unspecified'])
    equal([each['line'] for each in found][4], '\\xff\\xfe\\x1b[2J\\x00')
    equal(status, 1, 'exit status')
    if not found[5]['candidates']:
        raise AssertionError('a reply that fits several causes has no candidates')
    for each in found:
        equal(list(each)[:8], ['line', 'class', 'confidence', 'stage', 'owner', 'title', 'fix', 'candidates'])


def no_context():
    """The same line is answered the same way wherever it stands."""
    known = [text.encode() for text, _ in WRAPPED]
    _, alone = lines(b'\n'.join(known))
    _, turned = lines(b'\n'.join(reversed(known)))
    equal(list(reversed(turned)), alone)


def paragraphs():
    status, found = blocks(text=SEND_AS.encode() + b'\n\n\n432 4.3.2 Concurrent connections limit exceeded\n')
    equal(([each['class'] for each in found], status), (['send-as-denied', 'throttled'], 0))
    status, found = blocks(SEND_AS, 'nothing known')
    equal(([each['class'] for each in found], status), (['send-as-denied', 'unknown'], 1))


def pop_reply_is_no_option():
    status, found = blocks('-ERR Logon failure: unknown user name or bad password.')
    equal((found[0]['line'].strip(), status), ('-ERR Logon failure: unknown user name or bad password.', 0))


def provider_matters():
    text = '-ERR Logon failure: unknown user name or bad password.'
    equal(blocks('--host', 'outlook.office365.com', text)[1][0]['provider'], 'microsoft365')
    equal(blocks('--provider', 'gmail', text)[1][0]['provider'], 'gmail')
    equal(blocks(text + ' (smtp.gmail.com)')[1][0]['provider'], 'gmail')


def schema():
    try:
        import jsonschema
    except ImportError as missing:
        raise support.Skip('python3-jsonschema is not installed') from missing
    whole = json.loads(SCHEMA.read_text(encoding='utf-8'))
    jsonschema.Draft202012Validator.check_schema(whole)
    text = '\n\n'.join([text for text, _ in WRAPPED] + ['nothing known', 'x' * 40000]).encode()
    jsonschema.validate(json.loads(explain('--format', 'json', text=text).stdout), whole)
    line = {**whole, '$ref': '#/$defs/line'}
    for name in ('type', 'required', 'properties', 'additionalProperties'):
        del line[name]
    for each in lines(text)[1]:
        jsonschema.validate(each, line)


# ---- secrets ----

SECRETS = [
    'AUTH PLAIN AGFuYUBleGFtcGxlLm5ldABodW50ZXIyMg==', 'C: AUTH LOGIN YW5hQGV4YW1wbGUubmV0',
    'a1 AUTHENTICATE XOAUTH2 dXNlcj1hbmFAZXhhbXBsZS5uZXQBYXV0aD1CZWFyZXIgaHVudGVyMjJodW50ZXIyMgEB',
    'CLIENT -> SERVER: aHVudGVyMjI=', 'aHVudGVyMjI=', 'PASS hunter22', 'C: PASS hunter22 with blanks',
    'A7 LOGIN ana@example.net hunter22', 'a001 LOGIN "ana" "hunter22"', 'Authorization: Bearer hunter22hunter22hunter22',
    'auth=Bearer hunter22.hunter22-hunter22', '"password": "hunter22"', 'password=hunter22&user=ana', "'pass' => 'hunter22'",
    'swaks --auth-password hunter22', 'smtp://ana:hunter22@mail.example.net:587', '"client_secret":"hunter22"',
    'token eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.eyJhdWQiOiJodW50ZXIyMiJ9.hunter22', 'access_token=hunter22',
]
GIVEN_AWAY = ('hunter22', 'aHVudGVyMj', 'AGFuYUBl', 'YW5hQGV4', 'dXNlcj1h', 'eyJhdWQi')


def secrets():
    for secret in SECRETS:
        for text in (secret, f'535 5.7.3 Authentication unsuccessful\n{secret}\n535 5.7.3 Authentication unsuccessful'):
            for form in ('text', 'json', 'ndjson'):
                result = explain('--format', form, text=text.encode())
                for part in GIVEN_AWAY:
                    lacks((result.stdout + result.stderr).decode(), part, f'{form}: {secret}')


def words_stay():
    """What is no secret is shown."""
    for text in ('535 5.7.8 bad password: authentication failed', 'AUTH LOGIN XOAUTH2', 'A1 NO LOGIN failed.',
                 '* OK ready. [QQBNADAAUABSADAAMQBDAEEAMAAwADAAMQAuAGUAeABhAG0AcABsAGUA]',
                 'SmtpClientAuthentication is disabled for the Tenant'):
        equal(lines(text.encode())[1][0]['line'], text)


# ---- hostile ----

HOSTILE = {
    'a line of a megabyte': b'535 ' * 262144,
    'words': b'authentication failed ' * 1000000,
    'zero bytes': b'\0' * 1048576,
    'invalid UTF-8': b'\xff\xfe\xc0\xaf\xed\xa0\x80' * 100000,
    'escape sequences': b'\x1b]0;title\x07\x1b[2J\x9b31m\xe2\x80\xae' * 50000,
    'codes': b'5.7.139 ' * 131072,
    'marks': b'<&\\*`"\'[(' * 131072,
    'blanks': b' ' * 1048576,
    'braces': b'eyJ' * 349525,
    'line ends': b'\r' * 1048576,
    'many lines': b'550 5.1.1 x\n' * 100000,
    'folded lines': b'Diagnostic-Code: smtp;\n' + b' 550 5.1.1 x\n' * 100000,
}


def hostile_case(text):
    def case():
        for form in ('text', 'json', 'ndjson'):
            result = explain('--format', form, '--color', 'never', text=text)
            if result.returncode not in (0, 1, 3):
                raise AssertionError(f'{form}: exit status {result.returncode}: {result.stderr!r}')
            for byte in result.stdout:
                if byte < 32 and byte != 10 or byte == 127:
                    raise AssertionError(f'{form}: byte {byte:#x} came back')
            shown = result.stdout.decode('utf-8')
            lacks(shown, '\u202e', form)
            lacks(shown, '\x9b', form)
    return case


def constant_memory():
    """Ten times as much input, of lines without end too, takes no more memory."""
    def peak(text):
        with Sandbox() as box:
            process = box.start('explain', '--format', 'ndjson', stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            process.stdin.write(text)
            process.stdin.close()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
            process.stderr.close()
            return usage.ru_maxrss
    if any('SAN' in name for name in os.environ):
        raise support.Skip('a sanitizer keeps memory back')
    small, large = peak(b'535 5.7.3 x\n' * 20000 + b'y' * 2000000), peak(b'535 5.7.3 x\n' * 400000 + b'y' * 40000000)
    if large > small + 2048:
        raise AssertionError(f'{small} KiB for little input, {large} KiB for much')


def bad_usage():
    for arguments, words in ((['--format', 'xml'], 'ndjson'), (['--provider', 'gmial'], 'did you mean gmail?'),
                             (['--host', 'a b'], 'host name'), (['--rule', 'x'], 'unknown option --rule')):
        complains(explain(*arguments, 'x'), words)
    complains(explain(text=b'\n \n'), 'nothing')
    equal(explain('--format', 'ndjson', text=b'').returncode, 0)


def answers_at_once():
    """A log that is followed is answered line by line."""
    with Sandbox() as box:
        process = box.start('explain', '--format', 'ndjson', stdin=subprocess.PIPE)
        for _ in range(3):
            process.stdin.write(SEND_AS.encode() + b'\n')
            process.stdin.flush()
            equal(json.loads(process.stdout.readline())['class'], 'send-as-denied')
        process.stdin.close()
        equal(process.wait(support.PATIENCE), 0)
        process.stdout.close()
        process.stderr.close()


support.main(
    [(f'bounce: {path.stem}', bounce_case(path)) for path in sorted((FOLDER / 'bounces').glob('*.txt'))] +
    [(f'wrapped: {text[:50]}', wrapped_case(text, expected)) for text, expected in WRAPPED] +
    [('send-as-denied in full', send_as_denied), ('one object a line', one_object_a_line), ('no context', no_context),
     ('paragraphs and arguments', paragraphs), ('-ERR is no option', pop_reply_is_no_option),
     ('whose server', provider_matters), ('schema', schema), ('secrets', secrets), ('words stay', words_stay)] +
    [(f'hostile: {name}', hostile_case(text)) for name, text in HOSTILE.items()] +
    [('constant memory', constant_memory), ('bad usage', bad_usage), ('answers at once', answers_at_once)])
