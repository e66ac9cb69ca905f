"""Networks at odds: what happens to the names and connections of a run, seen from the command line."""
import json
import socket
import support
from support import Sandbox, equal


def closed_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(('127.0.0.1', 0))
        return holder.getsockname()[1]


def name_server_refuses():
    """Two hosts of one provider: the second's answers come when the first has decided the run (a crash, once)."""
    for target in ('smtp.office365.com', 'ana@outlook.com', 'mail.example.org'):
        with Sandbox() as box:
            run = box.run('check', '--format', 'json', '--resolver', f'127.0.0.1:{closed_udp_port()}', target)
            result = json.loads(run.stdout)
            equal((run.returncode, result['complete'], result['verdict']['class']), (2, True, 'dns-answer-unusable'), target)


ENTRY = {'id': 2, 'serviceArea': 'Exchange', 'urls': ['smtp.office365.com', '*.office365.com'],
         'ips': ['127.0.0.0/8', '2603:1006::/40'], 'tcpPorts': '587,993', 'category': 'Allow', 'required': False}


def endpoints_file():
    """A list from the service is taken in place of the one that is built in; a bad one is told at once."""
    bad = [('', 'no JSON'), ('{}', 'list of 1'), ('[]', 'list of 1'), ('[3]', 'entry 1'),
           (json.dumps([ENTRY, {**ENTRY, 'ips': ['127.0.0.0/33']}]), 'entry 2: "ips"'),
           (json.dumps([{**ENTRY, 'urls': ['a b']}]), '"urls"'), (json.dumps([{**ENTRY, 'tcpPorts': 25}]), '"tcpPorts"'),
           (json.dumps([{**ENTRY, 'ips': None}]), '"ips"'), (json.dumps([{'id': 1}]), 'no entry has'),
           (' ' * (4 << 20) + '[]', 'too large')]
    with Sandbox() as box, socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))
        file = box.path / 'endpoints.json'
        target = ['smtp.office365.com:587', '--connect-to', f'smtp.office365.com:587:127.0.0.1:{closed.getsockname()[1]}',
                  '--format', 'json', '--endpoints-file', str(file)]
        for text, words in bad:
            file.write_text(text)
            run = box.run('check', *target)
            equal((run.returncode, run.stdout, run.stderr.count(b'\n')), (3, b'', 1), words)
            equal(words.encode() in run.stderr.replace(b'File too', b'too'), True, run.stderr)
        file.unlink()
        equal(box.run('check', *target).returncode, 3)
        file.write_text(json.dumps([{**ENTRY, 'urls': ['other.example.com']}, ENTRY, {'id': 3, 'urls': ['x.org']}]))
        seen = json.loads(box.run('check', *target).stdout)['published']
        equal(seen, [{'source': f'{file}, ID 2', 'date': None, 'tcp_ports': '587,993', 'hosts': ENTRY['urls'],
                      'ranges': ENTRY['ips']}])
        built_in = json.loads(box.run('check', *target[:-2]).stdout)['published']
        equal((len(built_in), built_in[0]['date'] is not None), (1, True))
        generic = ['mail.example.org:587', '--connect-to', f'mail.example.org:587:127.0.0.1:{closed.getsockname()[1]}']
        equal('published' in json.loads(box.run('check', '--format', 'json', *generic).stdout), False)


def clouds():
    """What each of Microsoft's clouds publishes for the host and port in question."""
    with Sandbox() as box, socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))
        for host, port, lists in (
                ('outlook.office365.us', 993, ['GCC High endpoints, ID 5']),
                ('outlook-dod.office365.us', 587, ['DoD endpoints, ID 4']),
                ('contoso-com.mail.protection.outlook.com', 25, ['Microsoft 365 URLs and IP address ranges, ID 10']),
                ('contoso-com.protection.office365.us', 25, ['GCC High endpoints, ID 6', 'DoD endpoints, ID 6'])):
            run = box.run('check', f'{host}:{port}', '--connect-to', f'{host}:{port}:127.0.0.1:{closed.getsockname()[1]}',
                          '--format', 'json')
            seen = [each['source'] for each in json.loads(run.stdout).get('published', [])]
            equal([words in source for words, source in zip(lists, seen)], [True] * len(lists), f'{host}: {seen}')
            equal(len(seen), len(lists), f'{host}: {seen}')


support.main([('a list of endpoints', endpoints_file), ('the lists of each cloud', clouds),
              ('a name server that refuses', name_server_refuses)])
