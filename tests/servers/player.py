"""Plays cases: runs `maildoctor check` in the lab and holds its result against what is expected."""
import base64
import dataclasses
import json
import os
import queue
import shutil
import subprocess
import threading
import time
from typing import Callable, Optional

import jsonschema

import lab as lab_module

# A case may not take longer, whatever it waits for: a check's own deadline is 60 s.
PATIENCE = 75


@dataclasses.dataclass
class Case:
    """One `maildoctor check` and what must come of it."""
    name: str
    target: list                       # target and options
    status: str                        # verdict.status
    verdict: Optional[str] = None      # verdict.class
    exit: int = 0
    user: Optional[str] = lab_module.USER
    password: Optional[str] = lab_module.PASSWORD
    way: str = "file"                  # how the password is given: file, env, fd
    facts: list = dataclasses.field(default_factory=list)  # (words, function of the Outcome)
    failed_logins: int = 0             # how many the servers have refused meanwhile
    below_ms: Optional[int] = None     # the run's own duration
    complete: bool = True
    state: Optional[str] = None        # cases with the same word share what is remembered
    programs: tuple = ()                # without these it is skipped
    without: str = ""                  # why it has to be skipped; empty: it has not
    prepare: Optional[Callable] = None  # (lab, player) -> the other options, --ca-file among them
    log: str = "dovecot.log"           # where its refused logins stand; "": it comes to none
    beside: bool = False               # asks no server that others ask: may be played beside them


@dataclasses.dataclass
class Script:
    """A case that is more than one check."""
    name: str
    act: Callable                      # (lab, player) -> a list of what is wrong
    programs: tuple = ()
    without: str = ""
    beside: bool = False


class Outcome:
    """What a run left, with the questions that cases ask."""

    def __init__(self, result, text, wall_ms):
        self.result, self.text, self.wall_ms = result, text, wall_ms

    @property
    def verdict(self):
        return self.result["verdict"]

    def endpoint(self, port):
        found = [each for each in self.result["endpoints"] if each["port"] == port]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} endpoints with port {port}")
        return found[0]

    def ports(self, status):
        return sorted(each["port"] for each in self.result["endpoints"] if each["status"] == status)

    def classes(self, port=None):
        return {each["class"] for each in self.result["findings"]
                if port is None or each["endpoint"].endswith(f":{port}")}

    def severity(self, name):
        return {each["severity"] for each in self.result["findings"] if each["class"] == name}

    def outcomes(self, outcome):
        """Ports on which the login ended so."""
        return sorted(endpoint["port"] for endpoint in self.result["endpoints"]
                      for attempt in endpoint["attempts"]
                      if attempt.get("auth", {}).get("outcome") == outcome)

    def rcodes(self):
        return {each.get("rcode") for each in self.result["lookups"] if not each["beside"]}


