"""Help, version, and what is said of bad input: one clear line, exit status 3, nothing on standard output."""
import os
import support
from support import Sandbox, complains, contains, equal, lacks

A63 = 'a' * 63
GOOD = 'ana@contoso.com'

# Arguments, words of the message. {name} is a file of the sandbox.
BAD = [
    # options
    (['--pasta', GOOD], 'unknown option --pasta'),
    (['--provide', 'gmail', GOOD], 'did you mean --provider?'),
    (['--provider=gmial', GOOD], 'did you mean gmail?'),
    (['--pas', GOOD], 'unknown option --pas'),
    (['--ass', 'x@contoso.com', GOOD], 'unknown option --ass'),
    (['--submit', GOOD], '--submit needs a login'),
    (['--from', 'a@contoso.com', GOOD], '--from is of a message: add --submit'),
    (['--submit', '--from', 'Ana <a@contoso.com>', GOOD], 'without a display name'),
    (['--submit', '--from', 'a b@contoso.com', GOOD], 'without a display name'),
    (['--submit', '--to', 'a@b@contoso..com', GOOD], '--to'),
    (['--submit', '--need', 'read', GOOD], 'nothing that is asked for sends'),
    (['--submit', '--ports', '993', GOOD], 'nothing that is asked for sends'),
    (['--submit', 'imaps://mail.example.com'], 'nothing that is asked for sends'),
    (['--round-trip', GOOD], '--round-trip needs a login'),
    (['--arrival', '5', GOOD], 'add --round-trip'),
    (['--round-trip', '--arrival', '0', GOOD], 'more than 0, at most 3600'),
    (['--round-trip', '--rcpt-only', GOOD], '--rcpt-only sends nothing'),
    (['--route', 'pigeon', GOOD], 'one of submission, hve, direct-send, relay'),
    (['--route', 'hve', 'smtp://mail.example.com'], 'give an address or a domain'),
    (['--route', 'hve', '--ports', '587', GOOD], '--need and --ports say it again'),
    (['--route', 'direct-send', '--password-file', 'x', GOOD], 'takes no login'),
    (['--submit', 'smtp://mail.example.com:25'], '--submit needs a sender'),
    (['--rcpt-only', '--from', 'a@contoso.com', 'smtp://mail.example.com:25'], '--submit needs a recipient'),
    (['--target', 'x'], 'did you mean --targets?'),
    (['-x', GOOD], 'unknown option -x'),
    (['-\x1b', GOOD], 'unknown option -\\x1b'),
    (['--\x1b[31m', GOOD], '\\x1b'),
    ([GOOD, '--user'], '--user needs a value'),
    (['--verbose=yes', GOOD], 'takes no value'),
    (['-4', '-6', GOOD], 'exclude'),
    (['-6', '127.0.0.1:993'], 'IPv4 address'),
    (['-6', '127.0.0.1'], 'IPv4 address'),
    (['-4', 'imaps://[::1]'], 'IPv6 address'),
    # options that do not fit the target
    (['127.0.0.1:993', '--need', 'relay'], 'cannot meet'),
    (['127.0.0.1:993', '--need', 'read,send'], '--need send'),
    (['pop3s://127.0.0.1', '--need', 'imap'], '--need imap'),
    (['127.0.0.1:587', '--need', 'relay'], 'port 25'),
    (['127.0.0.1:25', '--need', 'send'], '--need relay'),
    (['127.0.0.1:993', '--ports', '25'], '--ports'),
    (['imaps://127.0.0.1', '--ports', '993'], '--ports'),
    # values
    (['--need', 'sent', GOOD], 'send, read'),
    (['--need', '', GOOD], 'send, read'),
    (['--need', 'send,', GOOD], 'send, read'),
    (['--need', 'any', GOOD], 'send, read'),
    (['--ports', '0', GOOD], '65535'),
    (['--ports', '65536', GOOD], '65535'),
    (['--ports', '587,x', GOOD], '65535'),
    (['--ports', '-1', GOOD], '65535'),
    (['--ports', '8080', GOOD], 'URL'),
    (['--ports', '', GOOD], '65535'),
    (['--provider', 'microsoft', GOOD], 'did you mean microsoft365?'),
    (['--provider', 'foo', GOOD], 'one of microsoft365, '),
    (['--user', '', GOOD], '1 to 255'),
    (['--user', 'a\r\nQUIT', GOOD], 'control'),
    (['--user', b'\xff\xfe', GOOD], 'UTF-8'),
    (['--user', 'u' * 256, GOOD], '255'),
    (['--auth', 'KERBEROS', GOOD], 'XOAUTH2'),
    (['--exercise', 'smtp', GOOD], 'imap, pop3'),
    (['--exercise', 'imap', GOOD], 'needs a login'),
    (['--exercise-hold', '5', GOOD], 'needs --exercise'),
    (['--exercise', 'imap', '--exercise-hold', '0', GOOD], 'seconds'),
    (['--ehlo', 'a b', GOOD], 'host name'),
    (['--ehlo', 'x\r\nMAIL FROM:<>', GOOD], 'host name'),
    (['--format', 'yaml', GOOD], 'json'),
    (['--color', 'perhaps', GOOD], 'never'),
    (['--fail-on', 'info', GOOD], 'warning'),
    (['--timeout', '0', GOOD], 'seconds'),
    (['--timeout', '-1', GOOD], 'seconds'),
    (['--timeout', '1e9', GOOD], 'seconds'),
    (['--timeout', 'nan', GOOD], 'seconds'),
    (['--deadline', '99999999', GOOD], 'seconds'),
    (['--deadline', '', GOOD], 'seconds'),
    (['--connect-to', 'a:1:b:2', GOOD], 'HOST:PORT'),
    (['--connect-to', 'a:1:127.0.0.1', GOOD], 'HOST:PORT'),
    (['--connect-to', 'a:1:127.0.0.1:0', GOOD], 'HOST:PORT'),
    (['--connect-to', 'a:1:[::1:25', GOOD], 'HOST:PORT'),
    (['--connect-to', 'a:1:127.0.0.1:25:', GOOD], 'HOST:PORT'),
    (['--connect-to', 'a..b:1:127.0.0.1:25', GOOD], 'HOST:PORT'),
    (['--resolver', 'nobody', GOOD], 'nobody'),
    (['--resolver', '127.0.0.1:0', GOOD], '127.0.0.1:0'),
    (['--resolver', '', GOOD], 'name server'),
    (['--source', 'eth0', GOOD], 'eth0'),
    (['--source', '192.0.2.77', GOOD], '192.0.2.77'),
    (['--source', '2001:db8::77', 'imap://[::1]:1'], '2001:db8::77'),
    (['--proxy', 'proxy.example', GOOD], 'socks5://'),
    (['--proxy', 'socks4://proxy.example:1080', GOOD], 'neither socks5 nor http'),
    (['--proxy', 'socks5://ana:hunter22@proxy.example:1080', GOOD], '--proxy-password-file'),
    (['--proxy', 'socks5://proxy.example', GOOD], 'HOST:PORT'),
    (['--proxy', 'socks5://proxy.example:1080', '--path', GOOD], 'hides'),
    (['--proxy-password', 'hunter22', GOOD], '--proxy-password-file'),
    (['--proxy-password-file', '{nonsense}', GOOD], '--proxy'),
    (['--proxy', 'http://ana@proxy.example:1', '--proxy-password-file', 'missing.txt', GOOD], 'missing.txt'),
    (['--ca-file', 'missing.pem', GOOD], 'missing.pem'),
    (['--ca-file', '{nonsense}', GOOD], 'nonsense'),
    (['--no-system-ca', GOOD], '--ca-file'),
    (['--output', 'missing/result', GOOD], 'missing/result'),
    (['--output', '.', GOOD], 'directory'),
    (['--output', '', GOOD], 'write'),
    # targets
    ([], 'mail address'),
    (['check'], 'mail address'),
    ([GOOD, GOOD], 'one target'),
    ([''], 'empty'),
    (['ana@'], 'domain'),
    (['@contoso.com'], 'before the @'),
    (['ana@contoso.com:587'], 'port'),
    (['::1:993'], '[::1]:993'),
    (['2001:db8::1:25'], '[2001:db8::1]:25'),
    (['imaps://::1:993'], '[::1]:993'),
    (['host.example:0'], '65535'),
    (['host.example:99999'], '65535'),
    (['host.example:smtp'], 'port'),
    (['host.example:8080'], 'URL'),
    (['ftp://host.example'], 'scheme'),
    (['imaps://ana:hunter22@host.example'], 'password'),
    (['.'.join([A63] * 4)], '253'),
    (['ana@' + '.'.join([A63] * 5)], '253'),
    (['x' * 100000], 'longer'),
    ([b'ana@\xffcontoso.com'], 'UTF-8'),
    ([b'\xc0\xaf'], 'UTF-8'),
    (['ana@con\x1b[2Jtoso.com'], 'control'),
    (['chekc'], 'did you mean check?'),
    (['help', 'chek'], 'did you mean check?'),
    (['--', '--user'], 'hyphen'),
    # a second account
    (['--round-trip-to', 'nobody', GOOD], 'NAME@DOMAIN'),
    (['--round-trip-to', 'bo@example.net', '--password-file', '{word}', GOOD], 'needs the login of that mailbox'),
    (['--round-trip-to', 'bo@example.net', '--to-password-file', '{word}', GOOD], '--submit needs a login'),
    (['--round-trip-to', GOOD, '--to-password-file', '{word}', '--password-file', '{word}', GOOD], 'the same one'),
    (['--round-trip-to', 'bo@example.net', '--to-user', GOOD, '--to-password-file', '{word}', '--password-file', '{word}',
      GOOD], 'the same one'),
    (['--round-trip-to', 'bo@example.net', '--to-password-file', '{word}', '--to-token-file', '{word}', '--password-file',
      '{word}', GOOD], 'exclude each other'),
    (['--round-trip-to', 'bo@example.net', '--to-password-file', '{empty}', '--password-file', '{word}', GOOD],
     "recipient's password is empty"),
    (['--round-trip-to', 'bo@example.net', '--to-password-file', '{word}', '--ask-to-password', '--password-file', '{word}',
      GOOD], 'MAILDOCTOR_TO_PASSWORD'),
    (['--round-trip-to', 'bo@example.net', '--to-password-fd', 'x', '--password-file', '{word}', GOOD], '--to-password-fd'),
    (['--round-trip-to', 'bo@example.net', '--rcpt-only', '--to-token-file', '{word}', '--password-file', '{word}', GOOD],
     '--rcpt-only sends nothing'),
    (['--to-password-file', '{word}', GOOD], 'add --round-trip-to'),
    (['--to-host', 'host.example', '--password-file', '{word}', GOOD], 'add --round-trip-to'),
    (['--to-host', 'smtps://host.example', GOOD], 'IMAP or POP3'),
    (['--to-host', 'host.example:587', GOOD], 'IMAP or POP3'),
    (['--to-host', 'bo@example.net', GOOD], '--round-trip-to'),
    (['--to-host', 'host.example:99999', GOOD], '65535'),
    (['--to-user', 'a\rb', GOOD], 'control'),
    (['--to-password', 'hunter22', GOOD], '--to-password-file'),
    (['--to-token=hunter22', GOOD], '--to-token-file'),
    (['--round-trip', '--targets', 'list'], 'one target'),
    # secrets
    (['--password', 'hunter22', GOOD], 'every user of this machine'),
    (['--password=hunter22', GOOD], '--ask-password'),
    (['--pasword=hunter22', GOOD], '--ask-password'),
    (['--token', 'hunter22', GOOD], '--token-file'),
    (['--passphrase=hunter22', GOOD], 'unknown option'),
    (['--password-file', 'missing', GOOD], 'missing'),
    (['--password-file', '.', GOOD], 'directory'),
    (['--password-file', '{empty}', GOOD], 'empty'),
    (['--password-file', '{newline}', GOOD], 'empty'),
    (['--password-file', '{lines}', GOOD], 'more than one line'),
    (['--password-file', '{zero}', GOOD], 'zero byte'),
    (['--token-file', '{huge}', GOOD], '16384'),
    (['--password-file', '/dev/zero', GOOD], '16384'),
    (['--password-fd', '77', GOOD], 'descriptor 77'),
    (['--password-fd', 'x', GOOD], 'number'),
    (['--password-fd', '0', GOOD], 'empty'),
    (['--password-command', 'exit 3', GOOD], 'status 3'),
    (['--password-command', 'kill -9 $$', GOOD], 'signal 9'),
    (['--password-command', 'true', GOOD], 'empty'),
    (['--password-file', '{word}', '--password-command', 'echo x', GOOD], 'more than one way'),
    (['--password-file', '{word}', '--ask-password', GOOD], 'more than one way'),
    (['--password-file', '{word}', 'host.example'], '--user'),
    (['--password-file', '{word}', '--token-file', '{word}', GOOD], '(--password-file) and a token (--token-file)'),
    (['--ask-password', '--token-fd', '0', GOOD], '(--ask-password) and a token (--token-fd)'),
    (['--password-file', '{utf16}', GOOD], 'UTF-16'),
    (['--token-file', '{utf16be}', GOOD], 'UTF-16'),
    (['--password-file', '{mark}', GOOD], 'empty'),
    (['--auth', 'XOAUTH2', '--password-file', '{word}', GOOD], 'token'),
    (['--auth', 'PLAIN', '--token-file', '{word}', GOOD], 'password'),
]

