"""Real proxies beside the lab's mail servers: Microsocks, Dante and Tinyproxy, open, refusing and
with a login; and what `maildoctor check --proxy` must say through each."""
import shutil

from lab import DROPPED, GOOD, GOOD6
from player import Case

PROXY, PROXY6 = "10.77.0.80", "fd77::80"
OPEN, WITH_LOGIN, RULED = 1080, 1081, 1082              # SOCKS5
HTTP_OPEN, HTTP_RULED, HTTP_WITH_LOGIN = 3128, 3129, 3130
USER, PASSWORD = "porter", "open:sesame 7"
# Nobody answers there, so a name that is resolved all the same was resolved by the proxy.
NO_RESOLVER = f"{DROPPED[0][0]}:53"

TINYPROXY = """\
Listen {address}
Port {port}
Timeout 60
MaxClients 60
LogLevel Warning
"""
DANTE = f"""\
logoutput: stderr
internal: {PROXY} port = {RULED}
external: lo
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks block {{ from: 0.0.0.0/0 to: 0.0.0.0/0 port = 993 }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
"""


def start(lab):
    """Those that are installed; all end with the lab."""
    lab.own(PROXY)
    lab.own(PROXY6)
    listeners = []

    def serves(address, *ports):
        listeners.extend((address, port) for port in ports)

    if shutil.which("microsocks"):
        lab.daemon("microsocks", "-i", PROXY, "-p", str(OPEN))
        lab.daemon("microsocks", "-i", PROXY, "-p", str(WITH_LOGIN), "-u", USER, "-P", PASSWORD)
        lab.daemon("microsocks", "-i", PROXY6, "-p", str(OPEN))
        serves(PROXY, OPEN, WITH_LOGIN)
        serves(PROXY6, OPEN)
    if shutil.which("danted"):
        (lab.dir / "danted.conf").write_text(DANTE)
        lab.daemon("danted", "-f", lab.dir / "danted.conf")
        serves(PROXY, RULED)
    if shutil.which("tinyproxy"):
        for address, port, more in ((PROXY, HTTP_OPEN, ""), (PROXY6, HTTP_OPEN, ""),
                                    (PROXY, HTTP_RULED, "ConnectPort 443\nConnectPort 587\n"),
                                    (PROXY, HTTP_WITH_LOGIN, f"BasicAuth {USER} sesame\n")):
            conf = lab.dir / f"tinyproxy-{len(listeners)}.conf"
            conf.write_text(TINYPROXY.format(address=address, port=port) + more)
            lab.daemon("tinyproxy", "-d", "-c", conf)
            serves(address, port)
    lab.wait(listeners)


def has(name, port=None):
    where = f" at {port}" if port else ""
    return f"finding {name}{where}", lambda o: name in o.classes(port)


def lacks(name):
    return f"no finding {name}", lambda o: name not in o.classes()


def accepted(ports):
    return f"logins accepted at {ports}", lambda o: o.outcomes("accepted") == ports


def hears(words):
    return f"the proxy's words: {words}", lambda o: any(
        words in row["line"] for each in o.result["findings"] for row in each["evidence"])


VERIFIED = ("TLS verified end to end", lambda o: all(
    attempt["tls"]["verified"] for each in o.result["endpoints"]
    for attempt in each["attempts"] if attempt.get("tls")))
RESOLVED_THERE = ("no name was resolved here", lambda o: o.result["lookups"] == [])
HIDDEN = ("what the proxy hides is said", lambda o: any(
    "hop" in words for words in o.verdict["not_tested"]) and o.result["from"]["proxy"] and not any(
        each["addresses"] for each in o.result["endpoints"]))
NO_LOGIN = ("no mailbox password was sent", lambda o: not any(
    o.outcomes(word) for word in ("accepted", "judged", "unjudged")))
NO_PROXY_PASSWORD = ("the proxy's password is nowhere", lambda o: "sesame" not in o.text)
BLAMELESS = ("no word against the mail server", lambda o: all(
    name.startswith("proxy-") for name in o.classes() - {"login-held-back"}))


def through(kind, port, *more, at=PROXY):
    return ["--proxy", f"{kind}://{at}:{port}", *more]


def login(name, kind, port, password):
    """Through a proxy that wants one; PASSWORD in a file."""
    def prepare(lab, _):
        path = lab.dir / "proxy-password"
        path.write_text(password + "\n")
        path.chmod(0o600)
        return ["--ca-file", str(lab.dir / "pki/ca.pem"), "--proxy",
                f"{kind}://{name}@{PROXY}:{port}", "--proxy-password-file", str(path)]
    return prepare


