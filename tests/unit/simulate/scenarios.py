"""What each scenario must show to clients that the simulator's house did not write."""
import base64
import contextlib
import datetime
import email.utils
import imaplib
import poplib
import re
import smtplib
import socket
import ssl
import subprocess
import warnings

from simulated import PATIENCE, SILENCE, expect, read_line


# ---- good health ----

def healthy(sim):
    for port in (25, 587):
        client = sim.smtp(port)
        assert client.ehlo()[0] == 250
        assert client.esmtp_features["auth"].split() == ["LOGIN", "XOAUTH2"], client.esmtp_features
        assert sim.smtp_token(client)[0] == 235
        refused = client.sendmail(sim.facts["user"], ["b@example.com"], b"Subject: x\r\n\r\n.a line\r\n")
        assert refused == {}
        client.quit()
    for port in (143, 993):
        client = sim.imap(port)
        assert "LOGINDISABLED" in client.capabilities
        assert client.authenticate("XOAUTH2", lambda _: sim.xoauth2().encode())[0] == "OK"
        assert client.select("INBOX", readonly=True) == ("OK", [b"1"])
        letter = client.fetch("1", "(RFC822)")[1][0][1]
        assert letter.startswith(b"Date: ") and letter.endswith(b"\r\n"), letter
        assert client.search(None, "ALL") == ("OK", [b"1"])
        client.logout()
    for port in (110, 995):
        client = sim.pop3(port)
        assert client.capa() == {"TOP": [], "UIDL": [], "SASL": ["XOAUTH2"]}, client.capa()
        assert client._shortcmd("AUTH XOAUTH2") == b"+ "
        assert client._shortcmd(base64.b64encode(sim.xoauth2().encode()).decode()).startswith(b"+OK")
        count, size = client.stat()
        assert count == 1 and sum(len(line) + 2 for line in client.retr(1)[1]) == size
        client.quit()
    silent(sim, 465)
    healthy_greetings(sim)
    healthy_curl(sim)
    healthy_dns(sim)


def healthy_greetings(sim):
    """The names in the greetings decode to what they decode to at the real service."""
    place = re.search(rb"\[(.*)\]", read_line(sim.connect(143))).group(1)
    assert base64.b64decode(place).decode("utf-16-le").endswith(".PROD.OUTLOOK.COM")
    assert re.search(rb"\[[0-9A-F]{16}\]\r\n$", read_line(sim.connect(587)))
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{sim.facts['ports']['587']}", "-starttls",
                           "smtp", "-CAfile", sim.facts["ca_file"], "-verify_hostname", "smtp.office365.com",
                           "-servername", "smtp.office365.com"],
                          input=b"", capture_output=True, check=False).stdout
    assert b"Verification: OK" in done and b"CN = outlook.com" in done, done


def healthy_curl(sim):
    user = ["--user", sim.facts["user"] + ":", "--oauth2-bearer", sim.secret()]
    done = sim.curl("imaps://outlook.office365.com:993/INBOX;MAILINDEX=1", *user)
    assert done.returncode == 0 and "Subject:" in done.stdout, done
    done = sim.curl("smtp://smtp.office365.com:587", "--ssl-reqd", *user, "--mail-from", sim.facts["user"],
                    "--mail-rcpt", "b@example.com", "--upload-file", "-", stdin="Subject: x\r\n\r\nx\r\n")
    assert done.returncode == 0, done