def forms(secret):
    """SECRET and how it looks in base64, alone and behind anything else."""
    raw = secret.encode()
    yield secret
    for shift in range(3):
        # Only the groups that hold nothing but the secret.
        text = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        start = -(-shift * 8 // 6)
        whole = text[start:start + (len(raw) * 8 - (start * 6 - shift * 8)) // 6]
        if len(whole) >= 8:
            yield whole


class Player:
    def __init__(self, lab, program, schema_path):
        self.lab, self.program = lab, program
        self.validator = jsonschema.Draft202012Validator(json.loads(schema_path.read_text()))
        self.failed = 0

    # -- running

    def environment(self, state):
        home = self.lab.dir / "state" / state
        home.mkdir(parents=True, exist_ok=True)
        return {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_STATE_HOME": str(home),
                "LC_ALL": "C.UTF-8"}

    def words(self, case, number):
        """The command line, the environment, and a descriptor to hand over."""
        environment = self.environment(case.state or f"case-{number}")
        words = [self.program, "check", *case.target, "--no-system-ca"]
        if case.user:
            words += ["--user", case.user]
        if case.prepare:
            words += case.prepare(self.lab, self)
        else:
            words += ["--ca-file", str(self.lab.dir / "pki/ca.pem")]
        descriptor = None
        if case.password is not None and case.way == "env":
            environment["MAILDOCTOR_PASSWORD"] = case.password
        elif case.password is not None:
            path = self.lab.dir / f"password-{number}"
            path.write_text(case.password + "\n")
            path.chmod(0o600)
            if case.way == "fd":
                descriptor = os.open(path, os.O_RDONLY)
                words += ["--password-fd", str(descriptor)]
            else:
                words += ["--password-file", str(path)]
        return words, environment, descriptor

    def run(self, words, environment, descriptor):
        began = time.monotonic()
        try:
            done = subprocess.run([*words, "--format", "json"], env=environment, cwd=self.lab.dir,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                                  pass_fds=[descriptor] if descriptor is not None else [],
                                  check=False)
        finally:
            if descriptor is not None:
                os.close(descriptor)
        return done, (time.monotonic() - began) * 1000

    # -- judging

    def judge(self, case, number=0):
        """Plays CASE; a list of what is wrong, and a note for its line."""
        if isinstance(case, Script):
            try:
                return case.act(self.lab, self), ""
            except Exception as error:  # pylint: disable=broad-except
                return [f"{type(error).__name__}: {error}"], ""
        refused = self.lab.failed_logins(case.log)
        try:
            words, *rest = self.words(case, number)
            done, wall_ms = self.run(words, *rest)
        except subprocess.TimeoutExpired:
            return [f"not done after {PATIENCE} s"], ""
        except (AssertionError, OSError) as error:
            return [f"could not be started: {error}"], ""
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        wrong = []
        if case.password:
            wrong += [f"the password is in the output: {form[:4]}..."
                      for form in forms(case.password) if form in out + err]
        try:
            result = json.loads(out)
        except ValueError as error:
            return [*wrong, f"no JSON ({error}), exit status {done.returncode}: {err.strip()}"], ""
        wrong += [f"schema: /{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
                  for error in list(self.validator.iter_errors(result))[:5]]
        if err:
            wrong.append(f"standard error is not empty: {err.strip()}")
        outcome = Outcome(result, out, wall_ms)
        try:
            self.compare(case, outcome, done.returncode, wrong)
        except (KeyError, TypeError, AssertionError) as error:
            wrong.append(f"{type(error).__name__}: {error}")
        more = self.lab.failed_logins(case.log) - refused
        if more != case.failed_logins:
            wrong.append(f"the servers refused {more} logins, not {case.failed_logins}")
        note = f"{result.get('duration_ms', 0):.0f} ms"
        if wrong:
            wrong.append("command: " + " ".join(words))
            wrong.append("verdict: " + json.dumps(result.get("verdict"))[:600])
            wrong.append("findings: " + " ".join(f"{each['class']}@{each['endpoint']}"
                                                 for each in result.get("findings", [])))
        return wrong, note

    @staticmethod
    def compare(case, outcome, status, wrong):
        verdict = outcome.verdict
        for what, seen, wanted in (("exit status", status, case.exit),
                                   ("verdict.status", verdict["status"], case.status),
                                   ("verdict.class", verdict["class"], case.verdict),
                                   ("complete", outcome.result["complete"], case.complete)):
            if seen != wanted:
                wrong.append(f"{what} is {seen}, not {wanted}")
        if case.below_ms and outcome.result["duration_ms"] >= case.below_ms:
            wrong.append(f"took {outcome.result['duration_ms']} ms, not below {case.below_ms}")
        wrong += [f"not so: {words}" for words, holds in case.facts if not holds(outcome)]

    def play(self, case, number, say):
        missing = [name for name in case.programs if not shutil.which(name)]
        without = case.without or (f"not installed: {' '.join(missing)}" if missing else "")
        if without:
            say(f"ok {number} - {case.name} # SKIP {without}")
            return
        wrong, note = self.judge(case, number)
        self.failed += bool(wrong)
        say(f"{'not ok' if wrong else 'ok'} {number} - {case.name}{f' ({note})' if note else ''}")
        for line in wrong:
            say(f"#   {line}")

    def all(self, cases):
        """Plays CASES, those that may be beside the others, and prints them as TAP; the exit status."""
        print(f"1..{len(cases)}", flush=True)
        number, lines = 1, []
        for group in ([case for case in cases if not case.beside], [case for case in cases if case.beside]):
            lines.append(queue.SimpleQueue())
            threading.Thread(target=self.group, args=(group, number, lines[-1].put), daemon=True).start()
            number += len(group)
        for each in lines:
            while (line := each.get()) is not None:
                print(line, flush=True)
        if self.failed:
            print(f"# server logs end with: {self.lab.log_ends()!r}")
        return 1 if self.failed else 0

    def group(self, cases, number, say):
        try:
            for case in cases:
                self.play(case, number, say)
                number += 1
        finally:
            say(None)
