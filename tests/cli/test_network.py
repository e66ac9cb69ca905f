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


support.main([('a name server that refuses', name_server_refuses)])
