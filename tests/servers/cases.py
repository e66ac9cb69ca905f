"""The cases: what `maildoctor check` must say of real servers in each state of health."""
import json
import subprocess

from lab import GOOD, HASHED_PASSWORD, HASHED_USER, MASTER, MASTER_PASSWORD, ODD_PASSWORD, ODD_USER, PASSWORD, SILENT, USER
from player import Case

SEVEN = "25,587,465,110,995,143,993"
ALL = sorted(map(int, SEVEN.split(",")))
LOGIN_PORTS = [port for port in ALL if port != 25]


def has(name, port=None):
    where = f" at {port}" if port else ""
    return f"finding {name}{where}", lambda o: name in o.classes(port)


def lacks(name):
    return f"no finding {name}", lambda o: name not in o.classes()


def accepted(ports):
    return f"logins accepted at {ports}", lambda o: o.outcomes("accepted") == ports


def healthy(ports):
    return f"all well at {ports}", lambda o: o.ports("ok") == ports


def one_login_a_protocol(o):
    return len(o.outcomes("accepted")) == 3


def one_judged(o):
    return len(o.outcomes("judged")) == 1


def tls_verified(o):
    return all(attempt["tls"]["verified"] for endpoint in o.result["endpoints"]
               for attempt in endpoint["attempts"])


def capabilities_kept(o):
    kept = o.endpoint(587)["attempts"][0]["capabilities"]
    return "STARTTLS" in kept["before_tls"] and any(line.startswith("AUTH ")
                                                    for line in kept["after_tls"])


def certificate_problem(word):
    def holds(o):
        return all(word in attempt["tls"]["problems"] for endpoint in o.result["endpoints"]
                   for attempt in endpoint["attempts"] if attempt.get("tls"))
    return f"every handshake: {word}", holds


NO_SECRET_SENT = ("no secret was sent", lambda o: not any(
    o.outcomes(word) for word in ("accepted", "judged", "unjudged")))
LOGIN_UNTESTED = ("it says that the login was not tested",
                  lambda o: set(o.verdict["needs"].values()) == {"untested"} and
                  any("login" in words for words in o.verdict["not_tested"]))

