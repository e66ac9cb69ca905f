"""The lab: Postfix, Dovecot and NSD in a network of their own.

The whole test lives in fresh network, mount and process namespaces (tests/servers/run makes them
before it comes here), so nothing listens on the machine itself, nothing of it is changed, and all
that was started ends with the test. Everything is on the loopback device, which owns the lab's
addresses; what an address is for, HOSTS tells.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pki

GOOD = "10.77.0.2"
GOOD6 = "fd77::2"
SMALL, ONE_SESSION, LIMITED, OAUTH, BINDING = "10.77.0.17", "10.77.0.18", "10.77.0.19", "10.77.0.90", "10.77.0.92"
SILENT = "10.77.0.66"

# name under lab.test: (addresses, certificate, ports that listen). A certificate of None: TLS is
# switched off.
MAIL_PORTS = (25, 587, 465, 110, 995, 143, 993)
HOSTS = {
    "mail": ((GOOD, GOOD6), "good", MAIL_PORTS),
    "expired": (("10.77.0.11",), "expired", MAIL_PORTS),
    "othername": (("10.77.0.12",), "othername", MAIL_PORTS),
    "selfsigned": (("10.77.0.13",), "selfsigned", MAIL_PORTS),
    "future": (("10.77.0.14",), "future", MAIL_PORTS),
    "notls": (("10.77.0.15",), None, (25, 587, 110, 143)),
    "nosubmission": (("10.77.0.16",), "good", (25, 110, 995, 143, 993)),
    "small": ((SMALL,), "good", (587, 993)),
    "limited": ((LIMITED,), "good", (25, 587, 465, 993)),
    "onesession": ((ONE_SESSION,), "good", (993, 995)),
    "deadv6": ((GOOD, "fd77::dead"), None, ()),
    "silent": ((SILENT,), None, ()),
    "no587": (("10.77.0.67",), "good", MAIL_PORTS),
    "proxy": (("10.77.0.80",), None, ()),
    "oauth": ((OAUTH,), "good", (587, 465)),  # and IMAP and POP3 by oauth.py
    "cyrus": (("10.77.0.91",), None, ()),  # cyrus.py
    "binding": ((BINDING,), None, ()),  # binding.py
}
# Packets to these are dropped: (address, port or None for all).
DROPPED = [(SILENT, None), ("fd77::dead", None), ("10.77.0.67", 587)]
# The names of a provider that everybody knows, in this network only: 465 and the optional ports
# are silent there, as at the real one.
PROVIDER = "10.77.0.68"
PROVIDER_PORTS = (587, 993, 995)
DROPPED += [(PROVIDER, port) for port in MAIL_PORTS if port not in PROVIDER_PORTS]

USER = "alice@contoso.test"
PASSWORD = "correct horse battery"
# The second account of a round trip.
OTHER = "bob@contoso.test"
OTHER_PASSWORD = "four other plain words"
MASTER = "master@contoso.test"
MASTER_PASSWORD = "skeleton key"
# Kept in a form that proves no SCRAM.
HASHED_USER = "hashed@contoso.test"
HASHED_PASSWORD = "kept as a hash"
HASH = "{SHA512-CRYPT}$6$maildoctor$YhZ6./aHuCP1j9RB3QmXn75VsHI9SSD07j87JBJ4gDrWQTl1VDtetUg.kSaeY/puh6iyBBuouBcQHClqmHAvr/"
ODD_USER = "odd@contoso.test"
ODD_PASSWORD = "p\u00e4ss \"w\\o:rd\" {7} 100% $HOME 'x' \u20ac"

POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {dir}/postfix/spool
data_directory = {dir}/postfix/data
command_directory = /usr/sbin
daemon_directory = {libexec}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {dir}/log/postfix.log
maillog_file_prefixes = {dir}/log
inet_interfaces = all
inet_protocols = all
myhostname = mail.lab.test
mydestination =
mynetworks = 192.0.2.1/32
alias_maps =
virtual_mailbox_domains = contoso.test, contoso.com
virtual_mailbox_maps = inline:{{ ana@contoso.com=ana/, alice@contoso.test=alice/, j\u00f6rg@contoso.test=alice/, slow@contoso.test=alice/, sent@contoso.test=alice/.Sent/, full@contoso.test=full/, bob@contoso.test=bob/, slow-bob@contoso.test=bob/, somebody.else@contoso.com=somebody.else/ }}
virtual_mailbox_base = {dir}/mail
# What goes elsewhere comes back. What is slow takes ten seconds. Dovecot has no room for what is full.
transport_maps = inline:{{ elsewhere.test=full:, coded.test=coded:, slow@contoso.test=slow:, slow-bob@contoso.test=slow:, full@contoso.test=lmtp:unix:private/dovecot-lmtp }}
# What these send is accepted, and goes nowhere.
smtpd_data_restrictions = check_sender_access inline:{{ lost@contoso.test=DISCARD, held@contoso.test=HOLD }}
# Of what this sender sends, the server keeps a copy.
sender_bcc_maps = inline:{{ copied@contoso.test=sent@contoso.test }}
# Who may send as whom.
smtpd_sender_login_maps = inline:{{ ana@contoso.com=ana@contoso.com, alice@contoso.test=alice@contoso.test, copied@contoso.test=alice@contoso.test, lost@contoso.test=alice@contoso.test, held@contoso.test=alice@contoso.test, j\u00f6rg@contoso.test=alice@contoso.test, shared@contoso.test=somebody@contoso.test }}
virtual_uid_maps = static:8
virtual_gid_maps = static:8
virtual_minimum_uid = 8
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_chain_files = {dir}/pki/good.chain
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_auth_enable = no
smtputf8_enable = yes
"""