PORTS = "587,993,995"
ALL_SIX = [word for port in PORTS.split(",") for word in ("--connect-to", f":{port}:[{GOOD6}]:{port}")]
SOCKS = ("microsocks",)
RULES = ("danted",)
HTTP = ("tinyproxy",)

CASES = [
    Case("SOCKS5: three ports, one login each, names resolved by the proxy",
         ["mail.lab.test", "--ports", PORTS, "--provider", "generic",
          *through("socks5", OPEN)], "ok", programs=SOCKS, below_ms=2000,
         facts=[accepted([587, 993, 995]), VERIFIED, HIDDEN]),
    Case("SOCKS5: where no name server answers here", ["mail.lab.test:993", "--resolver", NO_RESOLVER,
                                                       *through("socks5h", OPEN)],
         "ok", programs=SOCKS, facts=[accepted([993]), VERIFIED, HIDDEN, RESOLVED_THERE]),
    Case("SOCKS5: to an IPv4 address", ["mail.lab.test:993", "--connect-to", f"::{GOOD}:993",
                                        *through("socks5", OPEN)],
         "ok", programs=SOCKS, facts=[accepted([993]), VERIFIED]),
    Case("SOCKS5: to an IPv6 address", ["mail.lab.test:993", "--connect-to", f"::[{GOOD6}]:993",
                                        *through("socks5", OPEN)],
         "ok", programs=SOCKS, facts=[accepted([993]), VERIFIED]),
    Case("SOCKS5: over IPv6 to the proxy and to the server",
         ["mail.lab.test", "--ports", PORTS, *ALL_SIX,
          *through("socks5", OPEN, at=f"[{PROXY6}]")], "ok", programs=SOCKS,
         facts=[accepted([587, 993, 995]), VERIFIED, HIDDEN]),
    Case("SOCKS5 over IPv6: nothing listens behind it",
         ["mail.lab.test:993", "--connect-to", f"::[{GOOD6}]:9",
          *through("socks5", OPEN, at=f"[{PROXY6}]")], "fail", "proxy-target-failed", 2,
         programs=SOCKS, facts=[NO_LOGIN, BLAMELESS, hears("Connection refused")]),
    Case("a proxy that is not there, IPv6",
         ["mail.lab.test", "--ports", PORTS, *through("socks5", 9, at=f"[{PROXY6}]")], "fail",
         "proxy-unreachable", 2, facts=[NO_LOGIN, BLAMELESS]),
    Case("SOCKS5 with a login", ["mail.lab.test", "--ports", PORTS], "ok", programs=SOCKS,
         prepare=login(USER, "socks5", WITH_LOGIN, PASSWORD),
         facts=[accepted([587, 993, 995]), VERIFIED, HIDDEN, NO_PROXY_PASSWORD]),
    Case("SOCKS5 with the wrong login", ["mail.lab.test", "--ports", PORTS], "fail",
         "proxy-login-refused", 2, programs=SOCKS,
         prepare=login(USER, "socks5", WITH_LOGIN, "open sesame"),
         facts=[NO_LOGIN, BLAMELESS, NO_PROXY_PASSWORD, hears("login status")]),
    Case("SOCKS5 without the login it wants", ["mail.lab.test:993", *through("socks5", WITH_LOGIN)],
         "fail", "proxy-login-refused", 2, programs=SOCKS,
         facts=[NO_LOGIN, BLAMELESS, hears("no acceptable methods")]),
    Case("SOCKS5: not allowed by the proxy's rules",
         ["mail.lab.test", "--ports", "587,993", *through("socks5", RULED)], "fail",
         "proxy-refused", 2, programs=RULES,
         facts=[accepted([587]), has("proxy-refused", 993), BLAMELESS,
                hears("connection not allowed by ruleset")]),
    Case("SOCKS5: nothing listens behind it",
         ["nosubmission.lab.test", "--ports", "587,993", *through("socks5", OPEN)], "fail",
         "proxy-target-failed", 2, programs=SOCKS,
         facts=[accepted([993]), hears("Connection refused"), lacks("tcp-refused")]),
    Case("SOCKS5: silence behind it", ["silent.lab.test:993", *through("socks5", OPEN)], "fail",
         "proxy-target-failed", 2, programs=SOCKS, below_ms=13000, beside=True, log="",
         facts=[NO_LOGIN, BLAMELESS, lacks("tcp-timeout")]),
    Case("SOCKS5: a name that does not exist", ["nx.lab.test:993", *through("socks5", OPEN)], "fail",
         "proxy-target-failed", 2, programs=SOCKS,
         facts=[NO_LOGIN, BLAMELESS, RESOLVED_THERE, lacks("dns-nxdomain")]),
    Case("SOCKS5: an untrusted certificate behind it gets no password",
         ["selfsigned.lab.test:993", *through("socks5", OPEN)], "fail", "cert-untrusted", 2,
         programs=SOCKS, facts=[NO_LOGIN]),
    Case("SOCKS5: TLS spoken where STARTTLS is due",
         ["imap://mail.lab.test:993", *through("socks5", OPEN)], "fail", "protocol-mismatch", 2,
         programs=SOCKS, below_ms=7000, facts=[NO_LOGIN]),
    Case("a proxy that is not there", ["mail.lab.test", "--ports", PORTS, *through("socks5", 9)],
         "fail", "proxy-unreachable", 2, facts=[NO_LOGIN, BLAMELESS]),
    Case("a proxy whose packets are dropped",
         ["mail.lab.test:993", "--proxy", f"http://{DROPPED[0][0]}:3128"], "fail",
         "proxy-unreachable", 2, facts=[NO_LOGIN, BLAMELESS], below_ms=8000, beside=True, log=""),
    Case("a proxy whose name does not exist",
         ["mail.lab.test:993", "--proxy", "http://nx.lab.test:3128"], "fail", "proxy-unreachable", 2,
         facts=[NO_LOGIN, BLAMELESS]),
    Case("a proxy by name", ["mail.lab.test:993", "--proxy", f"socks5://proxy.lab.test:{OPEN}"],
         "ok", programs=SOCKS, facts=[accepted([993]), HIDDEN]),
    Case("a mail server in the proxy's place",
         ["mail.lab.test:993", "--proxy", f"http://{GOOD}:143"], "fail", "proxy-unusable", 2,
         facts=[NO_LOGIN, BLAMELESS, hears("* OK [CAPABILITY")]),
    Case("HTTP CONNECT: three ports, names resolved by the proxy",
         ["mail.lab.test", "--ports", PORTS, *through("http", HTTP_OPEN)], "ok", programs=HTTP,
         below_ms=2000, facts=[accepted([587, 993, 995]), VERIFIED, HIDDEN]),
    Case("HTTP CONNECT: over IPv6 to the proxy and to the server",
         ["mail.lab.test", "--ports", PORTS, *ALL_SIX,
          *through("http", HTTP_OPEN, at=f"[{PROXY6}]")], "ok", programs=HTTP,
         facts=[accepted([587, 993, 995]), VERIFIED, HIDDEN]),
    Case("HTTP CONNECT: where no name server answers here",
         ["mail.lab.test:587", "--resolver", NO_RESOLVER, *through("http", HTTP_OPEN)], "ok",
         programs=HTTP, facts=[accepted([587]), VERIFIED, RESOLVED_THERE]),
    Case("HTTP CONNECT: not allowed by the proxy's rules",
         ["mail.lab.test", "--ports", "587,993", *through("http", HTTP_RULED)], "fail",
         "proxy-refused", 2, programs=HTTP,
         facts=[accepted([587]), has("proxy-refused", 993), BLAMELESS, hears("403")]),
    Case("HTTP CONNECT with a login", ["mail.lab.test:993"], "ok", programs=HTTP,
         prepare=login(USER, "http", HTTP_WITH_LOGIN, "sesame"),
         facts=[accepted([993]), VERIFIED, NO_PROXY_PASSWORD]),
    Case("HTTP CONNECT with the wrong login", ["mail.lab.test:993"], "fail", "proxy-login-refused",
         2, programs=HTTP, prepare=login(USER, "http", HTTP_WITH_LOGIN, "sesame 2"),
         facts=[NO_LOGIN, BLAMELESS, NO_PROXY_PASSWORD]),
    Case("HTTP CONNECT without the login it wants",
         ["mail.lab.test:993", *through("http", HTTP_WITH_LOGIN)], "fail", "proxy-login-refused", 2,
         programs=HTTP, facts=[NO_LOGIN, BLAMELESS, hears("407")]),
    Case("HTTP CONNECT: nothing listens behind it",
         ["nosubmission.lab.test", "--ports", "587,993", *through("http", HTTP_OPEN)], "fail",
         "proxy-target-failed", 2, programs=HTTP, facts=[accepted([993]), BLAMELESS]),
    Case("HTTP CONNECT: silence behind it for one port",
         ["no587.lab.test", "--ports", "587,993", *through("http", HTTP_OPEN)], "fail",
         "proxy-target-failed", 2, programs=HTTP, below_ms=13000,
         facts=[accepted([993]), BLAMELESS]),
]
