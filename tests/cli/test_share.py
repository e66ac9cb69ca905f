"""--share: no name of the run is left in any format, however it was written; and the result can still be used."""
import base64
import html
import json
import re
import subprocess
import sys
import unicodedata
import urllib.parse

from support import PROGRAM, Sandbox, Simulator, contains, equal, main

ADDRESS, DOMAIN, ASCII_DOMAIN = 'ana.lopez@bücher-kontor.ch', 'bücher-kontor.ch', 'xn--bcher-kontor-gsb.ch'
GUID, SESSION = '5f0c2c6e-91a4-4c39-8f2e-7d1b3a90c0de', '08DE2A6028D26C22'
HELP = subprocess.run([PROGRAM, 'render', '--help'], stdout=subprocess.PIPE, check=True).stdout.decode()
FORMATS = re.search(r'--format FORMAT\s+((?:[a-z]+,?\s+)+)\(', HELP).group(1).replace(',', ' ').split()

# What must not be found again, by itself or inside of anything.
ORIGINALS = ['ana.lopez', 'lopez', DOMAIN, 'bücher', ASCII_DOMAIN, 'xn--bcher', 'kontor', 'desk7-chur', '10.1.4.77',
             '198.51.100.77', '2a02:1:2::77', '2a02:0001', GUID, SESSION, 'alopez', 'proxy-chur', 'Graubünden', 'merger',
             'fr4p281ca0123', 'bob.meier', '4Xk3Qz91Ab', 'b1946ac92492d2347c6235b4d2611184']


def encoded(text):
    """TEXT in base64 as it is, and in the other two alignments; with percent signs."""
    data = text.encode()
    return [base64.b64encode(b'x' * lead + data).decode() for lead in range(3)] + [urllib.parse.quote(text, safe='')]


SAID = '\r\n'.join([
    f'535-5.7.139 {ADDRESS.upper()} is not allowed to send as <bob.meier@{ASCII_DOMAIN}>, tenant {GUID}',
    f'535-Hello [10.1.4.77] [IPv6:2a02:1:2::77] (ana.lopez, Lopez) at MAIL.{DOMAIN.upper()}.',
    '535-queued as 4Xk3Qz91Ab at desk7-chur, BÜCHER and XN--BCHER-KONTOR-GSB.CH',
    f'535-id=b1946ac92492d2347c6235b4d2611184 user={ADDRESS};client=2a02:0001:0002:0:0:0:0:77',
    *[f'535-{word}' for word in encoded(ADDRESS) + encoded(f'user={ADDRESS}\1auth') + encoded(DOMAIN)],
    f'535 [FR4P281CA0123.DEUP281.PROD.OUTLOOK.COM 2026-11-22T10:14:05.123Z {SESSION}]'])


def views(text):
    """TEXT, and what whoever wants to know can make of it."""
    text = re.sub(r'((?:\\x[0-9a-f]{2})+)',
                  lambda m: bytes.fromhex(m.group(1).replace('\\x', '')).decode('utf-8', 'replace'), text)
    text = re.sub(r'\\u([0-9a-f]{4})', lambda m: chr(int(m.group(1), 16)), text, flags=re.I)
    yield text
    yield html.unescape(text)
    yield urllib.parse.unquote(text)
    for run in re.findall(r'[A-Za-z0-9+/_-]{8,}', text):
        for skip in range(4):
            part = run[skip:].replace('-', '+').replace('_', '/')
            yield base64.b64decode(part + 'A' * (-len(part) % 4)).decode('utf-8', 'replace')


def plain(text):
    return unicodedata.normalize('NFC', text).casefold()


def leaks(output, originals):
    seen = plain('\0'.join(views(output)))
    return [original for original in originals if plain(original) in seen]


def rendered(box, path, form, *more):
    result = box.run('render', path, '--format', form, '--verbose', '--transcript', *more)
    equal(result.stderr, b'', f'standard error of {form}')
    return result.stdout.decode()


