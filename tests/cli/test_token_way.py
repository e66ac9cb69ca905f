"""The way to the authority: its name is asked where --resolver says, and it is connected to from --source."""
import json
import socket
import struct
import threading

from authority import Recorder
from support import Sandbox, class_of, complains, contains, equal, lacks, main

NAME = 'oauth2.googleapis.com'  # the recorder's certificate is for it


class Names:
    """A name server that knows one IPv4 address of NAME and nothing else."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.place = f'127.0.0.1:{self.socket.getsockname()[1]}'
        self.asked = []
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def serve(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            end = query.index(b'\0', 12)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            kind = struct.unpack('>H', query[end + 1:end + 3])[0]
            known = '.'.join(labels).lower() == NAME
            self.asked.append(('.'.join(labels).lower(), kind))
            answer = b'\xc0\x0c' + struct.pack('>HHIH', 1, 1, 60, 4) + b'\x7f\0\0\1' if known and kind == 1 else b''
            head = query[:2] + struct.pack('>HHHHH', 0x8180 | (0 if known else 3), 1, bool(answer), 0, 0)
            self.socket.sendto(head + query[12:end + 5] + answer, peer)


def get(box, recorder, names, *more, host=NAME):
    return box.run('token', 'get', '--oauth', 'client-credentials', '--client-id', 'app', '--tenant', 'contoso.com',
                   '--authority', f'https://{host}:{recorder.server.server_port}', '--ca-file', recorder.ca_file,
                   '--no-system-ca', '--client-secret-file', box.file('secret', b'the-secret'), '--no-token-cache',
                   '--print', '--resolver', names.place, *more)


def asked():
    with Sandbox() as box, Recorder(box) as recorder, Names() as names:
        result = get(box, recorder, names)
        equal((result.returncode, result.stdout), (0, b'opaque-token-of-the-recorder\n'), result.stderr)
        equal(sorted(names.asked), [(NAME, 1), (NAME, 28)], 'what was asked')
        names.asked.clear()
        equal(get(box, recorder, names, '-4').returncode, 0, 'IPv4')
        equal(names.asked, [(NAME, 1)], 'of IPv4')
        for host, more in ((NAME, ['-6']), ('no-such-name.example.org', [])):
            result = get(box, recorder, names, *more, host=host)
            equal((result.returncode, class_of(result)), (2, 'oauth-authority-unreachable'), result.stdout)
            contains(' '.join(result.stdout.decode().split()), f'{names.place} knows no address of {host}', 'the cause')
            lacks(result.stdout, b'the-secret', 'the secret')


def not_asked():
    """An address stands for itself, and so does what --connect-to gives."""
    with Sandbox() as box, Recorder(box) as recorder, Names() as names:
        port = recorder.server.server_port
        equal(get(box, recorder, names, host='127.0.0.1').returncode, 0, 'an address')
        for entry in (f'{NAME}:{port}', f':{port}', f'{NAME}:', ':'):
            result = get(box, recorder, names, '--connect-to', f'{entry}:127.0.0.1:{port}')
            equal(result.returncode, 0, (entry, result.stdout))
        equal(names.asked, [], 'what was asked')
        for entry in (f'{NAME}:{port + 1}', f'a{NAME}:', 'accounts.google.com:'):
            equal(get(box, recorder, names, '--connect-to', f'{entry}:127.0.0.1:1').returncode, 0, entry)


def from_source():
    with Sandbox() as box, Recorder(box) as recorder, Names() as names:
        peers = []
        recorder.server.verify_request = lambda request, address: peers.append(address[0]) or True
        equal(get(box, recorder, names, '--source', '127.0.0.2').returncode, 0, 'from another address')
        equal(peers, ['127.0.0.2'], 'who came')
        complains(get(box, recorder, names, '--source', '192.0.2.1'), 'cannot connect from --source', 'not ours')
        complains(get(box, recorder, names, '--source', 'eth0'), 'not a numeric address', 'a device')
        complains(get(box, recorder, names, '--resolver', 'nonsense'), 'nonsense', 'a bad name server')


def check():
    """A check asks for its token on the same way."""
    with Sandbox() as box, Recorder(box) as recorder, Names() as names:
        result = box.run('check', f'imaps://{NAME}:1', '--user', 'ana@contoso.com', '--oauth', 'client-credentials',
                         '--client-id', 'app', '--tenant', 'contoso.com', '--authority',
                         f'https://{NAME}:{recorder.server.server_port}', '--ca-file', recorder.ca_file, '--no-system-ca',
                         '--client-secret-file', box.file('secret', b'the-secret'), '--resolver', names.place,
                         '--source', '127.0.0.2', '--format', 'json')
        equal(json.loads(result.stdout)['token']['asked_in_vain'], False, result.stdout[:300])
        equal(recorder.forms[0]['client_secret'], 'the-secret', 'what the authority was asked')


main([('the name is asked there', asked), ('no name is asked', not_asked), ('--source', from_source), ('check', check)])
