"""Cyrus IMAP as a second IMAP and POP3 server: it keeps passwords, folders and locks in ways of its own.

Debian does not let its packages stand beside Dovecot's, so they are only unpacked, with the libraries that the machine
lacks, into a folder of the test, and run from there."""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading

import exercise
import oauth
from lab import HOSTS, PASSWORD, USER, LabError, command
from player import Case

HOST = "cyrus.lab.test"
ADDRESS = HOSTS["cyrus"][0][0]
PORTS = (143, 993, 110, 995)
OLD = 9993  # IMAP in TLS 1.2: the only one whose channel binding Cyrus knows; and as Debian has it, without OAuth
PACKAGES = ("cyrus-imapd", "cyrus-pop3d", "cyrus-common", "sasl2-bin", "libsasl2-modules", "libsasl2-modules-db",
            "libsasl2-dev")
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")
BOUND = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS")

IMAPD = """\
configdirectory: {dir}/conf
partition-default: {dir}/spool
cyrus_user: mail
cyrus_group: mail
virtdomains: userid
defaultdomain: lab.test
autocreate_quota: 0
idlesocket: {dir}/conf/idle
lmtpsocket: {dir}/conf/lmtp
notifysocket: {dir}/conf/notify
failedloginpause: 1s
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {dir}/sasldb2
sasl_mech_list: {mechanisms}
sasl_oauth_tokens: {dir}/tokens
tls_server_cert: {pki}/good.pem
tls_server_key: {dir}/good.key
tls_versions: {versions}
"""
SERVICES = """\
START {{ recover cmd="{bin}/ctl_cyrusdb -C {dir}/imapd.conf -r" }}
SERVICES {{
  imap cmd="{bin}/imapd -C {dir}/imapd.conf" listen="{address}:143" prefork=0
  imaps cmd="{bin}/imapd -C {dir}/imapd.conf -s" listen="{address}:993" prefork=0
  pop3 cmd="{bin}/pop3d -C {dir}/imapd.conf" listen="{address}:110" prefork=0
  pop3s cmd="{bin}/pop3d -C {dir}/imapd.conf -s" listen="{address}:995" prefork=0
  old cmd="{bin}/imapd -C {dir}/old.conf -s" listen="{address}:{old}" prefork=0
}}
EVENTS {{ }}
"""
# It logs to /dev/log only, so it gets a /dev of its own, with the devices that it needs.
OWN_DEV = """\
set -e
for device in null zero random urandom; do
    : >"$0/dev/$device"
    mount --bind "/dev/$device" "$0/dev/$device"
done
mount --rbind "$0/dev" /dev
exec "$@"
"""


# -- before the namespaces, where there is a network

def needed(deb):
    """The libraries that DEB depends on and the machine lacks."""
    depends = command("dpkg-deb", "--field", deb, "Depends")
    names = {part.split("|")[0].split("(")[0].split(":")[0].strip() for part in depends.split(",")}
    for name in sorted(name for name in names if name.startswith("lib") and not name.endswith("-dev")):
        state = subprocess.run(["dpkg-query", "--show", "--showformat", "${db:Status-Status}", name],
                               capture_output=True, text=True, check=False)
        if state.stdout != "installed":
            yield name


def fetch(cache):
    """Debian's packages, unpacked at CACHE/root, unless they are there, with the mechanisms that they lack; the reason
    where that cannot be."""
    without = "" if (cache / "root/usr/include/sasl").exists() else unpack(cache)
    return without or build(cache / "root")


def build(root):
    """The mechanisms of OAuth for a server, among those of ROOT: Debian has none."""
    source = pathlib.Path(__file__).resolve().with_name("sasl_oauth.c")
    try:
        for plugins in root.glob("usr/lib/*/sasl2"):
            command("cc", "-shared", "-fPIC", "-std=c17", "-I", root / "usr/include", "-o", plugins / "liboauth.so", source)
    except (LabError, OSError) as error:
        return f"the SASL mechanisms for Cyrus IMAP could not be built: {' '.join(str(error).split())[:200]}"
    return ""


