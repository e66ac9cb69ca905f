"""OAuth on real servers: a second Dovecot whose passdb asks the simulated authority, over HTTPS, whether a token is good,
and Postfix, which asks that Dovecot; and what `maildoctor check` must say of good, expired and foreign tokens."""
import functools
import http.server
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import threading
import urllib.parse
import urllib.request

from lab import OAUTH
from player import PATIENCE, Case, Script

HOST = "oauth.lab.test"
USER = "ana@contoso.com"  # whose the simulated tokens are
MECHANISMS = ("XOAUTH2", "OAUTHBEARER")
OTHER = "somebody.else@contoso.com"  # who has one as well: the simulator knows one user alone
CONF = """\
protocols = imap pop3
base_dir = {dir}/dovecot-oauth/run
state_dir = {dir}/dovecot-oauth/state
instance_name = oauth
log_path = {dir}/log/dovecot-oauth.log
listen = {address}
ssl = required
ssl_cert = <{dir}/pki/good.pem
ssl_key = <{dir}/pki/good.key
auth_mechanisms = xoauth2 oauthbearer
auth_verbose = yes
auth_failure_delay = 1 secs
mail_location = maildir:{dir}/mail/%n
first_valid_uid = 8
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {dir}/dovecot-oauth.conf.ext
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {dir}/dovecot-oauth-other.conf.ext
}}
userdb {{
  driver = static
  args = uid=8 gid=8 home={dir}/mail/%n
}}
service auth {{
  unix_listener {dir}/postfix/spool/private/oauth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
PASSDB = """\
introspection_mode = post
introspection_url = {url}/introspect
username_attribute = username
active_attribute = active
active_value = true
tls_ca_cert_file = {ca}
timeout_msecs = 5000
"""


def simulate(lab, program, scenario):
    """The facts of a simulator that ends with the lab."""
    process = subprocess.Popen([program, "simulate", "--scenario", scenario, "--format", "json", "--delay-scale", "0"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    lab.daemons.append(process)
    text = ""
    while not text.endswith("\n}\n"):
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"the simulator of {scenario} ended")
        text += line
    return json.loads(text)


class OtherAuthority(http.server.BaseHTTPRequestHandler):
    """Knows one token, OTHER's."""
    token = "EwBI" + secrets.token_urlsafe(60)

    def do_POST(self):  # pylint: disable=invalid-name
        fields = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        good = fields.get("token") == [self.token]
        answer = json.dumps({"active": True, "username": OTHER} if good else {"active": False}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def start(lab, program):
    good = simulate(lab, program, "authenticated-not-connected")
    for name, facts in (("good", good), ("expired", simulate(lab, program, "oauth-token-expired"))):
        shutil.copy(facts["token_file"], lab.dir / f"token-{name}")
    (lab.dir / "token-other").write_text(OtherAuthority.token)
    (lab.dir / "token-other").chmod(0o600)
    # Dovecot asks as a user of its own, to whom the simulator's folder is closed.
    shutil.copy(good["ca_file"], lab.dir / "pki/authority.pem")
    (lab.dir / "dovecot-oauth").mkdir()
    lab.authority, lab.token_file = good["authority"].replace("127.0.0.1", "localhost"), good["token_file"]
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherAuthority)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    for name, url in (("", lab.authority), ("-other", f"http://127.0.0.1:{other.server_port}")):
        text = PASSDB.format(url=url, ca=lab.dir / "pki/authority.pem")
        (lab.dir / f"dovecot-oauth{name}.conf.ext").write_text(text)
    (lab.dir / "dovecot-oauth.conf").write_text(CONF.format(dir=lab.dir, address=OAUTH))
    lab.daemon("dovecot", "-F", "-c", lab.dir / "dovecot-oauth.conf")
    lab.wait([(OAUTH, port) for port in (993, 995, 143, 110)])


def token(name):
    def prepare(lab, _):
        return ["--ca-file", str(lab.dir / "pki/ca.pem"), "--token-file", str(lab.dir / f"token-{name}")]
    return prepare


def accepted(ports):
    return f"logins accepted at {ports}", lambda o: o.outcomes("accepted") == ports


def by(mechanism):
    return f"by {mechanism}", lambda o: {
        attempt["auth"]["mechanism"] for endpoint in o.result["endpoints"] for attempt in endpoint["attempts"]
        if attempt.get("auth", {}).get("outcome") in ("accepted", "judged", "unjudged")} == {mechanism}


