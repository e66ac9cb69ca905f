"""A real Prometheus scrapes `maildoctor serve`, which probes the simulated provider: a fault is switched on, the alert
fires with its class, and resolves when it is mended."""
import json
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
import support
from serving import Serve, modules_of
from support import Sandbox, Server, Simulator, Skip, equal

RULES = pathlib.Path(__file__).resolve().parents[2] / 'docs/deploy/prometheus/maildoctor.rules.yml'
TARGET = 'mail.example.org:587'


class Relay(Server):
    """A port that leads to one of several others, and can be pointed elsewhere."""

    def __init__(self, port):
        super().__init__()
        self.to = port

    def talk(self, near):
        with socket.create_connection(('127.0.0.1', self.to)) as far:
            back = threading.Thread(target=self.carry, args=(far, near), daemon=True)
            back.start()
            self.carry(near, far)
            back.join()

    @staticmethod
    def carry(from_, to):
        try:
            while data := from_.recv(65536):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def quick_rules():
    """The rules as they are delivered, but for the times."""
    text = RULES.read_text(encoding='utf-8')
    for slow, quick in (('[15m]', '[3s]'), ('offset 15m', 'offset 3s'), ('keep_firing_for: 5m', 'keep_firing_for: 1s')):
        if slow not in text:
            raise AssertionError(f'{slow} is not in {RULES}')
        text = text.replace(slow, quick)
    return text


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as holder:
        return holder.getsockname()[1]


class Prometheus:
    """In a folder of its own, on loopback."""

    def __init__(self, box, serve):
        self.port = free_port()
        box.file('maildoctor.rules.yml', quick_rules().encode())
        box.file('prometheus.yml', f'''
global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s, external_labels: {{ site: here }} }}
rule_files: [ maildoctor.rules.yml ]
scrape_configs:
  - job_name: mail
    metrics_path: /probe
    static_configs: [ targets: [ "{TARGET}" ] ]
    relabel_configs:
      - {{ source_labels: [ __address__ ], target_label: __param_target }}
      - {{ source_labels: [ __param_target ], target_label: instance }}
      - {{ target_label: __address__, replacement: "127.0.0.1:{serve.port}" }}
  - job_name: maildoctor
    static_configs: [ targets: [ "127.0.0.1:{serve.port}" ] ]
'''.encode())
        self.log = open(box.path / 'prometheus.log', 'wb')  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            ['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=data', '--log.level=warn',
             f'--web.listen-address=127.0.0.1:{self.port}'], cwd=box.path, stdout=self.log, stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(support.PATIENCE)
        self.log.close()

    def ask(self, path):
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/api/v1/{path}', timeout=5) as answer:
            return json.load(answer)['data']

    def firing(self):
        return sorted((alert['labels']['alertname'], alert['labels'].get('class')) for alert in
                      self.ask('alerts')['alerts'] if alert['state'] == 'firing')

    def wait(self, look, expected, what):
        """Until what LOOK sees is EXPECTED."""
        end = time.monotonic() + support.PATIENCE
        found = None
        while found != expected:
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f'{what}: {found}, expected {expected}')
            time.sleep(0.2)
            try:
                found = look()
            except OSError:
                pass  # it is only starting


def fires_and_resolves():
    if not shutil.which('prometheus'):
        raise Skip('prometheus is not there')
    with Sandbox() as box, Simulator(box, 'healthy-generic') as healthy, \
            Simulator(box, 'starttls-unavailable') as faulty, Relay(healthy.facts['ports']['587']) as relay:
        options = modules_of(healthy)
        options['connect-to'] = [re.sub(r'^(mail.example.org:587:127.0.0.1:)\d+', rf'\g<1>{relay.port}', place)
                                 for place in options['connect-to']]
        with Serve(box, {'default': {'options': options}}, '--timeout-offset', '0.1') as serve, \
                Prometheus(box, serve) as prometheus:
            prometheus.wait(lambda: [sample['value'][1] for sample in
                                     prometheus.ask('query?query=probe_success')['result']], ['1'], 'all is well')
            equal([target['lastError'] for target in prometheus.ask('targets')['activeTargets']], ['', ''])
            equal(prometheus.firing(), [])
            relay.to = faulty.facts['ports']['587']
            prometheus.wait(prometheus.firing, [('MailNeedDown', 'starttls-unavailable')], 'the fault')
            relay.to = healthy.facts['ports']['587']
            prometheus.wait(prometheus.firing, [], 'mended')


support.main([('the alert fires with the class, and resolves', fires_and_resolves)])
