"""Cases that submit a message: what `maildoctor check --submit` must say, and what must have arrived."""
import email
import email.utils
import smtplib
import ssl
import time

from lab import PASSWORD, USER
from player import Case

# Postfix hands a message over at once; under load it may take a while.
ARRIVAL_S = 20
JOERG = "j\u00f6rg@contoso.test"
HOST = "mail.lab.test"


class Mailbox:
    """Alice's, before a case and after it. What has come meanwhile is taken away again by arrived()."""

    def __init__(self):
        self.lab = self.before = None

    def prepare(self, lab, _player):
        self.lab = lab
        self.before = self.files()
        return ["--ca-file", str(lab.dir / "pki/ca.pem")]

    def files(self):
        return {path for path in (self.lab.dir / "mail/alice").rglob("*") if path.parent.name in ("new", "cur")}

    def arrived(self, judge):
        """Exactly one message has come, and JUDGE holds of it and the outcome."""
        def holds(outcome):
            until = time.monotonic() + ARRIVAL_S
            while not (new := self.files() - self.before) and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(0.3)  # a second one would be as quick
            new = self.files() - self.before
            messages = [email.message_from_string(path.read_text("utf-8")) for path in new]
            for path in new:
                path.unlink()
            return len(messages) == 1 and judge(messages[0], outcome.result["submission"])
        return holds

    def unchanged(self, _outcome):
        time.sleep(0.5)
        return self.files() == self.before


def is_ours(sender, recipient=USER):
    def judge(message, submission):
        return (message["Message-ID"] == f"<{submission['message_id']}>" and message["From"] == f"<{sender}>"
                and message["To"] == f"<{recipient}>" and message["Auto-Submitted"] == "auto-generated"
                and f"run={submission['run_id']}" in message["X-Maildoctor"] and email.utils.parsedate_to_datetime(message["Date"])
                and message["Return-Path"] == f"<{sender}>" and submission["run_id"] in message.get_payload())
    return judge


def submitted(word, value):
    return f"submission.{word} is {value}", lambda o: o.result["submission"][word] == value


def submission(name, options, *more, target=HOST, arrives=None, more_facts=(), **how):
    mailbox = Mailbox()
    facts = [*more, *more_facts]
    if arrives:
        facts.append(("one message has arrived, as it says of itself", mailbox.arrived(arrives)))
    else:
        facts.append(("nothing has arrived", mailbox.unchanged))
    return Case(f"submission: {name}", [target, *options], prepare=mailbox.prepare, facts=facts, **how)


def came(word, holds):
    return f"delivery: {word}", lambda o: holds(o.result["delivery"])


TRIP = ["--round-trip", "--ports", "587,993"]
def spent(port):
    """One login and one sender beforehand, which use up what limited.lab.test allows in a minute."""
    def prepare(lab, _player):
        context = ssl.create_default_context(cafile=str(lab.dir / "pki/ca.pem"))
        if port == 465:
            session = smtplib.SMTP_SSL("limited.lab.test", port, context=context)
        else:
            session = smtplib.SMTP("limited.lab.test", port)
            session.starttls(context=context)
        with session:
            session.login(USER, PASSWORD)
            session.mail(USER)
        return ["--ca-file", str(lab.dir / "pki/ca.pem")]
    return prepare


def said(words, end):
    """In a command of the dialogue."""
    return f"it said {words}...{end}", lambda o: any(
        row["line"].startswith(words) and row["line"].endswith(end) for endpoint in o.result["endpoints"] for attempt in endpoint["attempts"]
        for row in attempt.get("transcript", []) if row["direction"] == "C")