POSTFIX_MASTER = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
slow unix - n n - - pipe user=mail argv=/bin/sh {dir}/slow.sh ${user}
full unix - n n - - pipe user=mail argv=/bin/sh {dir}/full.sh
coded unix - n n - - pipe user=mail argv=/bin/sh {dir}/coded.sh
"""
SLOW = """\
sleep 10
case $1 in slow-bob) box={dir}/mail/bob ;; *) box={dir}/mail/alice ;; esac
mkdir -p $box/tmp $box/new $box/cur
cat > $box/tmp/slow.$$ && mv $box/tmp/slow.$$ $box/new/slow.$$
"""
# A bounce of which no line can be read as it stands, and wrapped as a gateway does it.
CODED = """\
message=$(cat)
{{
printf 'From: gateway@coded.test\\nSubject: returned\\nMIME-Version: 1.0\\n'
printf 'Content-Type: multipart/mixed; boundary=out\\n\\n--out\\n'
printf 'Content-Type: multipart/report; report-type=delivery-status; boundary=in\\n\\n--in\\n'
printf 'Content-Type: text/plain\\nContent-Transfer-Encoding: base64\\n\\n'
printf 'It could not be delivered.\\n' | base64
printf -- '--in\\nContent-Type: message/delivery-status\\nContent-Transfer-Encoding: base64\\n\\n'
printf 'Reporting-MTA: dns; coded.test\\n\\nFinal-Recipient: rfc822; bo@coded.test\\nAction: failed\\n\
Diagnostic-Code: smtp; 552 5.2.2 mailbox is full\\n' | base64
printf -- '--in\\nContent-Type: text/rfc822-headers\\nContent-Transfer-Encoding: base64\\n\\n'
printf '%s\\n' "$message" | base64
printf -- '--in--\\n--out--\\n'
}} > {dir}/mail/alice/tmp/coded.$$ && mv {dir}/mail/alice/tmp/coded.$$ {dir}/mail/alice/new/coded.$$
"""

SUBMISSION = ["smtpd_sasl_auth_enable=yes", "smtpd_recipient_restrictions=permit_sasl_authenticated,reject",
              "smtpd_sender_restrictions=reject_sender_login_mismatch"]
# What only some take amiss.
SMTPD_LOCAL = {
    (SMALL, 587): ["message_size_limit=300"],
    (LIMITED, 25): ["smtputf8_enable=no"],
    (LIMITED, 587): ["smtpd_client_message_rate_limit=1"],
    (LIMITED, 465): ["smtpd_client_auth_rate_limit=1"],
    (OAUTH, 587): ["smtpd_sasl_path=private/oauth"],
    (OAUTH, 465): ["smtpd_sasl_path=private/oauth"],
}
SMTPD = {
    25: [],
    587: ["smtpd_tls_security_level=encrypt", *SUBMISSION],
    465: ["smtpd_tls_wrappermode=yes", *SUBMISSION],
}

DOVECOT = """\
protocols = imap pop3 lmtp
base_dir = {dir}/dovecot/run
state_dir = {dir}/dovecot/state
instance_name = lab
log_path = {dir}/log/dovecot.log
ssl = required
ssl_cert = <{dir}/pki/good.pem
ssl_key = <{dir}/pki/good.key
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
# Each failed login is one line of the log, whichever server asked.
auth_verbose = yes
auth_failure_delay = 1 secs
mail_location = maildir:{dir}/mail/%n
mail_uid = 8
mail_gid = 8
first_valid_uid = 8
passdb {{
  driver = passwd-file
  args = username_format=%u {dir}/users
}}
# Who may open the mailbox of another.
passdb {{
  driver = passwd-file
  args = username_format=%u {dir}/masters
  master = yes
  result_success = continue
}}
userdb {{
  driver = static
  args = uid=8 gid=8 home={dir}/mail/%n allow_all_users=yes
}}
# A mailbox that is always full.
protocol lmtp {{
  mail_plugins = quota
  postmaster_address = postmaster@contoso.test
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:bytes=1
}}
service lmtp {{
  unix_listener {dir}/postfix/spool/private/dovecot-lmtp {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
service auth {{
  unix_listener {dir}/postfix/spool/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
# Without this, each failed login makes the next one slower, and the cases would depend on their order.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

# There a POP3 session keeps others out (RFC 1939 section 4), which wait for ten seconds.
DOVECOT_LOCAL = {ONE_SESSION: "  protocol pop3 {\n    pop3_lock_session = yes\n  }\n"}

NSD = """\
server:
 ip-address: 0.0.0.0
 ip-address: ::0
 zonesdir: {dir}/nsd
 database: ""
 pidfile: {dir}/nsd/nsd.pid
 xfrdfile: {dir}/nsd/xfrd.state
 zonelistfile: {dir}/nsd/zone.list
 cookie-secret-file: ""
 logfile: {dir}/log/nsd.log
 username: ""
 server-count: 1
 rrl-ratelimit: 0
remote-control:
 control-enable: no
"""

SOA = """\
$TTL 60
@ SOA ns.lab.test. root.lab.test. 1 3600 600 86400 60
@ NS ns.lab.test.
"""

# A query whose first label is "timeout" is lost: byte 20 of a UDP datagram is its length, 7.
FIREWALL = """\
table inet lab {{
  chain in {{
    type filter hook input priority 0;
    udp dport 53 @th,160,64 0x0774696d656f7574 drop
{drops}  }}
}}
"""


class LabError(Exception):
    """The lab could not be set up: a reason to skip, or a bug of the lab."""


def command(*argv, **options):
    done = subprocess.run(argv, capture_output=True, text=True, check=False,
                          stdin=None if "input" in options else subprocess.DEVNULL, **options)
    if done.returncode:
        raise LabError(f"{' '.join(map(str, argv))}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


class Lab:
    """Started by `with Lab(dir) as lab`; DIR must be open to every user, as must its parents."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.daemons = []
        self.dovecot = None  # one of them, which can be stopped and started again

    def __enter__(self):
        try:
            for name in ("postfix/etc", "postfix/spool", "postfix/data", "dovecot", "nsd", "mail",
                         "log", "pki"):
                (self.dir / name).mkdir(parents=True)
            self.network()
            pki.make(self.dir / "pki", self.cert_names())
            self.configure_postfix()
            self.configure_dovecot()
            self.configure_nsd()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if (self.dir / "postfix/spool/pid/master.pid").exists():
            subprocess.run(["postfix", "-c", self.dir / "postfix/etc", "stop"], check=False,
                           capture_output=True)
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in self.daemons:
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    # -- the network

    def network(self):
        command("ip", "link", "set", "lo", "up")
        for addresses, _, _ in HOSTS.values():
            for address in addresses:
                self.own(address)
        self.own(PROVIDER)
        # The way everywhere else ends here, at once, and there is one for each family.
        drops = ""
        for address, port in DROPPED:
            family = "ip6" if ":" in address else "ip"
            drops += f"    {family} daddr {address} {f'tcp dport {port} ' if port else ''}drop\n"
        command("nft", "-f", "-", input=FIREWALL.format(drops=drops))
        resolv = self.dir / "resolv.conf"
        resolv.write_text("nameserver 127.0.0.1\n")
        hosts = self.dir / "hosts"
        hosts.write_text("127.0.0.1 localhost\n::1 localhost\n")
        for ours, theirs in ((resolv, "/etc/resolv.conf"), (hosts, "/etc/hosts")):
            command("mount", "--bind", ours, os.path.realpath(theirs))

    @staticmethod
    def own(address):
        words = ["nodad"] if ":" in address else []
        command("ip", "address", "replace", f"{address}/{128 if words else 32}", "dev", "lo", *words)

    def cert_names(self):
        names = [f"{name}.lab.test" for name in HOSTS]
        return names + ["mail.contoso.test", "mx.contoso.test", "smtp.office365.com", "outlook.office365.com",
                        "timeout.lost.test"]

    # -- the servers

    def postfix_services(self):
        for addresses, cert, ports in HOSTS.values():
            for address in addresses:
                yield address, cert, ports
        yield PROVIDER, "good", MAIL_PORTS

    def configure_postfix(self):
        etc = self.dir / "postfix/etc"
        libexec = next((d for d in ("/usr/lib/postfix/sbin", "/usr/libexec/postfix",
                                    "/usr/lib/postfix") if os.path.exists(d + "/master")), None)
        if not libexec:
            raise LabError("Postfix's programs were not found")
        (etc / "main.cf").write_text(POSTFIX_MAIN.format(dir=self.dir, libexec=libexec))
        master = POSTFIX_MASTER.replace("{dir}", str(self.dir))
        (self.dir / "full.sh").write_text("cat > /dev/null\necho 5.2.2 mailbox is full\nexit 69\n")
        (self.dir / "coded.sh").write_text(CODED.format(dir=self.dir))
        (self.dir / "slow.sh").write_text(SLOW.replace("{dir}", str(self.dir)))
        for address, cert, ports in self.postfix_services():
            for port in (port for port in ports if port in SMTPD):
                options = list(SMTPD[port])
                if cert is None:
                    options = [*SUBMISSION, "smtpd_tls_auth_only=no"] if port == 587 else []
                    options.append("smtpd_tls_security_level=none")
                else:
                    options.append(f"smtpd_tls_chain_files={self.dir}/pki/{cert}.chain")
                options += SMTPD_LOCAL.get((address, port), [])
                host = f"[{address}]" if ":" in address else address
                words = " ".join(f"-o {option}" for option in options)
                master += f"{host}:{port} inet n - n - - smtpd {words}\n"
        (etc / "master.cf").write_text(master)
        shutil.chown(self.dir / "postfix/data", "postfix")
        for name in ("alice/.Sent/new", "alice/.Sent/cur", "alice/.Sent/tmp"):
            (self.dir / "mail" / name).mkdir(parents=True)
        for path in (self.dir / "mail", *(self.dir / "mail").rglob("*")):
            shutil.chown(path, 8, 8)

    def configure_dovecot(self):
        text = DOVECOT.format(dir=self.dir)
        listen = {}
        for address, cert, ports in self.postfix_services():
            if any(port not in SMTPD for port in ports):
                listen[address] = cert
        text += f"listen = {', '.join(sorted(listen))}\n"
        for address, cert in listen.items():
            text += f"local {address} {{\n"
            if cert is None:
                text += "  ssl = no\n  disable_plaintext_auth = no\n"
            else:
                text += f"  ssl_cert = <{self.dir}/pki/{cert}.pem\n"
                text += f"  ssl_key = <{self.dir}/pki/{cert}.key\n"
            text += DOVECOT_LOCAL.get(address, "") + "}\n"
        (self.dir / "dovecot.conf").write_text(text)
        self.set_users({USER: PASSWORD, ODD_USER: ODD_PASSWORD})
        self.set_users({MASTER: MASTER_PASSWORD}, "masters")

    def set_users(self, users, file="users"):
        """Who may log in from now on."""
        import base64
        if file == "users":
            users = {**users, OTHER: OTHER_PASSWORD}
        lines = [f"{user}:{{PLAIN.b64}}{base64.b64encode(password.encode()).decode()}\n"
                 for user, password in users.items()]
        if file == "users":
            lines.append(f"{HASHED_USER}:{HASH}\n")
        path = self.dir / file
        path.write_text("".join(lines))
        path.chmod(0o644)

    def configure_nsd(self):
        lab = SOA + f"ns A {GOOD}\nnodata TXT \"no address here\"\nalias CNAME mail\ntimeout A {GOOD}\n"
        for name, (addresses, _, _) in HOSTS.items():
            for address in addresses:
                lab += f"{name} {'AAAA' if ':' in address else 'A'} {address}\n"
        services = "".join(f"_{service}._tcp SRV 0 1 {port} %s\n" for service, port in (
            ("submissions", 465), ("submission", 587), ("imaps", 993), ("imap", 143),
            ("pop3s", 995), ("pop3", 110)))
        contoso = SOA + f"@ MX 10 mx\nmx A {GOOD}\nmail A {GOOD}\nmail AAAA {GOOD6}\n"
        contoso += services.replace("%s", "mail")
        hosted = SOA + "@ MX 10 mx.contoso.test.\n" + services.replace("%s", "mail.lab.test.")
        provider = SOA + f"smtp A {PROVIDER}\noutlook A {PROVIDER}\n"
        timeout = SOA + f"timeout A {GOOD}\n"
        conf = NSD.format(dir=self.dir)
        for zone, text in (("lab.test", lab), ("contoso.test", contoso), ("hosted.test", hosted),
                           ("office365.com", provider), ("lost.test", timeout)):
            (self.dir / "nsd" / zone).write_text(text)
            conf += f"zone:\n name: {zone}\n zonefile: {zone}\n"
        # A configured zone that cannot be loaded is answered with SERVFAIL.
        conf += "zone:\n name: broken.test\n zonefile: missing\n"
        (self.dir / "nsd.conf").write_text(conf)

    def start(self):
        self.daemon("nsd", "-d", "-c", self.dir / "nsd.conf")
        # Postfix first: Dovecot's authentication socket lives in the queue directory it makes.
        command("postfix", "-c", self.dir / "postfix/etc", "start")
        self.dovecot = self.daemon("dovecot", "-F", "-c", self.dir / "dovecot.conf")
        self.wait([(GOOD, port) for port in (*MAIL_PORTS, 53)])

    def stop_dovecot(self):
        """With all its sessions."""
        command("doveadm", "-c", self.dir / "dovecot.conf", "stop")
        self.dovecot.wait()

    def start_dovecot(self):
        self.dovecot = self.daemon("dovecot", "-F", "-c", self.dir / "dovecot.conf")
        self.wait([(GOOD, port) for port in MAIL_PORTS])

    def daemon(self, *argv, env=None):
        log = open(self.dir / "log" / f"{argv[0]}.out", "ab")  # pylint: disable=consider-using-with
        self.daemons.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env))
        return self.daemons[-1]

    def wait(self, listeners, seconds=30):
        until = time.monotonic() + seconds
        for listener in listeners:
            while True:
                try:
                    socket.create_connection(listener, timeout=1).close()
                    break
                except OSError as error:
                    if time.monotonic() > until:
                        raise LabError(f"nothing listens on {listener[0]}:{listener[1]}: {error}; "
                                       f"{self.log_ends()}") from error
                    time.sleep(0.05)

    # -- what the servers saw

    def log_ends(self):
        return "; ".join(f"{path.name}: {path.read_text(errors='replace')[-800:]}"
                         for path in sorted((self.dir / "log").iterdir()) if path.stat().st_size)

    def failed_logins(self, log="dovecot.log"):
        """How many logins Dovecot has refused so far, its own and Postfix's, or Cyrus by its own LOG; "": nobody."""
        path = self.dir / "log" / log
        text = path.read_text(errors="replace") if path.is_file() else ""
        return sum(text.count(words) for words in ("Password mismatch", "unknown user", "badlogin: "))