FILES = {'empty': b'', 'newline': b'\n', 'lines': b'hunter22\nana\n', 'zero': b'hunt\0er22\n', 'huge': b'x' * 20000,
         'utf16': '\ufeffhunter22\r\n'.encode('utf-16-le'), 'utf16be': '\ufeffhunter22\r\n'.encode('utf-16-be'),
         'mark': b'\xef\xbb\xbf\r\n', 'word': b'hunter22\n', 'nonsense': b'this is no certificate\n'}


def bad_case(arguments, words):
    def case():
        with Sandbox() as box:
            names = {name: box.file(name, content) for name, content in FILES.items()}
            given = [a.format(**names) if isinstance(a, str) and a.startswith('{') else a for a in arguments]
            result = box.run(*given)
            complains(result, words)
            lacks(result.stderr, b'hunter22', 'a secret was repeated')
    return case


def environment_conflict():
    with Sandbox() as box:
        word = box.file('word', b'hunter22\n')
        complains(box.run('--password-file', word, GOOD, variables={'MAILDOCTOR_PASSWORD': 'x'}), 'more than one way')
        complains(box.run('--token-file', word, GOOD, variables={'MAILDOCTOR_PASSWORD': 'x'}),
                  '(MAILDOCTOR_PASSWORD) and a token (--token-file)')
        complains(box.run(GOOD, variables={'MAILDOCTOR_PASSWORD': 'x', 'MAILDOCTOR_TOKEN': 'y'}),
                  '(MAILDOCTOR_PASSWORD) and a token (MAILDOCTOR_TOKEN)')
        for name in ('MAILDOCTOR_PASSWORD', 'MAILDOCTOR_TOKEN'):
            complains(box.run('host.example:993', variables={name: 'x'}), 'no login; add --user')
        complains(box.run(GOOD, variables={'MAILDOCTOR_PASSWORD': ''}), 'empty')
        complains(box.run(GOOD, variables={'MAILDOCTOR_TOKEN': 'a\nb'}), 'more than one line')