def healthy_dns(sim):
    assert "contoso-com.mail.protection.outlook.com." in sim.dig("contoso.com", "MX", "+short")
    for options in ([], ["+tcp"], ["+noedns"]):
        lines = sim.dig("smtp.office365.com", "A", "+short", *options).split()
        assert lines[-1] == "127.0.0.1" and len(lines) == 2, lines
    if has_ipv6():
        assert sim.dig("outlook.office365.com", "AAAA", "+short").split()[-1] == "::1"
        socket.create_connection(("::1", sim.facts["ports"]["587"]), PATIENCE).close()
    assert "status: NXDOMAIN" in sim.dig("no.such.name", "A")
    assert "status: NOERROR" in sim.dig("contoso.com", "SRV")


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def healthy_generic(sim):
    user, password = sim.facts["user"], sim.secret()
    client = smtplib.SMTP("127.0.0.1", sim.facts["ports"]["25"], timeout=PATIENCE)
    assert "auth" not in client.esmtp_features and client.ehlo()[0] == 250 and not client.has_extn("auth")
    client.quit()
    for port in (587, 465):
        client = sim.smtp(port)
        assert client.login(user, password)[0] == 235
        assert client.sendmail(user, ["b@example.com"], b"Subject: x\r\n\r\nx\r\n") == {}
        client.quit()
    for port in (143, 993):
        client = sim.imap(port)
        assert client.login(user, password)[0] == "OK"
        assert client.select("INBOX", readonly=True) == ("OK", [b"1"])
        client.logout()
    for port in (110, 995):
        client = sim.pop3(port)
        client.user(user)
        client.pass_(password)
        assert client.stat()[0] == 1
        client.quit()
    for url in ("imap://mail.example.org:143/INBOX;MAILINDEX=1", "pop3://mail.example.org:110/1",
                "pop3s://mail.example.org:995/1"):
        done = sim.curl(url, "--ssl-reqd", "--user", f"{user}:{password}")
        assert done.returncode == 0 and "Subject:" in done.stdout, done
    assert "0 1 587 mail.example.org." in sim.dig("_submission._tcp.example.org", "SRV", "+short")


# ---- names ----

def dns_status(status):
    def check(sim):
        assert f"status: {status}" in sim.dig("mail.example.org", "A")
        assert f"status: {status}" in sim.dig("mail.example.org", "AAAA", "+tcp")
        assert sim.facts["connect_to"] == []
    return check


def dns_no_address(sim):
    for kind in ("A", "AAAA"):
        answer = sim.dig("mail.example.org", kind)
        assert "status: NOERROR" in answer and "ANSWER: 0" in answer, answer


def dns_timeout(sim):
    for options in ([], ["+tcp"]):
        assert "timed out" in sim.dig("mail.example.org", "A", *options)


def dns_truncated(sim):
    assert "flags: qr tc" in sim.dig("mail.example.org", "A", "+ignore")
    assert sim.dig("mail.example.org", "A", "+short") == "127.0.0.1\n"


def dns_udp_blocked(sim):
    assert "timed out" in sim.dig("mail.example.org", "A", "+notcp")
    assert sim.dig("mail.example.org", "A", "+tcp", "+short") == "127.0.0.1\n"


# ---- connections ----

def silent(sim, port):
    expect(socket.timeout, lambda: sim.connect(port, SILENCE))


def tcp_timeout(sim):
    for port in (25, 587):
        silent(sim, port)
    assert read_line(sim.connect(143)).startswith(b"* OK")


def tcp_refused(sim):
    expect(ConnectionRefusedError, lambda: sim.connect(587))


def tcp_reset(sim):
    expect(ConnectionResetError, lambda: sim.connect(587).recv(1))


def connection_closed(sim):
    assert sim.connect(587).recv(1) == b""


def greeting_timeout(sim):
    connection = sim.connect(587)
    connection.sendall(b"\x16\x03\x01 something\r\n")
    connection.settimeout(SILENCE)
    expect(socket.timeout, lambda: connection.recv(1))


def reply_timeout(sim):
    connection = sim.connect(587)
    assert read_line(connection).startswith(b"220 ")
    connection.sendall(b"EHLO x\r\nNOOP\r\n")
    connection.settimeout(SILENCE)
    expect(socket.timeout, lambda: connection.recv(1))


# ---- protocols ----

def mismatch_http(sim):
    connection = sim.connect(587)
    connection.sendall(b"\x16\x03\x01\x02\x00" + bytes(200))
    assert read_line(connection).startswith(b"HTTP/1.1 400 ")


def mismatch_ssh(sim):
    assert read_line(sim.connect(143)).startswith(b"SSH-2.0-")


def mismatch_tls(sim):
    connection = sim.connect(587)
    connection.settimeout(SILENCE)
    expect(socket.timeout, lambda: connection.recv(1))
    assert read_line(sim.sealed(587)).startswith(b"220 ")


def mismatch_plain(sim):
    assert read_line(sim.connect(993)).startswith(b"* OK")
    expect(ssl.SSLError, lambda: sim.sealed(993))


def mismatch_swapped(sim):
    assert read_line(sim.connect(143)).startswith(b"+OK")


def protocol_violation(sim):
    with sim.redirected():
        client = smtplib.SMTP("mail.example.org", 587, timeout=PATIENCE)
    expect((smtplib.SMTPException, AssertionError), lambda: require_ehlo(client))