NO_LOGIN = {"user": None, "password": None}
CASES = [
    submission("a message is submitted and arrives", ["--submit", "--ports", "587,993"], submitted("accepted", True),
               submitted("endpoint", "mail.lab.test:587"), status="ok", arrives=is_ours(USER)),
    submission("one message, whatever the number of ports", ["--submit", "--all-logins", "--ports", "587,465,993"],
               submitted("endpoint", "mail.lab.test:587"), status="ok", arrives=is_ours(USER)),
    submission("the documented port is closed: the other one submits", ["--submit", "--ports", "465,25"],
               submitted("endpoint", "mail.lab.test:465"), status="ok", arrives=is_ours(USER)),
    submission("only as far as the recipient", ["--rcpt-only", "--ports", "587"], submitted("accepted", False),
               submitted("recipient_taken", True), status="ok"),
    submission("send-as, refused by smtpd_sender_login_maps", ["--submit", "--from", "shared@contoso.test", "--ports", "587"],
               ("it says who may not be what", lambda o: all(address in o.verdict["meaning"] for address in
                                                            (USER, "shared@contoso.test"))),
               status="fail", verdict="send-as-denied", exit=2),
    submission("a recipient that is unknown", ["--submit", "--to", "nobody@contoso.test", "--ports", "587"],
               status="fail", verdict="recipient-rejected", exit=2),
    submission("a message that is too large", ["--submit", "--ports", "587"], target="small.lab.test",
               status="fail", verdict="message-too-large", exit=2),
    submission("mail between servers goes without a login", ["--submit", "--need", "relay"], target=USER,
               status="ok", arrives=is_ours(USER), **NO_LOGIN),
    submission("Direct Send takes the domain's MX, without a login", ["--submit", "--route", "direct-send"], target=USER,
               more_facts=[("only the MX was asked", lambda o: [e["id"] for e in o.result["endpoints"]] ==
                            ["mx.contoso.test:25"])], status="ok", arrives=is_ours(USER), **NO_LOGIN),
    submission("the route of submission takes port 587 alone", ["--submit", "--route", "submission"], target=USER,
               more_facts=[("587 alone was asked", lambda o: [e["id"] for e in o.result["endpoints"]] ==
                            ["mail.contoso.test:587"])], user=None, status="ok", arrives=is_ours(USER)),
    submission("an outside recipient is not relayed", ["--submit", "--from", USER, "--to", "bo@elsewhere.test"],
               target="smtp://mail.lab.test:25", status="fail", verdict="relay-denied", exit=2, **NO_LOGIN),
    submission("a sender with letters beyond ASCII", ["--submit", "--from", JOERG, "--ports", "587"],
               status="ok", arrives=is_ours(JOERG)),
    submission("a sender and a recipient with such letters: SMTPUTF8, 8BITMIME and SIZE", [
        "--submit", "--from", JOERG, "--to", JOERG, "--ports", "587", "--transcript"],
               said(f"MAIL FROM:<{JOERG}> SIZE=", " BODY=8BITMIME SMTPUTF8"), status="ok", arrives=is_ours(JOERG, JOERG)),
    submission("a server without SMTPUTF8 is given no such message", ["--submit", "--from", JOERG, "--to", USER],
               target="smtp://limited.lab.test:25", status="fail", verdict="international-address-unsupported", exit=2, **NO_LOGIN),
    Case("submission: a limit of messages", ["limited.lab.test:587", "--submit"], "fail", "throttled", 2, prepare=spent(587),
         facts=[submitted("accepted", False)]),
    Case("submission: a limit of logins is no wrong password", ["limited.lab.test:465", "--submit"], "fail", "throttled", 2,
         prepare=spent(465), facts=[("nothing was judged", lambda o: not o.outcomes("judged"))]),
    submission("the copy that the server keeps is removed, the message stays",
               ["--submit", "--from", "copied@contoso.test", "--ports", "587,993"],
               came("its copy alone was looked for", lambda d: d["copy_only"] and d["folder"] == "Sent" and not d["arrived"]),
               came("nothing is left", lambda d: (d["removed"], d["left"]) == (1, 0)),
               status="ok", arrives=is_ours("copied@contoso.test")),
    submission("a round trip: found, and removed again", TRIP,
               came("arrived in the inbox", lambda d: d["arrived"] and d["folder"] == "INBOX" and not d["junk"]),
               came("one server passed it on", lambda d: [p["by"] for p in d["passages"]] == ["mail.lab.test"]),
               came("nothing is left", lambda d: (d["removed"], d["left"]) == (1, 0)), status="ok"),
    submission("a round trip over POP3: a later session finds it", ["--round-trip", "--ports", "587,995", "--to", "slow@contoso.test"],
               came("arrived in the inbox", lambda d: d["arrived"] and d["endpoint"] == "mail.lab.test:995" and d["found_ms"] >= 9500),
               came("nothing is left", lambda d: (d["removed"], d["left"]) == (1, 0)), status="ok"),
    submission("a bounce is found over POP3 as well", ["--round-trip", "--ports", "587,995", "--to", "bo@elsewhere.test"],
               came("it bounced", lambda d: not d["arrived"] and "mailbox is full" in d["diagnostic"]),
               came("nothing is left", lambda d: (d["removed"], d["left"]) == (1, 0)),
               status="fail", verdict="quota-exceeded", exit=2),
    *[submission(f"a message that is accepted and {what}: it did not arrive, and why is not known",
                 [*TRIP, "--from", f"{sender}@contoso.test", "--arrival", "2"], submitted("accepted", True),
                 came("looked for until the end", lambda d: not d["arrived"] and d["waited_ms"] >= 1900 and "diagnostic" not in d),
                 ("no cause is claimed", lambda o: "why is not known" in o.verdict["meaning"] and o.verdict["confidence"] != "certain"),
                 ("nothing else is blamed", lambda o: o.classes() == {"message-not-arrived"}),
                 status="warning", verdict="message-not-arrived", exit=1)
      for sender, what in (("lost", "thrown away"), ("held", "held back"))],
    submission("the mailbox is full: Dovecot's words, in Postfix' bounce", [*TRIP, "--to", "full@contoso.test"],
               came("it bounced", lambda d: not d["arrived"] and "552 5.2.2" in d["diagnostic"] and "Quota exceeded" in d["diagnostic"]),
               came("nothing is left", lambda d: (d["removed"], d["left"]) == (1, 0)),
               status="fail", verdict="quota-exceeded", exit=2),
    submission("a round trip that takes ten seconds", [*TRIP, "--to", "slow@contoso.test"],
               came("arrived after them", lambda d: d["arrived"] and d["found_ms"] >= 9500),
               came("nothing is left", lambda d: (d["removed"], d["left"]) == (1, 0)), status="ok"),
    submission("a bounce comes in its place: the verdict is its words'", [*TRIP, "--to", "bo@elsewhere.test"],
               came("it bounced", lambda d: not d["arrived"] and "mailbox is full" in d["diagnostic"]),
               came("nothing is left", lambda d: (d["removed"], d["left"]) == (1, 0)),
               status="fail", verdict="quota-exceeded", exit=2),
    submission("an encoded bounce in another message is read", [*TRIP, "--to", "bo@coded.test"],
               came("its words", lambda d: not d["arrived"] and d["diagnostic"] == "552 5.2.2 mailbox is full"),
               came("nothing is left", lambda d: (d["removed"], d["left"]) == (1, 0)),
               status="fail", verdict="quota-exceeded", exit=2),
    submission("a refused login submits nothing", ["--submit", "--ports", "587"], submitted("endpoint", None),
               status="fail", verdict="bad-credentials", exit=2, password=PASSWORD + "!", failed_logins=1, state="wrong-submit"),
]
