"""One wrong password and several runs: the servers see it once."""
import json
import subprocess
import time

from lab import USER
from player import Script


class Runs:
    """Runs that share what is remembered, and a password of their own."""

    def __init__(self, lab, player, name):
        self.lab, self.player, self.wrong = lab, player, []
        self.environment = player.environment(f"gate-{name}")
        self.password = lab.dir / f"password-{name}"
        self.password.write_text(f"Wrong-Password-{name}\n")
        self.password.chmod(0o600)
        self.before = lab.failed_logins()

    def start(self, *options):
        words = [self.player.program, "check", "mail.lab.test", "--user", USER, "--password-file", str(self.password),
                 "--no-system-ca", "--ca-file", str(self.lab.dir / "pki/ca.pem"), "--format", "json", *options]
        return subprocess.Popen(words, env=self.environment, cwd=self.lab.dir, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def take(self, process):
        result = json.loads(process.communicate(timeout=100)[0])
        errors = [error.message[:200] for error in self.player.validator.iter_errors(result)]
        self.want("the schema holds", not errors, errors)
        return result

    def refused(self):
        return self.lab.failed_logins() - self.before

    def want(self, words, holds, found=""):
        if not holds:
            self.wrong.append(f"not so: {words} {found}")


def held_by(result):
    return {attempt["auth"].get("held_by") for endpoint in result["endpoints"] for attempt in endpoint["attempts"]
            if attempt.get("auth")}


def classes(result):
    return {finding["class"] for finding in result["findings"]}


def at_once(lab, player):
    runs = Runs(lab, player, "at-once")
    started = [runs.start("--ports", ports) for ports in ("993", "587", "995", "587,993,995")]
    results = [runs.take(process) for process in started]
    runs.want("the servers refused one login", runs.refused() == 1, runs.refused())
    for result in results:
        runs.want("each tells the cause", result["verdict"]["class"] == "bad-credentials", result["verdict"])
    return runs.wrong


def right_at_once(lab, player):
    """Runs with the right password do not hold each other up for long."""
    runs = Runs(lab, player, "right")
    runs.password.write_text("correct horse battery\n")
    began = time.monotonic()
    results = [runs.take(process) for process in [runs.start("--ports", "993") for _ in range(3)]]
    runs.want("all are well", all(result["verdict"]["status"] == "ok" for result in results))
    runs.want("soon", time.monotonic() - began < 10)
    return runs.wrong


def killed(lab, player):
    """SIGKILL while the server thinks the login over: it takes a second to refuse."""
    runs = Runs(lab, player, "killed")
    process = runs.start("--ports", "993")
    marks = lab.dir / "state/gate-killed/maildoctor"
    until = time.monotonic() + 30
    while not any(path.stat().st_size for path in marks.glob("trying-*")):
        if time.monotonic() > until:
            return ["the login never began"]
        time.sleep(0.01)
    time.sleep(0.2)
    process.kill()
    process.communicate()
    result = runs.take(runs.start("--ports", "587,993"))
    time.sleep(1.5)  # the server logs what it refused when it answers
    runs.want("the servers refused one login", runs.refused() == 1, runs.refused())
    runs.want("the next run says so", held_by(result) == {"unknown-earlier"}, held_by(result))
    runs.want("and calls nothing refused", classes(result) == {"login-held-back"}, classes(result))
    runs.take(runs.start("--ports", "993", "--retry-login"))
    runs.want("--retry-login tries once more", runs.refused() == 2, runs.refused())
    return runs.wrong


CASES = [Script("gate: a wrong password in four runs at once", at_once),
         Script("gate: the right one in three runs at once", right_at_once),
         Script("gate: a run that is killed while it logs in", killed)]