HEALTHY = [
    Case("all seven ports, right password", ["mail.lab.test", "--ports", SEVEN], "ok",
         below_ms=2500,
         facts=[healthy(ALL), ("one login a protocol", one_login_a_protocol),
                ("TLS verified everywhere", tls_verified),
                ("capabilities before and after TLS", capabilities_kept),
                ("sending and reading work",
                 lambda o: o.verdict["needs"] == {"send": "ok", "read": "ok"}),
                ("both families connect", lambda o: all(
                    {a["family"] for a in e["addresses"] if a["status"] == "ok"} == {4, 6}
                    for e in o.result["endpoints"]))]),
    Case("all seven ports, right password, --all-logins",
         ["mail.lab.test", "--ports", SEVEN, "--all-logins"], "ok", below_ms=2500,
         facts=[healthy(ALL), accepted(LOGIN_PORTS)]),
    Case("a bare host", ["mail.lab.test"], "ok", below_ms=2500,
         facts=[healthy(ALL), ("one login a protocol", one_login_a_protocol)]),
    Case("an address, found by SRV", [USER], "ok", user=None, below_ms=2500,
         facts=[("one login a protocol", one_login_a_protocol),
                ("the hosts are those of the SRV records",
                 lambda o: {e["host"] for e in o.result["endpoints"]
                            if not e["guessed"]} == {"mail.contoso.test"})]),
    # RFC 6186 section 6: whoever answers the question could send the login anywhere.
    Case("an address whose SRV records lead elsewhere gets no login there", ["alice@hosted.test"],
         "ok", user=None, facts=[NO_SECRET_SENT, LOGIN_UNTESTED, has("login-held-back")]),
    Case("one port", ["mail.lab.test:993"], "ok", facts=[healthy([993]), accepted([993])]),
    Case("a URL", ["pop3s://mail.lab.test"], "ok", facts=[healthy([995]), accepted([995])]),
    Case("an IPv6 address only", ["mail.lab.test", "-6", "--ports", "587,993"], "ok",
         facts=[accepted([587, 993])]),
    Case("behind a CNAME that no certificate names", ["alias.lab.test:993"], "fail",
         "cert-name-mismatch", 2, facts=[NO_SECRET_SENT]),
    Case("AUTH LOGIN forced", ["mail.lab.test", "--ports", "587,993,995", "--auth", "LOGIN"], "ok",
         facts=[accepted([587, 993, 995])]),
    Case("a password with special characters", ["mail.lab.test", "--ports", SEVEN, "--all-logins"],
         "ok", user=ODD_USER, password=ODD_PASSWORD, facts=[accepted(LOGIN_PORTS)]),
    Case("the same by IMAP LOGIN and POP3 USER over an inherited descriptor",
         ["mail.lab.test", "--ports", "587,993,995", "--auth", "LOGIN"], "ok", user=ODD_USER,
         password=ODD_PASSWORD, way="fd", facts=[accepted([587, 993, 995])]),
    *[Case(f"{name} forced", ["mail.lab.test", "--ports", "587,993,995", "--auth", name], "ok",
           facts=[accepted([587, 993, 995]),
                  ("by that mechanism", lambda o, name=name: all(
                      attempt["auth"]["mechanism"] == name for endpoint in o.result["endpoints"]
                      for attempt in endpoint["attempts"]))])
      for name in ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5")],
    *[Case(f"{name} with a wrong password", ["mail.lab.test", "--ports", "587,993,995", "--auth", name],
           "fail", "bad-credentials", 2, password=f"Wrong-{name}", failed_logins=1)
      for name in ("SCRAM-SHA-256", "CRAM-MD5")],
    Case("SCRAM for a user whose password is kept otherwise: nothing is said of it",
         ["mail.lab.test", "--ports", "587,993,995", "--auth", "SCRAM-SHA-256"], "fail", "login-refused-unseen", 2,
         user=HASHED_USER, password=HASHED_PASSWORD,
         facts=[("nothing was judged", lambda o: not o.outcomes("judged"))]),
    Case("the same user without SCRAM", ["mail.lab.test", "--ports", "587,993,995"], "ok", user=HASHED_USER,
         password=HASHED_PASSWORD, facts=[accepted([587, 993, 995])]),
    Case("PLAIN goes before them", ["mail.lab.test", "--ports", "587,993,995"], "ok",
         facts=[("PLAIN", lambda o: all(attempt["auth"]["mechanism"] == "PLAIN"
                                        for endpoint in o.result["endpoints"]
                                        for attempt in endpoint["attempts"]))]),
    Case("the mailbox of another", ["mail.lab.test", "--ports", "993,995", "--as", USER], "ok",
         user=MASTER, password=MASTER_PASSWORD,
         facts=[accepted([993, 995]),
                ("the result says whose", lambda o: o.result["target"]["mailbox"] == USER)]),
    Case("the mailbox of another, without a right to it",
         ["mail.lab.test", "--ports", "993", "--as", ODD_USER], "fail", "bad-credentials", 2,
         failed_logins=1),
    Case("the password from the environment", ["mail.lab.test", "--ports", "993"], "ok", way="env",
         facts=[accepted([993])]),
]

LOGIN = [
    Case("wrong password over seven ports", ["mail.lab.test", "--ports", SEVEN], "fail",
         "bad-credentials", 2, password="Wrong-Password-1", failed_logins=1, state="wrong",
         facts=[("one login was judged", one_judged), ("none accepted", lambda o: not
                                                       o.outcomes("accepted"))]),
    Case("the same again: held back", ["mail.lab.test", "--ports", SEVEN], "fail", "bad-credentials",
         2, password="Wrong-Password-1", failed_logins=0, state="wrong",
         facts=[has("login-held-back"), NO_SECRET_SENT]),
    Case("the same again with --all-logins: held back",
         ["mail.lab.test", "--ports", SEVEN, "--all-logins"], "fail", "bad-credentials", 2,
         password="Wrong-Password-1", failed_logins=0, state="wrong",
         facts=[has("login-held-back"), NO_SECRET_SENT]),
    Case("another password is not held back", ["mail.lab.test", "--ports", SEVEN], "ok",
         state="wrong", facts=[lacks("login-held-back")]),
    Case("wrong password with --all-logins: one try",
         ["mail.lab.test", "--ports", SEVEN, "--all-logins"], "fail", "bad-credentials", 2,
         password="Wrong-Password-2", failed_logins=1, state="wrong-all",
         facts=[("one login was judged", one_judged)]),
    Case("--retry-login tries once more", ["mail.lab.test", "--ports", SEVEN, "--retry-login"],
         "fail", "bad-credentials", 2, password="Wrong-Password-2", failed_logins=1,
         state="wrong-all", facts=[("one login was judged", one_judged)]),
    Case("unknown user", ["mail.lab.test", "--ports", SEVEN], "fail", "bad-credentials", 2,
         user="nobody@contoso.test", password="Wrong-Password-3", failed_logins=1,
         facts=[("one login was judged", one_judged)]),
    Case("no login: the way is open, and no need is called met", ["mail.lab.test", "--ports", SEVEN],
         "ok", user=None, password=None, below_ms=2500, facts=[NO_SECRET_SENT, LOGIN_UNTESTED]),
    Case("no login, one port", ["mail.lab.test:993"], "ok", user=None, password=None,
         facts=[NO_SECRET_SENT, LOGIN_UNTESTED]),
]

CONNECTION = [
    Case("a port without listener", ["nosubmission.lab.test", "--ports", "587,993"], "fail",
         "tcp-refused", 2, facts=[has("tcp-refused", 587), accepted([993])]),
    Case("a port without listener, on an address that can read",
         ["nosubmission.lab.test", "--need", "send,read"], "fail", "tcp-refused", 2,
         facts=[("reading works", lambda o: o.verdict["needs"]["read"] == "ok"),
                ("sending fails", lambda o: o.verdict["needs"]["send"] == "fail")]),
    Case("a silent path", ["silent.lab.test", "--ports", SEVEN], "fail", "tcp-timeout", 2,
         below_ms=30000, beside=True, log="",
         facts=[("every endpoint failed", lambda o: o.ports("fail") == ALL), NO_SECRET_SENT]),
    Case("one silent port", ["no587.lab.test", "--ports", "587,993"], "fail", "tcp-timeout", 2,
         facts=[has("tcp-timeout", 587), accepted([993])]),
    # Two seconds of silence are no proof yet: a dead neighbour is only told of after three.
    Case("a silent path, deadline first", ["silent.lab.test", "--ports", "993", "--deadline", "2"],
         "unknown", None, 3, below_ms=3000, complete=False),
    Case("only IPv6 dead", ["deadv6.lab.test:993"], "warning", "ipv6-broken", 1,
         facts=[("the dead address is in the result", lambda o: any(
             a["family"] == 6 and a["status"] == "fail"
             for e in o.result["endpoints"] for a in e["addresses"])), accepted([993])]),
    Case("465 of a provider that does not offer it", ["smtp.office365.com:465"], "fail",
         "port-not-offered", 2, password=None, user=None, beside=True, log="",
         facts=[lacks("tcp-timeout")]),
    Case("a provider's silent optional and absent ports hold nobody up", ["smtp.office365.com"],
         "ok", below_ms=3000,
         facts=[accepted([587]), lacks("tcp-timeout"),
                ("465 is told of as info", lambda o: o.severity("port-not-offered") == {"info"})]),
]

TLS = [
    Case("STARTTLS switched off", ["notls.lab.test", "--ports", "587,143,110"], "fail",
         "starttls-unavailable", 2,
         facts=[has("starttls-unavailable", port) for port in (587, 143, 110)] + [NO_SECRET_SENT]),
    Case("expired certificate", ["expired.lab.test", "--ports", SEVEN], "fail", "cert-expired", 2,
         facts=[certificate_problem("expired"), NO_SECRET_SENT]),
    Case("certificate not yet valid", ["future.lab.test", "--ports", "587,993"], "fail",
         "cert-not-yet-valid", 2, facts=[certificate_problem("not-activated"), NO_SECRET_SENT]),
    Case("certificate for another name", ["othername.lab.test", "--ports", SEVEN], "fail",
         "cert-name-mismatch", 2, facts=[certificate_problem("unexpected-owner"), NO_SECRET_SENT]),
    Case("self-signed certificate", ["selfsigned.lab.test", "--ports", SEVEN], "fail",
         "cert-untrusted", 2, facts=[certificate_problem("signer-not-found"), NO_SECRET_SENT]),
]

MISMATCHES = [
    Case("STARTTLS spoken on a port of implicit TLS", ["imap://mail.lab.test:993"], "fail",
         "protocol-mismatch", 2, below_ms=6000,
         facts=[("it names TLS", lambda o: "TLS" in o.text), NO_SECRET_SENT]),
    Case("implicit TLS spoken on a port of STARTTLS", ["imaps://mail.lab.test:143"], "fail",
         "protocol-mismatch", 2, below_ms=6000, facts=[NO_SECRET_SENT]),
    Case("SMTP spoken to an IMAP server", ["smtp://mail.lab.test:143"], "fail", "protocol-mismatch",
         2, below_ms=6000, facts=[NO_SECRET_SENT]),
    Case("POP3 spoken to an SMTP server, in TLS", ["pop3s://mail.lab.test:465"], "fail",
         "protocol-mismatch", 2, below_ms=6000, facts=[NO_SECRET_SENT]),
]

NAMES = [
    Case("NXDOMAIN", ["nx.lab.test:993"], "fail", "dns-nxdomain", 2, password=None,
         facts=[("rcode", lambda o: "NXDOMAIN" in o.rcodes())]),
    Case("a domain that does not exist", ["alice@nx.lab.test"], "fail", "dns-nxdomain", 2,
         user=None, password=None, facts=[("rcode", lambda o: "NXDOMAIN" in o.rcodes())]),
    Case("SERVFAIL", ["mail.broken.test:993"], "fail", "dns-servfail", 2, password=None,
         facts=[("rcode", lambda o: "SERVFAIL" in o.rcodes())]),
    Case("REFUSED", ["mail.elsewhere.test:993"], "fail", "dns-refused", 2, password=None,
         facts=[("rcode", lambda o: "REFUSED" in o.rcodes())]),
    Case("a name without address", ["nodata.lab.test:993"], "fail", "dns-no-address", 2,
         password=None, facts=[("rcode", lambda o: o.rcodes() == {"NOERROR"})]),
    Case("a resolver that does not answer", ["mail.lab.test:993", "--resolver", f"{SILENT}:53"], "fail", "dns-timeout", 2,
         password=None, below_ms=12000, beside=True, log="", facts=[("no rcode", lambda o: None in o.rcodes() and "NOERROR" not in o.rcodes())]),
    Case("a resolver that answers over TCP only", ["timeout.lost.test:993"], "warning", "dns-udp-blocked", 1,
         facts=[accepted([993])]),
    Case("--resolver, by address and port", ["mail.lab.test:993", "--resolver", f"{GOOD}:53"], "ok",
         facts=[("that server was asked", lambda o: {e["server"] for e in o.result["lookups"]
                                                     if e["source"] == "dns"} == {f"{GOOD}:53"})]),
]


class Simulated:
    """The simulated provider beside the real servers, for what those cannot be made to say."""

    def __init__(self, scenario, real):
        self.scenario, self.real = scenario, real

    def __call__(self, lab, player):
        simulator = subprocess.Popen(  # ends with the namespace
            [player.program, "simulate", "--scenario", self.scenario, "--format", "json",
             "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        lab.daemons.append(simulator)
        offer, text, decoder = None, "", json.JSONDecoder()
        while offer is None:
            line = simulator.stdout.readline()
            if not line:
                raise AssertionError("the simulator ended")
            text += line
            try:
                offer = decoder.raw_decode(text)[0]
            except ValueError:
                continue
        roots = lab.dir / "both.pem"
        with open(offer["ca_file"], encoding="ascii") as theirs:
            roots.write_text((lab.dir / "pki/ca.pem").read_text() + theirs.read())
        with open(offer["password_file"], encoding="utf-8") as secret:
            lab.set_users({offer["user"]: secret.read().rstrip("\r\n"), USER: PASSWORD})
        words = [offer["target"], "--user", offer["user"], "--password-file",
                 offer["password_file"], "--resolver", offer["resolver"], "--ca-file", str(roots)]
        for each in offer["connect_to"]:
            host, port = each.split(":")[:2]
            words += ["--connect-to", f"{host}:{port}:{GOOD}:{port}" if int(port) in self.real
                      else each]
        return words


OTHERS = [
    Case("a tenant switch on SMTP does not keep IMAP from being tried", [], "fail",
         "smtp-auth-disabled-tenant", 2, user=None, password=None,
         prepare=Simulated("smtp-auth-disabled-tenant", {143, 993, 110, 995}),
         facts=[("Dovecot accepted the login", lambda o: 993 in o.outcomes("accepted")),
                ("reading works", lambda o: o.verdict["needs"]["read"] == "ok"),
                ("sending fails", lambda o: o.verdict["needs"]["send"] == "fail")]),
]

CASES = HEALTHY + LOGIN + CONNECTION + TLS + MISMATCHES + NAMES + OTHERS
