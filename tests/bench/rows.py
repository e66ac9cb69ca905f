"""What is measured: the programs, the words they are called with, and the fewest round trips that
their goal can be had for."""
import shutil

from ground import PASSWORD, USER

SEVEN = (25, 587, 465, 110, 995, 143, 993)
SCHEMES = {25: "smtp", 587: "smtp", 465: "smtps", 110: "pop3", 995: "pop3s", 143: "imap",
           993: "imaps"}
PLUGINS = "/usr/lib/nagios/plugins:/usr/lib/monitoring-plugins:/usr/lib64/nagios/plugins"

# Round trips that the protocols force, in order; "+" joins what needs no answer in between. Postfix
# sends a session ticket behind its Finished and, because of Nagle, the reply to EHLO only once that
# is acknowledged: every client pays for it.
FLOORS = {
    587: "DNS TCP greeting EHLO STARTTLS TLS EHLO(2:ticket) AUTH QUIT",
    993: "DNS TCP TLS greeting LOGIN EXAMINE+LOGOUT",
    995: "DNS TCP TLS greeting CAPA AUTH STAT+QUIT",
}


def floor(port):
    return sum(2 if "(2:" in word else 1 for word in FLOORS[port].split())


class Row:
    """One program with one goal. LESS: what it leaves out of that goal; "" when the work is equal."""

    def __init__(self, name, argv, less=""):
        self.name, self.words, self.less = name, argv, less
        self.ours = argv.__qualname__.startswith("maildoctor.")

    def argv(self, client, way):
        """The command line; None when the program is not installed."""
        return self.words(client, f"{way}.lab.test")


def program(name, path=None):
    return shutil.which(name, path=path or "/usr/bin:/bin:/usr/sbin:/sbin")


def maildoctor(path, port=None):
    """`check` of one port, or of all seven."""
    def words(client, host):
        if port:
            target = [f"{SCHEMES[port]}://{host}:{port}"]
        else:
            target = [host, "--ports", ",".join(map(str, SEVEN))]
        return [path, "check", *target, "--user", USER, "--password-file", client.password,
                "--ca-file", client.ca, "--no-system-ca", "--format", "json"]
    return words


def curl(port):
    """The same goal in curl's words: log in, open the mailbox, leave. It must say something after a
    login: NOOP is the cheapest for SMTP."""
    last = {587: ["-X", "NOOP"], 993: ["-X", "EXAMINE INBOX"], 995: ["-X", "STAT", "-I"]}[port]
    secure = ["--ssl-reqd"] if port == 587 else []

    def words(client, host):
        path = program("curl")
        return path and [path, "-sS", "--cacert", client.ca, "--login-options", "AUTH=PLAIN",
                         "--sasl-ir", "-u", f"{USER}:{PASSWORD}", *secure, *last,
                         f"{SCHEMES[port]}://{host}:{port}/"]
    return words


def gnutls_cli(port):
    starttls = ["--starttls-proto=smtp"] if port == 587 else []

    def words(client, host):
        path = program("gnutls-cli")
        return path and [path, f"--x509cafile={client.ca}", *starttls, "-p", port, host]
    return words


def swaks(client, host):
    path = program("swaks")
    return path and [path, "--server", host, "--port", "587", "--tls", "--tls-verify",
                     "--tls-ca-path", client.ca, "--auth", "PLAIN", "--auth-user", USER,
                     "--auth-password", PASSWORD, "--quit-after", "AUTH"]


def check_smtp(_, host):
    path = program("check_smtp", PLUGINS)
    return path and [path, "-H", host, "-p", "587", "-S", "-A", "LOGIN", "-U", USER, "-P", PASSWORD]


def plugin(name):
    def words(_, host):
        path = program(name, PLUGINS)
        return path and [path, "-H", host]
    return words


def single_groups(path):
    """(port, title, rows), ours first."""
    return [
        (587, "587 with login: STARTTLS, AUTH, QUIT", [
            Row("maildoctor", maildoctor(path, 587)),
            Row("curl", curl(587)),
            Row("check_smtp -S -A LOGIN", check_smtp, "no verification"),
            Row("swaks --auth PLAIN", swaks),
            Row("gnutls-cli --starttls-proto", gnutls_cli(587), "no login"),
        ]),
        (993, "993 with login: EXAMINE INBOX, LOGOUT", [
            Row("maildoctor", maildoctor(path, 993)),
            Row("curl", curl(993)),
            Row("check_simap", plugin("check_simap"), "no verification, no login"),
            Row("gnutls-cli", gnutls_cli(993), "no login"),
        ]),
        (995, "995 with login: STAT, QUIT", [
            Row("maildoctor", maildoctor(path, 995)),
            Row("curl", curl(995)),
            Row("check_spop", plugin("check_spop"), "no verification, no login"),
            Row("gnutls-cli", gnutls_cli(995), "no login"),
        ]),
    ]


def seven_group(path):
    """The seven-port check, and each of its ports alone."""
    return [Row("all seven ports", maildoctor(path)),
            *(Row(f"{port} alone", maildoctor(path, port)) for port in SEVEN)]