def require_ehlo(client):
    assert client.ehlo()[0] == 250


def no_starttls(host, code):
    def check(sim):
        with sim.redirected():
            client = smtplib.SMTP(host, 587, timeout=PATIENCE)
        client.ehlo()
        assert not client.has_extn("starttls") and client.docmd("STARTTLS")[0] == code
    return check


def redirected(sim):
    assert read_line(sim.connect(587)).startswith(b"220 cpanel.example.net ")
    verify_code(62)(sim)


def starttls_injection(sim):
    connection = sim.connect(587)
    read_line(connection)
    connection.sendall(b"STARTTLS\r\n")
    connection.settimeout(1)
    lines = connection.recv(4096).split(b"\r\n")
    assert lines[0].startswith(b"220 ") and lines[1].startswith(b"250-"), lines


# ---- TLS ----

def verify_code(code):
    def check(sim):
        error = expect(ssl.SSLCertVerificationError, lambda: sim.sealed(993))
        assert error.verify_code == code, error
    return check


def cert_weak(sim):
    pem = ssl.get_server_certificate(("127.0.0.1", sim.facts["ports"]["993"]))
    text = subprocess.run(["openssl", "x509", "-noout", "-text"], input=pem, capture_output=True, text=True,
                          check=True).stdout
    assert "Public-Key: (1024 bit)" in text, text


def handshake_failed(sim):
    assert "handshake" in expect(ssl.SSLError, lambda: sim.sealed(993)).reason.lower()


def version_unsupported(sim):
    expect((ssl.SSLError, ConnectionResetError), lambda: sim.sealed(993))
    context = sim.context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    connection = context.wrap_socket(sim.connect(993), server_hostname="mail.example.org")
    assert connection.version() == "TLSv1", connection.version()


# ---- logins ----

def smtp_refuses(code, words, *, mechanism=None):
    def check(sim):
        client = sim.smtp(587)
        token = sim.facts["token_file"]
        action = (lambda: sim.smtp_token(client)) if token else (
            lambda: client.login(sim.facts["user"], sim.secret()))
        error = expect(smtplib.SMTPAuthenticationError, action)
        said = error.smtp_error.decode()
        assert error.smtp_code == code and words in said, error
        assert mechanism is None or mechanism in client.esmtp_features["auth"]
    return check


def token_reads_mail(sim):
    client = sim.imap(993)
    assert client.authenticate("XOAUTH2", lambda _: sim.xoauth2().encode())[0] == "OK"
    assert client.select("INBOX", readonly=True)[0] == "OK"


def token_only_reads(sim):
    smtp_refuses(535, "5.7.3 Authentication unsuccessful")(sim)
    token_reads_mail(sim)


def token_refused(sim):
    """Every protocol, in the words that it has for whatever is wrong with a token."""
    smtp_refuses(535, "5.7.3 Authentication unsuccessful")(sim)
    error = expect(imaplib.IMAP4.error,
                   lambda: sim.imap(993).authenticate("XOAUTH2", lambda _: sim.xoauth2().encode()))
    assert "AUTHENTICATE failed" in str(error), error


def token_opens_everything(sim):
    token_reads_mail(sim)
    submitted(sim)


def clock_far_away(sim):
    verify_code(10)(sim)
    stamp = re.search(rb"ready at (.*)\r\n$", read_line(sim.connect(587))).group(1).decode()
    apart = datetime.datetime.now(datetime.timezone.utc) - email.utils.parsedate_to_datetime(stamp)
    assert 39 <= apart.days <= 41, apart


def disabled_mailbox(sim):
    smtp_refuses(535, "SmtpClientAuthentication is disabled for the Mailbox")(sim)
    token_reads_mail(sim)


def basic_auth_disabled(sim):
    smtp_refuses(535, "basic authentication is disabled", mechanism="LOGIN")(sim)
    error = expect(imaplib.IMAP4.error, lambda: sim.imap(993).login(sim.facts["user"], sim.secret()))
    assert "Basic authentication is disabled." in str(error), error
    client = sim.pop3(995)
    client.user(sim.facts["user"])
    assert "Basic" in str(expect(poplib.error_proto, lambda: client.pass_(sim.secret())))


def bad_credentials_generic(sim):
    smtp_refuses(535, "5.7.8")(sim)
    error = expect(imaplib.IMAP4.error, lambda: sim.imap(993).login(sim.facts["user"], sim.secret()))
    assert "AUTHENTICATIONFAILED" in str(error), error
    client = sim.pop3(110)
    client.user(sim.facts["user"])
    expect(poplib.error_proto, lambda: client.pass_(sim.secret()))