def unpack(cache):
    shutil.rmtree(cache / "root", ignore_errors=True)
    if not shutil.which("apt-get"):
        return "Cyrus IMAP is taken from Debian's packages, and there is no apt-get"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as fresh:
        asked, todo = set(), list(PACKAGES)
        try:
            while todo := [name for name in todo if name not in asked]:
                asked.update(todo)
                before = set(pathlib.Path(fresh).glob("*.deb"))
                command("apt-get", "download", "--quiet", *todo, cwd=fresh, timeout=120)
                new = set(pathlib.Path(fresh).glob("*.deb")) - before
                for deb in new:
                    command("dpkg-deb", "--extract", deb, f"{fresh}/root")
                todo = [name for deb in new for name in needed(deb)]
        except (LabError, OSError, subprocess.TimeoutExpired) as error:
            return f"Cyrus IMAP's packages could not be fetched: {' '.join(str(error).split())[:200]}"
        os.rename(f"{fresh}/root", cache / "root")
    return ""


# -- the server

class Cyrus(exercise.Server):
    """Cyrus in LAB; its state is below one folder, so that it starts again with all that it had."""
    title, host, address, session, log = "Cyrus", HOST, ADDRESS, "imapd", "cyrus.log"

    def __init__(self):
        self.dir = self.master = None

    def make(self, lab, root):
        """With the programs below ROOT, which others than its owner may not be able to reach."""
        self.dir = lab.dir / "cyrus"
        for name in ("conf/db", "conf/lock", "conf/log", "conf/proc", "conf/socket", "spool", "dev"):
            (self.dir / name).mkdir(parents=True)
        shutil.copytree(root, self.dir / "root", symlinks=True)
        shutil.copy(lab.dir / "pki/good.key", self.dir)
        (self.dir / "cyrus.conf").write_text(SERVICES.format(
            bin=self.dir / "root/usr/lib/cyrus/bin", dir=self.dir, address=ADDRESS, old=OLD))
        for name, versions, mechanisms in (("imapd.conf", "tls1_2 tls1_3", MECHANISMS + BOUND + oauth.MECHANISMS),
                                           ("old.conf", "tls1_2", MECHANISMS + BOUND)):
            (self.dir / name).write_text(IMAPD.format(dir=self.dir, pki=lab.dir / "pki", versions=versions,
                                                      mechanisms=" ".join(mechanisms)))
        (self.dir / "tokens").write_text(f"{oauth.USER} {(lab.dir / 'token-good').read_text().strip()}\n")
        user, _, realm = USER.partition("@")
        command(self.dir / "root/usr/sbin/saslpasswd2", "-p", "-c", "-f", self.dir / "sasldb2", "-u", realm, user,
                input=PASSWORD, env=self.environment())
        keep_log(self.dir / "dev/log", lab.dir / "log/cyrus.log")
        command("chown", "-R", "mail:mail", self.dir)
        self.start(lab)
        self.make_mailboxes((lab.dir / "token-good").read_text().strip())

    def make_mailboxes(self, token):
        """The first login of a user makes his, and whoever comes at the same moment is told to come later."""
        self.connect().logout()
        session = self.reach()
        session.authenticate("XOAUTH2", lambda _: f"user={oauth.USER}\1auth=Bearer {token}\1\1".encode())
        session.logout()

    def environment(self):
        libraries = next((self.dir / "root/usr/lib").glob("*/libcyrus.so.0")).parent
        return {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(libraries), "SASL_PATH": f"{libraries}/sasl2"}

    def start(self, lab):
        self.master = lab.daemon(
            "unshare", "--mount", "sh", "-c", OWN_DEV, self.dir, self.dir / "root/usr/lib/cyrus/bin/master",
            "-C", self.dir / "imapd.conf", "-M", self.dir / "cyrus.conf", "-p", self.dir / "master.pid",
            env=self.environment())
        lab.wait([(ADDRESS, port) for port in PORTS])

    def stop(self, lab):
        """At once, as when the power fails; its sessions would end by themselves only when they are idle."""
        self.master.kill()
        self.master.wait()
        exercise.kill("imapd", "pop3d")