NOWHERE = ("the token is nowhere", lambda o: "EwBI" not in o.text and "eyJ0eXAi" not in o.text)


def case(host, name, token_name, mechanism, *expected, user=USER, **how):
    facts = [by(mechanism), NOWHERE, *how.pop("facts", ())]
    return Case(f"OAuth: {name}, {mechanism}, {host.partition('.')[0]}", [host, "--auth", mechanism, *how.pop("options")], *expected,
                user=user, password=None, prepare=token(token_name), facts=facts, **how)


def cases(host, mechanism, *, sends=(), refused=0):
    """On HOST, which serves IMAP and POP3, and SMTP at the ports SENDS. Its log has REFUSED lines for a refusal."""
    options = ["--ports", ",".join(map(str, (*sends, 993, 995, 143)))]
    return [
        case(host, "a good token", "good", mechanism, "ok", options=options, facts=[accepted([*sends[:1], 993, 995])]),
        case(host, "an expired token", "expired", mechanism, "fail", "oauth-token-expired", 2, options=options,
             facts=[("it says so before anybody is asked", lambda o: o.result["token"]["expires"] < o.result["started"])],
             failed_logins=refused),
        case(host, "another one's login", "good", mechanism, "fail", "oauth-wrong-user", 2, user="bob@contoso.com",
             options=options, failed_logins=refused),
    ]


def round_trip(mechanism):
    return case(HOST, "a round trip with the token on both ways", "good", mechanism, "ok",
                options=["--round-trip", "--ports", "587,993"],
                facts=[("it arrived", lambda o: o.result["delivery"]["arrived"] and o.result["delivery"]["left"] == 0)])


def serve(player, directory, modules):
    """The answer of `maildoctor serve` to a probe of the only target of the module "box"."""
    with open(f"{directory}/modules.json", "w", encoding="utf-8") as file:
        json.dump({"modules": modules}, file)
    process = subprocess.Popen([player.program, "serve", "--listen", "127.0.0.1:0", "--modules", file.name],
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "XDG_STATE_HOME": directory})
    try:
        url = re.search(r"http://[0-9.:]+/", process.stderr.readline())[0]
        with urllib.request.urlopen(f"{url}probe?module=box&debug=true&target={modules['box']['targets'][0]}",
                                    timeout=PATIENCE) as answer:
            return answer.read().decode()
    finally:
        process.terminate()
        process.communicate()


def module(mechanism, lab, player):
    """A module of `serve` gets a token from the authority and logs in with it; one with a false refresh token says that."""
    wrong = []
    with tempfile.TemporaryDirectory() as directory:
        with open(f"{directory}/roots.pem", "wb") as file:
            file.write((lab.dir / "pki/ca.pem").read_bytes() + (lab.dir / "pki/authority.pem").read_bytes())
        with open(f"{directory}/false", "w", encoding="utf-8", opener=functools.partial(os.open, mode=0o600)) as file:
            file.write("a-false-refresh-token")
        way = ["--client-id", "an-app", "--authority", lab.authority, "--ca-file", file.name.replace("false", "roots.pem")]
        subprocess.run([player.program, "token", "get", "--oauth", "device", "--no-token-cache", *way, "--token-store",
                        f"{directory}/store", USER], check=True, capture_output=True, timeout=PATIENCE)
        for refresh, words, asked in (({"token-store": "store"}, "probe_success 1", True),
                                      ({"refresh-token-file": "false"}, "NO ACCESS TOKEN", False)):
            text = serve(player, directory, {"box": {"targets": [f"imaps://{HOST}"], "interval": 10, "options": {
                "oauth": "refresh", "client-id": "an-app", "tenant": "contoso.com", "authority": lab.authority,
                "ca-file": "roots.pem", "auth": mechanism, "user": USER, **refresh}}})
            if words not in text:
                wrong.append(f"{words} is not in: {text}")
            if (f"AUTHENTICATE {mechanism}" in text) != asked:
                wrong.append(f"whether it logged in: {text}")
            with open(lab.token_file, encoding="utf-8") as file:
                if file.read().strip() in text:
                    wrong.append("the token stands in the answer")
    return wrong


CASES = [Script(f"OAuth: a module of serve asks for its token, {mechanism}, oauth", functools.partial(module, mechanism))
         for mechanism in MECHANISMS]
CASES += [each for mechanism in MECHANISMS for each in (*cases(HOST, mechanism, sends=(587, 465)), round_trip(mechanism))]
