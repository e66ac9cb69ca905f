"""An authority of the tests' own, for what the simulated one does not keep: what it was sent."""
import base64
import http.server
import ssl
import subprocess
import threading
import urllib.parse


class Recorder:
    """An authority that keeps what it is sent, and gives out a token that it likes."""

    def __init__(self, box):
        self.forms, self.paths, self.headers, self.pages = [], [], [], {}
        key, certificate_file = str(box.path / 'tls-key.pem'), str(box.path / 'tls.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out',
                        certificate_file, '-subj', '/CN=localhost', '-addext',
                        'subjectAltName=IP:127.0.0.1,DNS:oauth2.googleapis.com,DNS:accounts.google.com'],
                       check=True, capture_output=True)
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers['Content-Length']))
                recorder.paths.append(self.path)
                recorder.headers.append(self.headers)
                recorder.forms.append(dict(urllib.parse.parse_qsl(body.decode())))
                self.say(recorder.status, recorder.answer, recorder.said)

            def do_GET(self):  # pylint: disable=invalid-name
                recorder.paths.append(self.path)
                recorder.headers.append(self.headers)
                page = recorder.pages.get(self.path)
                self.say(404 if page is None else 200, page or b'')

            def say(self, status, answer, said=()):
                self.send_response(status)
                for header in said:
                    self.send_header(*header)
                self.send_header('Content-Length', str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.status, self.said = 200, []
        self.answer = b'{"access_token":"opaque-token-of-the-recorder","expires_in":"3599"}'
        self.ca_file = certificate_file
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate_file, key)
        self.server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f'https://127.0.0.1:{self.server.server_port}'

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def decode(part):
    return base64.urlsafe_b64decode(part + '=' * (-len(part) % 4))
