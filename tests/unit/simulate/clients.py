"""Other people's clients talk to the simulator: Python's smtplib, imaplib, poplib and ssl, curl, dig, openssl.

usage: clients.py SIMULATOR [WORD...]  (a program that takes the options of `maildoctor simulate`; only tests whose
                                        names have one of the words)

Every scenario is started once, and what a client of the simulator's own house never looked at shows its fault. Prints
TAP.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import traceback

import mailbox
import scenarios
from simulated import PATIENCE, PROGRAM, Simulated, expect, read_line

SCENARIOS = {**scenarios.SCENARIOS, **mailbox.SCENARIOS}
CATALOGUE = pathlib.Path(__file__).resolve().parents[3] / "src/diagnosis/catalogue"
PORTS = (25, 587, 465, 143, 993, 110, 995)


# ---- the simulator itself ----

def test_list():
    listed = json.loads(subprocess.run([PROGRAM, "--list", "--format", "json"], capture_output=True, check=True).stdout)
    assert {entry["id"] for entry in listed} == set(SCENARIOS), {entry["id"] for entry in listed} ^ set(SCENARIOS)
    text = subprocess.run([PROGRAM, "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(text) == len(listed) and max(map(len, text)) <= 80
    known = {entry["id"] for path in CATALOGUE.glob("*.json")
             for entry in json.loads(path.read_text()) if isinstance(entry, dict)}
    unknown = {entry["expected_class"] for entry in listed if entry["expected_class"]} - known
    assert not known or not unknown, f"no class of the catalogue: {unknown}"


def test_files():
    with Simulated("healthy-generic") as sim:
        status = os.stat(sim.facts["password_file"])
        assert stat.S_IMODE(status.st_mode) == 0o600
        assert sim.secret() not in " ".join(sim.facts["command"])
        assert stat.S_IMODE(os.stat(sim.facts["directory"]).st_mode) == 0o700
        first = sim.secret()
    with Simulated("healthy-generic") as sim:
        assert sim.secret() != first
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "other").touch()
        sim = Simulated("healthy", "--directory", folder)
        assert sim.facts["ca_file"] == folder + "/ca.pem"
        sim.process.stdin.close()
        sim.process.stdout.close()
        assert sim.process.wait(PATIENCE) == 0 and os.listdir(folder) == ["other"]


def test_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        sim = Simulated("healthy")
        sim.process.send_signal(number)
        with sim:
            pass


def test_text():
    process = subprocess.Popen([PROGRAM, "--scenario", "tcp-timeout"], stdout=subprocess.PIPE, text=True)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    process.terminate()
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    text = "".join(lines)
    assert text.count("\n  --connect-to ") == 7 and "\n  --resolver 127.0.0.1:" in text
    assert re.search(r"^maildoctor check ana@contoso.com .*--token-file /\S+/token .*--ca-file /\S+/ca.pem$", text, re.M)
    assert "should find tcp-timeout and end with status 2" in text


def test_port_base():
    with Simulated("healthy", "--port-base", "42000") as sim:
        assert sim.facts["ports"]["587"] == 42587 and sim.facts["resolver"] == "127.0.0.1:42053"
        again = subprocess.run([PROGRAM, "--port-base", "42000"], capture_output=True, text=True, check=False)
        assert again.returncode == 3 and again.stdout == "" and "42025" in again.stderr, again


def test_usage():
    for words in (["--scenario", "nonsense"], ["--listen", "localhost"], ["--listen", "192.0.2.250"],
                  ["--port-base", "-1"], ["--port-base", "64541"], ["--delay-scale", "x"], ["--delay-scale", "nan"],
                  ["--format", "xml"], ["--directory", "/dev/null"], ["--directory", "/proc/no"], ["word"], ["--what"]):
        done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 3 and done.stdout == "" and done.stderr.count("\n") == 1, (words, done)
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "--scenario" in done.stdout


def test_end_of_input():
    done = subprocess.run([PROGRAM, "--until-eof"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=PATIENCE)
    assert done.returncode == 0 and done.stdout, done


def test_crowd():
    """Many at once are all served; more than there is room for are sent away, and nobody else suffers."""
    with Simulated("healthy") as sim:
        crowd = [sim.connect(587) for _ in range(600)]
        greeted = sum(read_line(connection).startswith(b"220 ") for connection in crowd)
        assert greeted == 512, greeted
        for connection in crowd:
            connection.close()
        sim.smtp(587).quit()


def test_garbage():
    with Simulated("healthy-generic") as sim:
        for port in PORTS:
            for garbage in (os.urandom(3000), b"A" * 100000, b"\r\n" * 2000, b"\x16\x03\x01\xff\xff" + bytes(70000)):
                with contextlib.suppress(OSError), sim.connect(port) as connection:
                    connection.sendall(garbage)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
        sim.smtp(587).quit()
        assert sim.process.poll() is None


def test_half_closed():
    """Who sends all and hangs up is still answered."""
    with Simulated("healthy") as sim, sim.connect(587) as connection:
        connection.sendall(b"EHLO x\r\nNOOP\r\nQUIT\r\n")
        connection.shutdown(socket.SHUT_WR)
        said = connection.makefile("rb").read()
        assert said.endswith(b"221 2.0.0 Service closing transmission channel\r\n"), said


def test_delay():
    """A refusal takes its time, and others are served meanwhile."""
    with Simulated("smtp-auth-disabled-tenant", "--delay-scale", "0.1") as sim:
        client = sim.smtp(587)
        client.ehlo()
        client.putcmd("XYZZY")
        client.sock.settimeout(0.2)
        expect(socket.timeout, lambda: client.sock.recv(1))
        sim.smtp(587).quit()
        client.sock.settimeout(PATIENCE)
        assert client.sock.recv(4096).startswith(b"500 5.3.3")


def test_mailbox():
    for scenario in ("healthy", "healthy-generic"):
        with Simulated(scenario) as sim:
            mailbox.mailbox(sim)
            mailbox.arrives()(sim)


def test_mailbox_by_curl():
    with Simulated("healthy-generic") as sim:
        mailbox.with_curl(sim)


def test_mailbox_bounds():
    for scenario in ("healthy", "healthy-generic"):
        with Simulated(scenario) as sim:
            mailbox.bounds(sim)


def tests():
    for test in (test_list, test_usage, test_text, test_files, test_signals, test_port_base, test_end_of_input,
                 test_crowd, test_garbage, test_half_closed, test_delay, test_mailbox, test_mailbox_by_curl, test_mailbox_bounds):
        yield test.__name__.removeprefix("test_").replace("_", " "), test
    for scenario, check in SCENARIOS.items():
        def run(scenario=scenario, check=check):
            with Simulated(scenario) as sim:
                check(sim)
        yield f"scenario {scenario}", run


def main():
    missing = [tool for tool in ("curl", "dig", "openssl") if not shutil.which(tool)]
    if missing:
        print(f"1..0 # SKIP needs {' '.join(missing)}")
        return 0
    failed = 0
    chosen = [(name, test) for name, test in tests() if not sys.argv[2:] or any(word in name for word in sys.argv[2:])]
    print(f"1..{len(chosen)}")
    for number, (name, test) in enumerate(chosen, 1):
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # whatever a client raises is this test's failure, and the next one runs
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
