"""--exercise on real servers: everything works, and the mailbox is as it was before, whatever ends the run."""
import functools
import imaplib
import json
import os
import signal
import ssl
import subprocess
import time

from lab import GOOD, ONE_SESSION, PASSWORD, USER
from player import Script

# Long enough to be met in the middle of it.
LONG = "40"
# Dovecot says this of a POP3 login before the session asks for its lock.
WAITS = "pop3-login: Info: Login:"


def message(number):
    return (f"From: ben@contoso.test\r\nTo: {USER}\r\nSubject: letter {number}\r\nMessage-ID: <{number}@contoso.test>\r\n"
            f"\r\nNumber {number}.\r\n").encode()


class Server:
    """What is tried, and how it is stopped: Dovecot."""
    title, host, address = "", "mail.lab.test", GOOD
    session = "imap"  # the name of a process that serves IMAP
    log = "dovecot.log"  # where its refused logins stand

    def start(self, lab):
        lab.start_dovecot()

    def stop(self, lab):
        """With all its sessions."""
        lab.stop_dovecot()

    def reach(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return imaplib.IMAP4_SSL(self.address, 993, ssl_context=context)

    def connect(self):
        session = self.reach()
        session.login(USER, PASSWORD)
        return session


def furnish(session):
    """Letters in the inbox, one of them read, and a folder that only looks like one of ours."""
    for folder in ("Archive", "my-maildoctor-exercise-notes"):
        session.create(folder)
    if int(session.select("INBOX")[1][0]) == 0:
        for number in (1, 2, 3):
            session.append("INBOX", None, None, message(number))
        session.append("Archive", "\\Answered", None, message(4))
    session.select("INBOX")
    session.store("2", "+FLAGS", "\\Seen")
    session.logout()


def listing(session):
    """Every folder with every message's UID, flags and text. \\Recent is the session's own."""
    seen = {}
    for line in session.list()[1]:
        name = line.decode().rsplit(" ", 1)[1].strip('"')
        session.select(name, readonly=True)
        status, rows = session.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")
        texts = [b" ".join(row) if isinstance(row, tuple) else row for row in rows if row] if status == "OK" else []
        seen[name] = sorted(text.replace(b"\\Recent", b"").replace(b" )", b")") for text in texts)
    session.logout()
    return seen


class Trial:
    """One mailbox before, during and after."""

    def __init__(self, server, lab, player, name):
        self.server, self.lab, self.player, self.wrong = server, lab, player, []
        self.environment = player.environment(f"exercise-{server.host}-{name}")
        self.password = lab.dir / f"password-{server.host}"
        furnish(server.connect())
        self.before = self.listing()

    def listing(self):
        return listing(self.server.connect())

    def words(self, *options):
        self.password.write_text(PASSWORD + "\n")
        self.password.chmod(0o600)
        return [self.player.program, "check", self.server.host, "--user", USER, "--password-file", str(self.password), "--no-system-ca",
                "--ca-file", str(self.lab.dir / "pki/ca.pem"), "--format", "json", *options]

    def start(self, *options):
        return subprocess.Popen(self.words(*options), env=self.environment, cwd=self.lab.dir, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def take(self, process):
        out, err = process.communicate(timeout=100)
        self.want("nothing on standard error", err == b"", err)
        result = json.loads(out)
        errors = [error.message[:200] for error in self.player.validator.iter_errors(result)]
        self.want("the schema holds", not errors, errors)
        return result

    def run(self, *options):
        return self.take(self.start(*options))

    def want(self, words, holds, found=""):
        if not holds:
            self.wrong.append(f"not so: {words} {str(found)[:600]}")

    def ours(self):
        return [name for name in self.listing() if name.startswith("maildoctor-exercise-")]

    def until(self, holds):
        end = time.monotonic() + 30
        while not holds():
            if time.monotonic() > end:
                raise AssertionError("it never came to that")
            time.sleep(0.1)

    def in_the_middle(self, *options):
        """A run that keeps its connection open, and has made all its folders."""
        process = self.start("--ports", "993", "--exercise", "imap", "--exercise-hold", LONG, *options)
        self.until(lambda: len(self.ours()) == 2)
        time.sleep(0.5)
        return process

    def unchanged(self):
        after = self.listing()
        self.want("the mailbox is as it was", after == self.before, after)

    def no_record(self):
        home = self.environment["XDG_STATE_HOME"]
        left = [name for _, _, names in os.walk(home) for name in names if name.startswith("exercise-")]
        self.want("no record is left", not left, left)


def attempts(result, purpose):
    return [attempt for endpoint in result["endpoints"] for attempt in endpoint["attempts"]
            if attempt["purpose"] == purpose]


def statuses(attempt):
    return {step["name"]: step["status"] for step in attempt["steps"]}


SCRIPTS = []


def script(title):
    def wrap(function):
        SCRIPTS.append((title, function))
        return function
    return wrap


def play(server, function, lab, player):
    trial = Trial(server, lab, player, function.__name__)
    function(trial)
    return trial.wrong


def cases(server, **how):
    """All of them, on SERVER."""
    name = f" ({server.title})" if server.title else ""
    return [Script(title.replace("exercise:", f"exercise{name}:"), functools.partial(play, server, function), **how)
            for title, function in SCRIPTS]


@script("exercise: everything works, and the mailbox is as it was")
def whole(trial):
    result = trial.run("--ports", "993,995", "--exercise", "imap,pop3", "--exercise-hold", "1")
    imap, pop3 = attempts(result, "exercise")
    for attempt in attempts(result, "exercise") + attempts(result, "second-client"):
        bad = {name: status for name, status in statuses(attempt).items() if status != "ok"}
        trial.want(f"{attempt['purpose']}: every step is ok", not bad, bad)
    for name in ("CREATE", "RENAME", "APPEND", "STORE", "SEARCH text", "SEARCH header", "COPY", "FETCH change",
                 "stay open", "DELETE"):
        trial.want(f"{name} was tried", statuses(imap).get(name) == "ok")
    for name in ("UIDL", "LIST", "TOP", "RETR", "second session"):
        trial.want(f"{name} was tried", statuses(pop3).get(name) == "ok")
    trial.want("a second session is allowed", pop3["exercise"]["second_session"] == "allowed")
    trial.want("nothing is left", imap["exercise"]["left"] == [])
    trial.want("the verdict is ok", result["verdict"]["status"] == "ok", result["verdict"])
    trial.unchanged()
    trial.no_record()


@script("exercise: POP3 without IMAP")
def alone(trial):
    result = trial.run("--ports", "995", "--exercise", "pop3")
    trial.want("RETR was tried", statuses(attempts(result, "exercise")[0]).get("RETR") == "ok")
    trial.want("no message is gone", {name: len(texts) for name, texts in trial.listing().items()} ==
               {name: len(texts) for name, texts in trial.before.items()})


@script("exercise: a wrong password tries nothing")
def refused(trial):
    words = trial.words("--ports", "993", "--exercise", "imap", "--exercise-hold", "1")
    trial.password.write_text("Wrong-Password-9\n")
    before = trial.lab.failed_logins(trial.server.log)
    done = subprocess.run(words, env=trial.environment, capture_output=True, check=False, timeout=60)
    result = json.loads(done.stdout)
    trial.want("no exercise", not attempts(result, "exercise"))
    trial.want("one refused login", trial.lab.failed_logins(trial.server.log) == before + 1)
    trial.unchanged()


@script("exercise: an interrupt in the middle cleans up")
def interrupted(trial):
    process = trial.in_the_middle()
    process.send_signal(signal.SIGINT)
    result = trial.take(process)
    trial.want("cut by an interrupt", (result["complete"], result["cut_by"]) == (False, "interrupt"))
    trial.unchanged()
    trial.no_record()


@script("exercise: so does the deadline")
def late(trial):
    # Not met from outside: on a busy machine it may pass before anybody has looked.
    result = trial.run("--ports", "993", "--exercise", "imap", "--exercise-hold", LONG, "--deadline", "6")
    trial.want("cut by the deadline", (result["complete"], result["cut_by"]) == (False, "deadline"))
    trial.want("a folder had been made", statuses(attempts(result, "exercise")[0]).get("CREATE") == "ok")
    trial.unchanged()
    trial.no_record()


@script("exercise: what a killed run left, the next one removes")
def killed(trial):
    process = trial.in_the_middle()
    process.kill()
    process.communicate()
    trial.want("two folders are left", len(trial.ours()) == 2)
    result = trial.run("--ports", "993", "--exercise", "imap", "--exercise-hold", "0.5")
    swept = attempts(result, "exercise")[0]["exercise"]["swept"]
    trial.want("two were removed", len(swept) == 2, swept)
    trial.unchanged()
    trial.no_record()


@script("exercise: two runs at once leave each other alone")
def twice(trial):
    process = trial.in_the_middle()
    result = trial.run("--ports", "993", "--exercise", "imap", "--exercise-hold", "0.5")
    trial.want("nothing was removed", attempts(result, "exercise")[0]["exercise"]["swept"] == [])
    trial.want("the other's folders stand", len(trial.ours()) == 2)
    process.send_signal(signal.SIGINT)
    trial.take(process)
    trial.unchanged()


def kill(*names):
    """The processes of this namespace that are called one of NAMES."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                if comm.read().strip() in names:
                    os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass


@script("exercise: a connection that is dropped in the middle")
def dropped(trial):
    process = trial.in_the_middle()
    kill(trial.server.session)
    result = trial.take(process)
    classes = {finding["class"] for finding in result["findings"]}
    trial.want("it says so", classes == {"server-went-away"}, classes)
    trial.want("a further session cleaned up", len(attempts(result, "exercise")) == 2)
    trial.want("the verdict is a warning", result["verdict"]["status"] == "warning", result["verdict"])
    trial.unchanged()
    trial.no_record()


@script("exercise: the whole server dies in the middle")
def dead(trial):
    process = trial.in_the_middle()
    trial.server.stop(trial.lab)
    try:
        result = trial.take(process)
    finally:
        trial.server.start(trial.lab)
    classes = {finding["class"] for finding in result["findings"]}
    trial.want("it says what happened, and what is left", classes == {"server-went-away", "mailbox-left-behind"}, classes)
    trial.want("the way in was open", (result["verdict"]["status"], result["verdict"]["class"]) == ("warning", "server-went-away"),
               result["verdict"])
    trial.want("two folders are left", len(trial.ours()) == 2)
    result = trial.run("--ports", "993", "--exercise", "imap", "--exercise-hold", "0.5")
    trial.want("the next run removes them", len(attempts(result, "exercise")[0]["exercise"]["swept"]) == 2)
    trial.unchanged()
    trial.no_record()


# -- POP3, on a server that lets in one session at a time

class OneSession(Server):
    host, address = "onesession.lab.test", ONE_SESSION


def locked(trial):
    result = trial.run("--ports", "993,995", "--exercise", "pop3")
    pop3 = attempts(result, "exercise")[0]
    trial.want("it says that it is locked", pop3["exercise"].get("second_session") == "locked", pop3["exercise"])
    trial.want("the session went on", statuses(pop3).get("NOOP") == "ok", statuses(pop3))
    second, later = [each for each in attempts(result, "second-client") if "STAT" in statuses(each) or "AUTH" in statuses(each)]
    trial.want("the login beside it is not judged", second["auth"]["outcome"] == "unjudged", second["auth"])
    trial.want("the message is there later", statuses(later).get("UIDL") == "ok", statuses(later))
    trial.want("nobody is blamed", (result["findings"], result["verdict"]["status"]) == ([], "ok"), result["verdict"])
    trial.unchanged()


def waiting(trial):
    """A run whose second POP3 session waits for the first one's lock."""
    logins = trial.lab.dir / "log/dovecot.log"
    before = logins.read_text().count(WAITS)
    process = trial.start("--ports", "993,995", "--exercise", "pop3")
    trial.until(lambda: logins.read_text().count(WAITS) >= before + 3)
    return process


def interrupted_pop3(trial):
    process = waiting(trial)
    process.send_signal(signal.SIGINT)
    result = trial.take(process)
    trial.want("cut by an interrupt", (result["complete"], result["cut_by"]) == (False, "interrupt"))
    trial.want("nobody is blamed", result["findings"] == [], result["findings"])
    trial.want("the login that was out is not judged", "judged" not in
               {each["auth"]["outcome"] for each in attempts(result, "second-client")})
    # The password is not held against the next run, nor does the server still hold the lock.
    again = trial.run("--ports", "995")
    trial.want("the next run is let in", again["verdict"]["status"] == "ok", again["verdict"])
    trial.unchanged()


def dead_pop3(trial):
    process = waiting(trial)
    trial.server.stop(trial.lab)
    try:
        result = trial.take(process)
    finally:
        trial.server.start(trial.lab)
    classes = {finding["class"] for finding in result["findings"]}
    trial.want("it says what happened", classes == {"server-went-away"}, classes)
    trial.want("a warning, since it had let the run in", result["verdict"]["status"] == "warning", result["verdict"])
    again = trial.run("--ports", "995")
    trial.want("the password is not held against the next run", again["verdict"]["status"] == "ok", again["verdict"])
    trial.unchanged()


ALONE = OneSession()
POP3 = [Script(title, functools.partial(play, ALONE, function)) for title, function in (
    ("exercise: a POP3 server that lets in one session is no fault", locked),
    ("exercise: an interrupt while a second POP3 session waits", interrupted_pop3),
    ("exercise: the server dies while a second POP3 session waits", dead_pop3))]

CASES = cases(Server()) + POP3