def keep_log(path, log):
    """Whoever writes to the socket PATH as to /dev/log stands in LOG, a line each."""
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(str(path))

    def write():
        with open(log, "ab", buffering=0) as lines:
            while True:
                lines.write(receiver.recv(65536) + b"\n")

    threading.Thread(target=write, daemon=True).start()


CYRUS = Cyrus()


def start(lab, root):
    """From ROOT, where it was fetched; None: not at all."""
    if root:
        CYRUS.make(lab, root)


# -- the cases

ALL = ",".join(map(str, PORTS))


def accepted(ports):
    return f"logins accepted at {ports}", lambda o: o.outcomes("accepted") == sorted(ports)


def judged(count):
    return f"{count} logins were judged", lambda o: len(o.outcomes("judged")) == count


def case(name, options, *expected, **how):
    return Case(f"Cyrus: {name}", [HOST, "--ports", ALL, *options], *expected, **how)


def by(mechanism):
    return f"by {mechanism}", lambda o: {
        attempt["auth"]["mechanism"] for endpoint in o.result["endpoints"] for attempt in endpoint["attempts"]
        if attempt.get("auth", {}).get("outcome") in ("accepted", "judged")} == {mechanism}


def cases(without):
    """WITHOUT: why there is no Cyrus; empty where there is one."""
    logins = [
        case("every port, right password", ["--all-logins"], "ok", facts=[accepted(PORTS)]),
        case("every port, wrong password", ["--all-logins"], "fail", "bad-credentials", 2, password="Wrong-Cyrus-1",
             failed_logins=1, facts=[judged(1)]),
        case("an unknown user", [], "fail", "bad-credentials", 2, user="nobody@contoso.test", password="Wrong-Cyrus-2",
             failed_logins=1, facts=[judged(1)]),
        *[case(f"{name} forced", ["--all-logins", "--auth", name], "ok", facts=[accepted(PORTS), by(name)])
          for name in MECHANISMS],
        *[case(f"{name} with a wrong password", ["--auth", name], "fail", "bad-credentials", 2,
               password=f"Wrong-Cyrus-{name}", failed_logins=1, facts=[by(name)])
          for name in ("CRAM-MD5", "SCRAM-SHA-256")],
    ]
    for name in BOUND:
        old = [f"imaps://{HOST}:{OLD}", "--auth", name]
        logins += [
            Case(f"Cyrus: {name}, bound to the TLS connection", old, "ok", facts=[accepted([OLD]), by(name)]),
            Case(f"Cyrus: {name} with a wrong password", old, "fail", "bad-credentials", 2,
                 password=f"Wrong-Cyrus-{name}", failed_logins=1, facts=[by(name)]),
        ]
        logins.append(Case(f"Cyrus: {name} in TLS 1.3, whose binding it does not know", [f"{HOST}:993", "--auth", name],
                           "fail", "login-binding-refused", 2, failed_logins=1, facts=[by(name)]))
    for name in oauth.MECHANISMS:
        logins += oauth.cases(HOST, name, refused=2)
        logins.append(Case(f"Cyrus: {name} where it is not on offer", [f"imaps://{HOST}:{OLD}", "--auth", name], "fail",
                           "auth-mechanism-unavailable", 2, user=oauth.USER, password=None, prepare=oauth.token("good"),
                           facts=[("the token stayed here", lambda o: not any(
                               o.outcomes(word) for word in ("accepted", "judged", "unjudged"))), oauth.NOWHERE]))
    tried = logins + exercise.cases(CYRUS)
    for each in tried:
        each.without, each.beside = without, True  # nobody else asks this server anything
    for each in logins:
        each.log = CYRUS.log
    return tried