def saved_run():
    """A run as the simulator gives it, with our names in every place that a text can stand in."""
    with Sandbox() as box, Simulator(box, 'smtp-auth-disabled-tenant') as simulator:
        result = box.run(*simulator.arguments, '--format', 'json', '--transcript')
    run = json.loads(result.stdout)
    run['target'].update(input=ADDRESS, address=ADDRESS, user='alopez', domain=DOMAIN)
    run['from'].update(host='desk7-chur', addresses=['10.1.4.77', '2a02:1:2::77'], public_address='198.51.100.77',
                       proxy='socks5h://alopez@proxy-chur:1080')
    run['lookups'][0].update(name=DOMAIN, answers=[f'0 bücher--kontor-ch.mail.protection.outlook.com', f'10 mx1.{ASCII_DOMAIN}'])
    for endpoint in run['endpoints']:
        for attempt in endpoint['attempts']:
            attempt.update(session_id=SESSION, seen_as='198.51.100.77')
            attempt['steps'][0]['reply'] = SAID
            lines = [*SAID.split('\r\n'), f'220 mail.{DOMAIN} ESMTP', '* LIST (\\HasNoChildren) "/" "Projekte/Merger"']
            attempt['transcript'] = [{'at_ms': 1, 'direction': 'S', 'line': line} for line in lines]
            for certificate in (attempt.get('tls') or {}).get('chain', []):
                certificate.update(subject=f'CN=mail.{DOMAIN},O=Bücher Kontor AG,L=Chur,ST=Graubünden,C=CH',
                                   issuer='CN=Bücher Kontor Root,O=Bücher Kontor AG', common_name=f'mail.{DOMAIN}',
                                   names=[f'mail.{ASCII_DOMAIN}', f'*.{ASCII_DOMAIN}', '10.1.4.77'])
    for finding in run['findings']:
        finding.update(meaning=f'{ADDRESS} may not send from desk7-chur.', fix=[f'Set-CASMailbox {ADDRESS}', f'Ask {DOMAIN}.'],
                       commands=[f'Set-CASMailbox {ADDRESS}'])
        for evidence in finding['evidence']:
            evidence['line'] = SAID
    run['verdict'].update(fix=[f'Set-CASMailbox {ADDRESS}'], commands=[f'Set-CASMailbox {ADDRESS}'],
                          meaning=f'Nothing is wrong with {ADDRESS}: 10.1.4.77 is.')
    return run


def test_no_original_survives():
    run = saved_run()
    with Sandbox() as box:
        path = box.file('run.json', json.dumps(run).encode())
        for form in FORMATS:
            for more in ([], ['--ascii']):
                open_output = rendered(box, path, form, *more)
                if form in ('json', 'ndjson', 'text', 'html'):
                    equal(sorted(set(ORIGINALS) - set(leaks(open_output, ORIGINALS))), [], f'{form} shows what it is given')
                equal(leaks(rendered(box, path, form, '--share', *more), ORIGINALS), [], f'{form} {more}')


def test_the_same_stays_the_same():
    with Sandbox() as box:
        path = box.file('run.json', json.dumps(saved_run()).encode())
        shared = json.loads(rendered(box, path, 'json', '--share'))
        address, domain = shared['target']['address'], shared['target']['domain']
        equal(address.split('@')[1], domain, 'the domain of the address')
        contains(shared['verdict']['commands'][0], address, 'our own command')
        reply = shared['endpoints'][0]['attempts'][0]['steps'][0]['reply']
        contains(reply, f'535-5.7.139 {address} is not allowed', 'a reply')
        contains(reply, f'.{domain}', 'a host is named after its domain')
        contains(reply, base64.b64encode(address.encode()).decode(), 'base64 stays what it was')
        contains(reply, urllib.parse.quote(address, safe=''), 'and so do percent signs')
        equal(shared['endpoints'][0]['attempts'][0]['session_id'] in reply, True, 'the session id')
        equal(shared['endpoints'][0]['host'], 'smtp.office365.com', "everybody's host")
        equal([shared['from']['addresses'][0][:8], shared['from']['public_address'][:10]], ['192.0.2.', '203.0.113.'],
              'private stays private')
        again = box.file('shared.json', json.dumps(shared).encode())
        equal(leaks(rendered(box, again, 'text', '--share'), ORIGINALS), [], 'shared twice')
        equal(shared['verdict']['class'], 'smtp-auth-disabled-tenant', 'what happened')


def names_of(run):
    """Every name that a live run wrote down, but those that are everybody's."""
    text = json.dumps(run, ensure_ascii=False)
    sessions = re.findall(r'\b[0-9A-F]{16}\b', text)
    fronts = re.findall(r'\b[A-Z0-9]{8,}\.[A-Z0-9]+\.PROD\.OUTLOOK\.COM\b', text)
    prints = re.findall(r'"sha256": "([0-9a-f]{64})"', text)
    own = [name for name in (run['target']['address'], run['target']['user'], run['target']['domain'], run['from']['host']) if name]
    hosts = [e['host'] for e in run['endpoints'] if not re.search(r'(^localhost|office365\.com|^[0-9.]+)$', e['host'])]
    return [name for name in set(sessions + fronts + prints + own + hosts) if len(name) > 3]


def test_live_runs():
    for scenario in ('healthy', 'bad-credentials', 'healthy-generic', 'cert-self-signed', 'send-as-denied'):
        with Sandbox() as box, Simulator(box, scenario) as simulator:
            result = box.run(*simulator.arguments, '--retry-login', '--format', 'json', '--transcript')
            originals = names_of(json.loads(result.stdout))
            equal(len(originals) > 2, True, f'{scenario}: names to look for')
            shared = box.run(*simulator.arguments, '--retry-login', '--share', '--format', 'json', '--transcript')
            equal(shared.returncode, result.returncode, f'{scenario}: exit status')
            path = box.file('shared.json', shared.stdout)
            for form in FORMATS:
                equal(leaks(rendered(box, path, form), originals), [], f'{scenario} as {form}')


if __name__ == '__main__':
    sys.stdout.reconfigure(encoding='utf-8')
    main([(case.__name__[5:].replace('_', ' '), case) for case in (
        test_no_original_survives, test_the_same_stays_the_same, test_live_runs)])
