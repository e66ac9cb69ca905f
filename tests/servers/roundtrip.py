"""Round trips to a second account: what `maildoctor check --round-trip-to` must say, and leave behind."""
import json
import signal
import subprocess
import time

import oauth
from lab import OTHER, OTHER_PASSWORD, USER
from player import Case, Script, forms

HOST = "mail.lab.test"
WRONG = OTHER_PASSWORD + "?"


def files(lab, *names):
    return {path for name in names for path in (lab.dir / "mail" / name).rglob("*") if path.parent.name in ("new", "cur")}


def take_away(lab, before):
    until = time.monotonic() + 25
    while not (new := files(lab, "bob") - before) and time.monotonic() < until:
        time.sleep(0.1)
    for path in new:
        path.unlink()
    return bool(new)


class Trip:
    """Both mailboxes, before a case and after it; the second account's secret."""

    def __init__(self, password=OTHER_PASSWORD, token=None, to_host=HOST):
        self.password, self.token, self.to_host = password, token, to_host
        self.lab = self.before = None

    def prepare(self, lab, _player):
        self.lab = lab
        self.before = self.files()
        words = ["--ca-file", str(lab.dir / "pki/ca.pem"), *(["--to-host", self.to_host] if self.to_host else [])]
        if self.token:
            return [*words, *oauth.token("good")(lab, None)[2:], "--to-token-file", str(lab.dir / f"token-{self.token}")]
        path = lab.dir / "other-password"
        path.write_text(self.password + "\n")
        path.chmod(0o600)
        return [*words, "--to-password-file", str(path)]

    def files(self):
        return files(self.lab, "alice", "bob", "ana", "somebody.else")

    def comes_later(self, _outcome):
        """What nobody waited for; taken away, so that the next case does not find it."""
        return take_away(self.lab, self.before)

    def unchanged(self, _outcome):
        time.sleep(0.3)
        return self.files() == self.before

    def silent(self, outcome):
        return not any(form in outcome.text for form in forms(self.password))


def trip(name, options, *more, to=OTHER, second=OTHER_PASSWORD, token=None, host=HOST, to_host=HOST, ports="587,993", late=False, **how):
    made = Trip(second, token, to_host)
    facts = [*more, *([("it comes later", made.comes_later)] if late else []), ("both mailboxes are as they were", made.unchanged), ("the second password is nowhere", made.silent)]
    return Case(f"round trip: {name}", [host, *(["--ports", ports] if ports else []), "--round-trip-to", to, *options],
                prepare=made.prepare, facts=facts, **how)


def came(word, holds):
    return f"delivery: {word}", lambda o: holds(o.result["delivery"])


def there(word, holds):
    return f"recipient: {word}", lambda o: holds(o.result["recipient"])


def outcomes(account):
    return sorted(attempt["auth"]["outcome"] for endpoint in account["endpoints"] for attempt in endpoint["attempts"]
                  if attempt["purpose"] == "main" and attempt.get("auth"))


ARRIVED = came("arrived in the other one's inbox",
               lambda d: d["arrived"] and d["folder"] == "INBOX" and d["account"] == OTHER and not d["junk"])
OPENED = there("its mailbox opened", lambda r: r["verdict"]["status"] == "ok" and r["verdict"]["needs"]["read"] == "ok")
APART = ("each account has its own endpoints", lambda o: o.result["target"]["user"] == USER and
         o.result["recipient"]["target"]["user"] == OTHER and o.ports("ok") == [587, 993])


def left(removed):
    return came("nothing is left", lambda d: (d["removed"], d["left"]) == (removed, 0))


def withheld(o):
    return (o.result["submission"]["withheld"] and o.result["submission"]["endpoint"] is None and
            "delivery" not in o.result and o.verdict["needs"] == {"send": "ok", "read": "ok"})


UNSENT = ("nothing was sent, and the sender's logins are good", withheld)


def said(*words):
    return f"it says {' and '.join(words)}", lambda o: all(word in json.dumps(o.verdict) for word in words)


def environment_of(lab, player, state, password):
    environment = player.environment(state)
    environment["MAILDOCTOR_TO_PASSWORD"] = password
    words = [player.program, "check", HOST, "--ports", "587,993", "--user", USER, "--password-file",
             str(lab.dir / "password"), "--no-system-ca", "--ca-file", str(lab.dir / "pki/ca.pem"), "--to-host", HOST]
    return words, environment


def refused_once(lab, player):
    """A wrong password of the second account, in two runs: the servers see it once, and the first account's is free."""
    (lab.dir / "password").write_text("correct horse battery\n")
    words, environment = environment_of(lab, player, "trip-refused", WRONG)
    before, wrong = lab.failed_logins(), []
    for number in (1, 2):
        done = subprocess.run([*words, "--round-trip-to", OTHER, "--format", "json"], env=environment, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=100, check=False)
        result = json.loads(done.stdout)
        held = {attempt.get("auth", {}).get("held_by") for endpoint in result["recipient"]["endpoints"]
                for attempt in endpoint["attempts"]}
        wrong += [error.message[:200] for error in player.validator.iter_errors(result)]
        wrong += [f"the password is in run {number}" for form in forms(WRONG) if form in done.stdout.decode()]
        if done.returncode != 1 or result["verdict"]["class"] != "recipient-mailbox-closed":
            wrong.append(f"run {number}: exit {done.returncode}, {result['verdict']}")
        if result["verdict"]["needs"] != {"send": "ok", "read": "ok"}:
            wrong.append(f"run {number} blames the first account: {result['verdict']['needs']}")
        if (number == 2) != ("refused-earlier" in held):
            wrong.append(f"run {number}: held by {held}")
    if lab.failed_logins() - before != 1:
        wrong.append(f"the servers refused {lab.failed_logins() - before} logins, not 1")
    return wrong