def mechanism_unavailable(sim):
    client = sim.smtp(587)
    error = expect(smtplib.SMTPException, lambda: client.login(sim.facts["user"], sim.secret()))
    assert "No suitable authentication method" in str(error) and "GSSAPI" in client.esmtp_features["auth"], error


def not_connected(sim):
    client = sim.imap(993)
    assert client.authenticate("XOAUTH2", lambda _: sim.xoauth2().encode())[0] == "OK"
    error = expect(imaplib.IMAP4.error, lambda: client.select("INBOX", readonly=True))
    assert "authenticated but not connected" in str(error), error


def imap_switched_off(sim):
    error = expect(imaplib.IMAP4.error, lambda: sim.imap(993).login(sim.facts["user"], sim.secret()))
    assert "not enabled for IMAP use" in str(error), error


def submit(sim):
    client = sim.smtp(587)
    client.ehlo()
    if "XOAUTH2" in client.esmtp_features["auth"]:
        assert sim.smtp_token(client)[0] == 235
    else:
        client.login(sim.facts["user"], sim.secret())
    return client.sendmail("info@contoso.com", ["b@example.com"], b"Subject: x\r\n\r\nx\r\n")


def handed_over(sim):
    """To the MX host, without a login."""
    client = sim.smtp(25)
    client.ehlo()
    assert not client.has_extn("auth"), client.esmtp_features
    return client.sendmail("printer@contoso.com", ["b@example.com"], b"Subject: x\r\n\r\nx\r\n")


def mx_takes(sim):
    assert handed_over(sim) == {}
    silent(sim, 587)


def submitted(sim):
    assert submit(sim) == {}


def recipient_refused(code, start, send=submit):
    def check(sim):
        error = expect(smtplib.SMTPRecipientsRefused, lambda: send(sim))
        (found, words), = error.recipients.values()
        assert found == code and words.decode().startswith(start), error
    return check


def message_refused(code, start):
    def check(sim):
        error = expect(smtplib.SMTPResponseException, lambda: submit(sim))
        assert error.smtp_code == code and error.smtp_error.decode().startswith(start), error
    return check


def message_unanswered(sim):
    client = sim.smtp(587)
    client.ehlo()
    sim.smtp_token(client)
    client.mail(sim.facts["user"])
    client.rcpt("b@example.com")
    client.docmd("DATA")
    client.sock.settimeout(SILENCE)
    client.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
    expect(socket.timeout, lambda: client.sock.recv(1))


def login_needed(sim):
    client = sim.smtp(25)
    error = expect(smtplib.SMTPSenderRefused, lambda: client.sendmail("a@contoso.com", ["b@example.com"], b"x\r\n"))
    assert error.smtp_code == 530 and error.smtp_error.startswith(b"5.7.57 "), error


def greets_with(port, start):
    def check(sim):
        assert read_line(sim.connect(port)).startswith(start)
    return check


