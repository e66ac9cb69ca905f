"""A bad entry of providers.json must end the build with one line that names it.

usage: test_generator.py providers.py providers.json
"""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

GENERATOR, SOURCE = sys.argv[1:3]
GOOD = json.loads(pathlib.Path(SOURCE).read_text())


def change(*path_and_value):
    *path, last, value = path_and_value
    data = copy.deepcopy(GOOD)
    place = data['providers']
    for step in path:
        place = place[step]
    place[last] = value
    return json.dumps(data)


def route(key, value):
    data = copy.deepcopy(GOOD)
    data['routes'][1][key] = value
    return json.dumps(data)


def drop(index):
    data = copy.deepcopy(GOOD)
    del data['providers'][index]
    return json.dumps(data)


BAD = {
    'unknown key of a route': (route('colour', 'blue'), 'keys differ'),
    'route twice': (route('id', 'relay'), 'twice'),
    'route of nobody': (route('family', 'nobody'), 'family is no provider'),
    'route on a port of IMAP': (route('port', 993), 'port is none of SMTP'),
    'route without a login to a host': (route('login', False), 'without a login it goes to the MX'),
    'unknown key': (change(0, 'colour', 'blue'), 'keys differ'),
    'unknown word': (change(0, 'endpoints', 0, 'expectation', 'maybe'), 'expectation'),
    'wrong service': (change(0, 'endpoints', 0, 'service', 'imap'), 'on this port'),
    'port of nobody': (change(0, 'endpoints', 0, 'port', 588), 'port 588'),
    'no source': (change(0, 'endpoints', 0, 'source', ''), 'source'),
    'host with a blank': (change(0, 'endpoints', 0, 'host', 'smtp office365.com'), 'no host name'),
    'host of nobody': (change(0, 'endpoints', 0, 'host', 'smtp.example.com'), 'host_suffixes'),
    'endpoint twice': (change(0, 'endpoints', 1, GOOD['providers'][0]['endpoints'][0]), 'twice'),
    'id twice': (change(1, 'id', 'microsoft365'), 'used twice'),
    'family of nobody': (change(0, 'family', 'nobody'), 'no provider'),
    'shared suffix': (change(1, 'mx_suffixes', ['.mx.microsoft']), 'also that of'),
    'upper case': (change(0, 'domains', ['Contoso.com']), 'no name'),
    'control character': (change(0, 'title', 'a\u0007b'), 'printable'),
    'range that is none': (change(0, 'published', 0, 'ranges', ['40.96.0.0/33']), 'does not appear'),
    'range with host bits': (change(0, 'published', 0, 'ranges', ['40.96.0.1/13']), 'host bits'),
    'range twice': (change(0, 'published', 0, 'ranges', ['40.96.0.0/13'] * 2), 'twice'),
    'list without a date': (change(0, 'published', 0, 'date', 'today'), 'YYYY-MM-DD'),
    'list without hosts': (change(0, 'published', 1, 'hosts', []), 'empty'),
    'no generic': (drop(-1), 'generic'),
    'equal keys': ('{"comment": "", "comment": "", "date": "2026-11-21", "providers": []}', 'twice'),
    'no JSON': ('{', 'Expecting'),
}


class Generator(unittest.TestCase):
    def generate(self, text):
        with tempfile.TemporaryDirectory() as folder:
            source, target = pathlib.Path(folder, 'providers.json'), pathlib.Path(folder, 'table.c')
            source.write_text(text)
            run = subprocess.run([sys.executable, GENERATOR, source, target], capture_output=True, text=True)
            return run, target.exists()

    def test_good(self):
        run, written = self.generate(json.dumps(GOOD))
        self.assertEqual((run.returncode, run.stderr, written), (0, '', True))

    def test_bad(self):
        for name, (text, words) in BAD.items():
            with self.subTest(name):
                run, written = self.generate(text)
                self.assertNotEqual(run.returncode, 0)
                self.assertIn(words, run.stderr)
                self.assertEqual(run.stderr.count('\n'), 1)
                self.assertFalse(written)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