def interrupted(lab, player):
    """Ctrl-C while a slow message is waited for: what came meanwhile is removed, in both mailboxes."""
    (lab.dir / "password").write_text("correct horse battery\n")
    words, environment = environment_of(lab, player, "trip-interrupted", OTHER_PASSWORD)
    before = files(lab, "alice", "bob")
    process = subprocess.Popen([*words, "--round-trip-to", OTHER, "--from", "copied@contoso.test", "--to",
                                "slow-bob@contoso.test", "--format", "json"], env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 30
    while files(lab, "alice") <= before:  # the copy of what was sent
        if time.monotonic() > until:
            return ["nothing was sent"]
        time.sleep(0.05)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    result = json.loads(process.communicate(timeout=60)[0])
    wrong = [error.message[:200] for error in player.validator.iter_errors(result)]
    if result["cut_by"] != "interrupt" or result["recipient"]["cut_by"] != "interrupt":
        wrong.append(f"cut by {result['cut_by']}, {result['recipient']['cut_by']}")
    if (result["delivery"]["removed"], result["delivery"]["left"]) != (1, 0):
        wrong.append(f"delivery {result['delivery']}")
    if files(lab, "alice") - before:
        wrong.append("the copy is still there")
    take_away(lab, before)
    return wrong


CASES = [
    trip("found in the second mailbox, and removed again", [], ARRIVED, OPENED, APART, left(1),
         came("by way of one server", lambda d: [p["by"] for p in d["passages"]] == ["mail.lab.test"]), status="ok"),
    trip("the second account's server is found by its address", [], ARRIVED,
         there("at its SRV records' host", lambda r: {e["host"] for e in r["endpoints"]} == {"mail.contoso.test"}),
         left(1), to_host=None, status="ok"),
    trip("over POP3", [], came("arrived", lambda d: d["arrived"] and d["endpoint"] == "mail.lab.test:995"), left(1),
         to_host="pop3s://mail.lab.test", status="ok"),
    trip("with the copy that the sender's server keeps", ["--from", "copied@contoso.test"], ARRIVED, left(2), status="ok"),
    trip("ten seconds later", ["--to", "slow-bob@contoso.test"], ARRIVED,
         came("after them", lambda d: d["found_ms"] >= 9500), left(1), status="ok"),
    trip("a bounce comes back to the sender", ["--to", "bo@elsewhere.test"],
         came("it bounced", lambda d: not d["arrived"] and "mailbox is full" in d["diagnostic"]), left(1),
         status="fail", verdict="quota-exceeded", exit=2),
    trip("it never comes there", ["--to", USER, "--arrival", "3"],
         came("not in that mailbox", lambda d: not d["arrived"] and d["account"] == OTHER), left(1),
         status="warning", verdict="message-not-arrived", exit=1),
    trip("the second account's password is refused", [], UNSENT, said(OTHER, "did not open"),
         there("by its own verdict", lambda r: r["verdict"]["class"] == "bad-credentials" and "judged" in outcomes(r)),
         second=WRONG, failed_logins=1, status="warning", verdict="recipient-mailbox-closed", exit=1),
    trip("by Direct Send: the sender has no login at all", ["--route", "direct-send"], ARRIVED, left(1),
         ("only the MX was asked to send", lambda o: [e["id"] for e in o.result["endpoints"]] == ["mx.contoso.test:25"]),
         host=USER, ports=None, user=None, password=None, status="ok"),
    trip("the second account's server is not there", [], UNSENT, said(OTHER, "did not open"),
         there("by its own verdict", lambda r: r["verdict"]["class"] == "dns-nxdomain" and not outcomes(r)),
         to_host="nowhere.lab.test", status="warning", verdict="recipient-mailbox-closed", exit=1),
    trip("the time is up before it comes", ["--to", "slow-bob@contoso.test", "--deadline", "3", "--from", "copied@contoso.test"],
         came("not there yet", lambda d: not d["arrived"] and d["account"] == OTHER), left(1),
         ("both were cut", lambda o: o.result["cut_by"] == o.result["recipient"]["cut_by"] == "deadline"),
         late=True, status="unknown", verdict=None, exit=3, complete=False),
    Script("round trip: a refused second password is tried once", refused_once),
    Script("round trip: called off, it leaves no copy", interrupted),
    trip("tokens for both accounts", [], came("arrived", lambda d: d["arrived"] and d["account"] == oauth.OTHER),
         there("by token", lambda r: r["token"]["source"] == "--to-token-file" and "accepted" in outcomes(r)), left(1), oauth.NOWHERE,
         to=oauth.OTHER, token="other", host=oauth.HOST, to_host=oauth.HOST, user=oauth.USER, password=None, status="ok"),
]