def no_terminal():
    with Sandbox() as box:
        complains(box.run('--ask-password', GOOD, start_new_session=True), 'terminal')


def unreadable_file():
    if os.geteuid() == 0:
        raise support.Skip('the superuser reads every file')
    with Sandbox() as box:
        complains(box.run('--password-file', box.file('secret', b'x\n', 0o000), GOOD), 'Permission denied')


def help_texts():
    with Sandbox() as box:
        top = box.run('--help')
        equal((top.returncode, top.stderr), (0, b''))
        for same in (['help'], ['-h']):
            equal(box.run(*same).stdout, top.stdout)
        commands = [line.split()[1] for line in top.stdout.decode().splitlines() if line.startswith('       maildoctor ')]
        contains(commands, 'check')
        for command in (c for c in commands if c not in ('help', '--version')):
            result = box.run(command, '--help')
            equal((result.returncode, result.stderr), (0, b''), command)
            contains(result.stdout.decode(), f'maildoctor {command}', command)
            equal(box.run('help', command).stdout, result.stdout, command)
            for line in result.stdout.decode().splitlines():
                if len(line) > 80:
                    raise AssertionError(f'{command}: longer than 80 columns: {line}')


def help_lists_options():
    """Every option that is listed is taken: none is a promise."""
    with Sandbox() as box:
        text = box.run('check', '--help').stdout.decode()
        listed = [(word, line.split()) for line in text.splitlines() for word in line.split()
                  if word.startswith('--') and line.lstrip().startswith(('-', '--'))]
        for option, words in listed:
            if option in ('--help', words[-1]) and option == '--help':
                continue
            result = box.run(option, 'a@', 'b@', 'c@')
            lacks(result.stderr, b'unknown option', option)


def version():
    with Sandbox() as box:
        result = box.run('--version')
        equal((result.returncode, result.stderr), (0, b''))
        words = result.stdout.decode().split()
        equal((len(words), words[0]), (2, 'maildoctor'))


support.main(
    [(f'bad input: {" ".join(repr(a)[:40] for a in arguments) or "nothing"}', bad_case(arguments, words))
     for arguments, words in BAD] +
    [('a secret from the environment and from a file', environment_conflict),
     ('no terminal to ask at', no_terminal),
     ('a file that may not be read', unreadable_file),
     ('help', help_texts),
     ('the help lists what is taken', help_lists_options),
     ('version', version)])
