"""A running simulator, and Python's own mail clients led to it."""
import contextlib
import imaplib
import json
import os
import pathlib
import poplib
import smtplib
import socket
import ssl
import subprocess
import sys

PROGRAM = sys.argv[1]
PATIENCE = 10
SILENCE = 0.3


class Simulated:
    """One running simulator."""

    def __init__(self, scenario, *options):
        self.process = subprocess.Popen(
            [PROGRAM, "--scenario", scenario, "--format", "json", "--until-eof", "--delay-scale", "0", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        text = ""
        for line in self.process.stdout:
            text += line
            if line == "}\n":
                break
        self.facts = json.loads(text)
        self.places = {}
        for place in self.facts["connect_to"]:
            host, port, address = place.split(":", 2)
            address, to_port = address.rsplit(":", 1)
            self.places[int(port)] = (host, address.strip("[]"), int(to_port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(PATIENCE) == 0, "exit status"
        assert not os.path.exists(self.facts["directory"]), "the directory is still there"

    def host(self, port):
        return self.places[port][0]

    def context(self):
        return ssl.create_default_context(cafile=self.facts["ca_file"])

    def secret(self):
        return pathlib.Path(self.facts["token_file"] or self.facts["password_file"]).read_text()

    def xoauth2(self):
        return f"user={self.facts['user']}\1auth=Bearer {self.secret()}\1\1"

    def connect(self, port, timeout=PATIENCE):
        return socket.create_connection(("127.0.0.1", self.facts["ports"][str(port)]), timeout)

    def sealed(self, port, **options):
        """A TLS connection to an implicit port."""
        return self.context().wrap_socket(self.connect(port), server_hostname=options.get("name", self.host(port)))

    @contextlib.contextmanager
    def redirected(self):
        """Python's clients go where --connect-to would send them; names and checks stay."""
        places = {(host, port): (address, to_port) for port, (host, address, to_port) in self.places.items()}
        original = socket.create_connection
        socket.create_connection = lambda place, *a, **k: original(places.get(place, place), *a, **k)
        try:
            yield
        finally:
            socket.create_connection = original

    def smtp(self, port):
        with self.redirected():
            if port == 465:
                return smtplib.SMTP_SSL(self.host(port), port, timeout=PATIENCE, context=self.context())
            client = smtplib.SMTP(self.host(port), port, timeout=PATIENCE)
        client.starttls(context=self.context())
        return client

    def imap(self, port):
        with self.redirected():
            if port == 993:
                return imaplib.IMAP4_SSL(self.host(port), port, ssl_context=self.context(), timeout=PATIENCE)
            client = imaplib.IMAP4(self.host(port), port, timeout=PATIENCE)
        client.starttls(self.context())
        return client

    def pop3(self, port):
        with self.redirected():
            if port == 995:
                return poplib.POP3_SSL(self.host(port), port, timeout=PATIENCE, context=self.context())
            client = poplib.POP3(self.host(port), port, timeout=PATIENCE)
        client.stls(self.context())
        return client

    def smtp_token(self, client):
        client.ehlo_or_helo_if_needed()
        return client.auth("XOAUTH2", lambda challenge=None: self.xoauth2())

    def dig(self, name, kind, *options):
        address, port = self.facts["resolver"].rsplit(":", 1)
        return subprocess.run(["dig", f"@{address}", "-p", port, "+tries=1", "+time=1", *options, name, kind],
                              capture_output=True, text=True, check=False).stdout

    def curl(self, url, *options, stdin=None):
        places = [word for place in self.facts["connect_to"] for word in ("--connect-to", place)]
        return subprocess.run(["curl", "--silent", "--show-error", "--max-time", str(PATIENCE), "--cacert",
                               self.facts["ca_file"], *places, *options, url],
                              capture_output=True, text=True, check=False, input=stdin)


def expect(kind, action):
    """Runs ACTION, which must end in an exception of KIND, and returns that."""
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"no {kind}")


def read_line(connection):
    return connection.makefile("rb").readline()
