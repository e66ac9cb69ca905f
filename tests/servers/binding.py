"""A login bound to TLS 1.3 (RFC 9266). No mail server of Debian knows tls-exporter: so OpenSSL serves TLS and tells what
both ends of a connection have in common, and a few lines of IMAP and SCRAM (RFC 5802) hold the login against it."""
import base64
import functools
import hashlib
import hmac
import re
import subprocess
import threading

from lab import BINDING, PASSWORD, USER
from player import Case, Script

HOST = "binding.lab.test"
HASHES = {"SCRAM-SHA-256-PLUS": "sha256", "SCRAM-SHA-1-PLUS": "sha1"}
HEADER = b"p=tls-exporter,,"
SALT, ROUNDS = b"salt of the lab", 4096


class Server:
    """One connection: IMAP with MECHANISM, behind OpenSSL. With FOREIGN it has another connection in mind."""

    def __init__(self, lab, mechanism, foreign):
        self.hash, self.foreign, self.common, self.bound, self.proved = HASHES[mechanism], foreign, None, None, False
        self.mechanism, self.first, self.tag = mechanism, b"", b""
        pki = lab.dir / "pki"
        self.tls = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"{BINDING}:993", "-naccept", "1", "-tls1_3", "-cert", pki / "good.pem", "-key",
             pki / "good.key", "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        while b"ACCEPT" not in self.tls.stdout.readline():
            pass
        threading.Thread(target=self.serve, daemon=True).start()

    def say(self, line):
        self.tls.stdin.write(line + b"\r\n")
        self.tls.stdin.flush()

    def serve(self):
        hear = self.in_command
        for line in self.tls.stdout:
            line = line.rstrip(b"\r\n")
            if found := re.match(rb" *Keying material: ([0-9A-F]{64})$", line):
                self.common = bytes.fromhex(found[1].decode())
                self.say(f"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH={self.mechanism}] ready".encode())
            elif self.common:
                hear = hear(line)

    def in_command(self, line):
        words = line.split()
        if len(words) < 2 or not re.fullmatch(rb"a[0-9]+", words[0]):
            return self.in_command  # OpenSSL's own
        self.tag = words[0]
        if words[1] == b"AUTHENTICATE":
            return self.begin(base64.b64decode(words[3]))
        self.say({b"EXAMINE": b"* 0 EXISTS", b"LOGOUT": b"* BYE"}.get(words[1], b"* CAPABILITY IMAP4rev1"))
        self.say(self.tag + b" OK done")
        return self.in_command

    def begin(self, said):
        bare = said.removeprefix(HEADER)
        nonce = dict(field.split(b"=", 1) for field in bare.split(b","))[b"r"] + b"server"
        answer = b"r=%s,s=%s,i=%d" % (nonce, base64.b64encode(SALT), ROUNDS)
        self.first = bare + b"," + answer
        self.say(b"+ " + base64.b64encode(answer))
        return self.prove

    def prove(self, line):
        said = base64.b64decode(line)
        without, _, proof = said.rpartition(b",p=")
        self.bound = base64.b64decode(said.split(b",")[0].removeprefix(b"c="))
        if self.bound != HEADER + (bytes(32) if self.foreign else self.common):
            self.say(b"+ " + base64.b64encode(b"e=channel-bindings-dont-match"))
            return self.refuse
        salted = hashlib.pbkdf2_hmac(self.hash, PASSWORD.encode(), SALT, ROUNDS)
        key, everything = self.mac(salted, b"Client Key"), self.first + b"," + without
        signature = self.mac(hashlib.new(self.hash, key).digest(), everything)
        self.proved = base64.b64decode(proof) == bytes(a ^ b for a, b in zip(key, signature))
        if not self.proved:
            return self.refuse(b"")
        self.say(b"+ " + base64.b64encode(b"v=" + base64.b64encode(self.mac(self.mac(salted, b"Server Key"), everything))))
        return self.accept

    def mac(self, key, text):
        return hmac.new(key, text, self.hash).digest()

    def accept(self, _line):
        self.say(self.tag + b" OK done")
        return self.in_command

    def refuse(self, _line):
        self.say(self.tag + b" NO refused")
        return self.in_command


def play(mechanism, foreign, lab, player):
    server = Server(lab, mechanism, foreign)
    verdict = ("fail", "login-binding-refused", 2) if foreign else ("ok",)
    case = Case("", [f"imaps://{HOST}", "--auth", mechanism], *verdict, user=USER, state=f"binding-{mechanism}-{foreign}")
    try:
        wrong, _ = player.judge(case)
    finally:
        server.tls.kill()
        server.tls.wait()
    if server.bound != HEADER + (server.common or b"?"):
        wrong.append(f"bound to {server.bound}, and OpenSSL has {server.common}")
    if server.proved == foreign:
        wrong.append("the proof of the password")
    return wrong


CASES = [Script(f"binding: {mechanism} over TLS 1.3, {'to another connection' if foreign else 'as OpenSSL has it'}",
                functools.partial(play, mechanism, foreign))
         for mechanism in HASHES for foreign in (False, True)]