SCENARIOS = {
    "healthy": healthy, "healthy-generic": healthy_generic,
    "dns-nxdomain": dns_status("NXDOMAIN"), "dns-servfail": dns_status("SERVFAIL"),
    "dns-refused": dns_status("REFUSED"), "dns-no-address": dns_no_address, "dns-timeout": dns_timeout,
    "dns-truncated": dns_truncated, "dns-udp-blocked": dns_udp_blocked,
    "tcp-timeout": tcp_timeout, "tcp-refused": tcp_refused, "tcp-reset": tcp_reset,
    "connection-closed": connection_closed, "greeting-timeout": greeting_timeout, "reply-timeout": reply_timeout,
    "port-not-offered": lambda sim: silent(sim, 465),
    "protocol-mismatch-http": mismatch_http, "protocol-mismatch-ssh": mismatch_ssh,
    "protocol-mismatch-tls": mismatch_tls, "protocol-mismatch-plain": mismatch_plain,
    "protocol-mismatch-swapped": mismatch_swapped, "protocol-violation": protocol_violation,
    "starttls-unavailable": no_starttls("mail.example.org", 502),
    "middlebox-starttls": no_starttls("smtp.office365.com", 500),
    "middlebox-rewriting": greets_with(587, b"220 *****"), "middlebox-rewriting-harmless": greets_with(587, b"220 *****"),
    "captive-portal": mismatch_http, "connection-redirected": redirected, "tls-intercepted": verify_code(20), "starttls-injection": starttls_injection,
    "tls-handshake-failed": handshake_failed, "tls-version-unsupported": version_unsupported,
    "cert-expired": verify_code(10), "cert-not-yet-valid": verify_code(9), "cert-name-mismatch": verify_code(62),
    "cert-untrusted": verify_code(20), "cert-self-signed": verify_code(18), "cert-weak": cert_weak,
    "auth-mechanism-unavailable": mechanism_unavailable,
    "auth-rejected-unspecified": smtp_refuses(535, "5.7.3 Authentication unsuccessful ["),
    "basic-auth-disabled": basic_auth_disabled,
    "smtp-auth-disabled-tenant": smtp_refuses(535, "SmtpClientAuthentication is disabled for the Tenant"),
    "smtp-auth-disabled-mailbox": disabled_mailbox,
    "bad-credentials": smtp_refuses(535, "5.7.139 Authentication unsuccessful, the user credentials were incorrect."),
    "bad-credentials-generic": bad_credentials_generic,
    "account-disabled": smtp_refuses(535, "5.7.1 Your account has been suspended"),
    "account-locked": smtp_refuses(535, "account locked. Contact your administrator."),
    "auth-policy-blocked": smtp_refuses(535, "did not meet the criteria to be authenticated successfully."),
    "federation-sts-error": smtp_refuses(535, "federated STS service was unreachable."),
    "mailbox-protocol-disabled": imap_switched_off,
    "mfa-or-app-password-required": smtp_refuses(534, "5.7.9 Application-specific password required"),
    "healthy-opaque-token": token_opens_everything, "oauth-missing-scope": token_only_reads,
    "oauth-token-without-scope": token_refused, "oauth-wrong-tenant": token_refused, "oauth-wrong-user": token_refused,
    "oauth-app-not-authorized-for-mailbox": token_refused, "oauth-token-expired": token_refused,
    "oauth-wrong-audience": token_refused, "oauth-token-not-yet-valid": token_refused,
    "local-clock-wrong": clock_far_away,
    "security-defaults-blocked": smtp_refuses(535, "locked by your organization's security defaults policy."),
    "authenticated-not-connected": not_connected,
    "send-as-denied": message_refused(554, "5.2.252 SendAsDenied"),
    "send-as-denied-older": message_refused(554, "5.2.0 STOREDRV.Submission.Exception:SendAsDenied"),
    "send-as-denied-mail": message_refused(550, "5.7.60 SMTP; Client does not have permissions"),
    "send-as-denied-nested": message_refused(530, "5.7.57 Client not authenticated to send mail. Error: 550 5.7.60"),
    "submission-accepted": submitted,
    "message-too-large": message_refused(552, "5.3.4 Message size"),
    "outbound-sender-blocked": message_refused(550, "5.1.8 Access denied"),
    "policy-rejected": message_refused(550, "5.7.1 TRANSPORT.RULES"), "quota-exceeded": message_refused(554, "5.2.2 mailbox full"),
    "recipient-rejected": recipient_refused(550, "5.1.10 "), "relay-denied": recipient_refused(554, "5.7.1 <bo@example.net>"),
    "sender-rejected": message_refused(550, "5.1.8 Sender"), "sending-limit-exceeded": message_refused(550, "5.1.90 "),
    "sending-limit-exceeded-quota": message_refused(554, "5.2.2 Submission quota"),
    "sending-limit-exceeded-tenant": message_refused(550, "5.7.233 "),
    "direct-send": mx_takes, "direct-send-rejected": recipient_refused(550, "5.7.68 ", handed_over),
    "direct-send-outside": recipient_refused(550, "5.7.54 ", handed_over),
    "relay-without-connector": recipient_refused(550, "5.7.64 ", handed_over),
    "hve-outside": recipient_refused(550, "5.5.105 "), "authentication-required-to-send": login_needed,
    "message-unanswered": message_unanswered,
    "throttled-threads": message_refused(432, "4.3.2 STOREDRV.ClientSubmit"),
    "server-temporarily-unavailable": greets_with(25, b"421 4.3.2 "),
    "throttled": smtp_refuses(432, "4.3.2 Concurrent connections limit exceeded"),
    "client-ip-blocked": greets_with(25, b"554 5.7.1 "),
}
