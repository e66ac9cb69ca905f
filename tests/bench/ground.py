"""The ground the benchmark stands on: the lab's servers, a client in namespaces of its own, and two
ways between them: one as short as this machine can make it (veth), one with a long round trip
(delay_link). Which way a program takes, the name it is given decides: near.lab.test or far.lab.test.
"""
import ctypes
import os
import pathlib
import select
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "servers"))
import lab  # noqa: E402 pylint: disable=wrong-import-position

SERVERS = {"near": "10.77.2.2", "far": "10.77.3.2"}
CLIENTS = {"near": "10.77.2.1", "far": "10.77.3.1"}
DEVICES = {"near": "bench0", "far": "bench1"}
# Dovecot by default starts a process for each connection, which costs more than all that is measured.
STAND_BY = """
service imap-login {{
  service_count = 0
  process_min_avail = 2
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 2
}}
"""
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
USER, PASSWORD = lab.USER, lab.PASSWORD


def unshare(flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


class Ground:
    """`with Ground(directory, delay_link, rtt_ms) as ground`, then ground.in_client(function)."""

    def __init__(self, directory, delay_link, rtt_ms):
        lab.HOSTS = {"mail": lab.HOSTS["mail"],
                     **{name: ((address,), "good", lab.MAIL_PORTS)
                        for name, address in SERVERS.items()}}
        lab.DOVECOT += STAND_BY
        self.lab = lab.Lab(directory)
        self.delay_link = delay_link
        self.rtt_ms = rtt_ms
        self.link = None

    def __enter__(self):
        self.lab.__enter__()
        return self

    def __exit__(self, *_):
        if self.link:
            self.link.terminate()
            self.link.wait()
        self.lab.__exit__()

    @property
    def dir(self):
        return self.lab.dir

    # -- from the servers' side

    def lay_links(self, pid):
        """Both ways to the namespaces of the client PID."""
        lab.command("ip", "link", "add", DEVICES["near"], "type", "veth", "peer", "name",
                    DEVICES["near"], "netns", str(pid))
        self.link = subprocess.Popen(  # pylint: disable=consider-using-with
            [self.delay_link, str(round(self.rtt_ms * 500)), f"/proc/{os.getpid()}/ns/net",
             DEVICES["far"], f"/proc/{pid}/ns/net", DEVICES["far"]], stdout=subprocess.PIPE)
        if self.link.stdout.readline() != b"ready\n":
            raise lab.LabError("delay_link does not start")
        there = ("nsenter", "-t", str(pid), "-n")
        lab.command(*there, "ip", "link", "set", "lo", "up")
        for name, device in DEVICES.items():
            for where, ours, theirs in (((), SERVERS[name], CLIENTS[name]),
                                        (there, CLIENTS[name], SERVERS[name])):
                lab.command(*where, "ip", "address", "add", ours, "peer", theirs, "dev", device)
                lab.command(*where, "ip", "link", "set", device, "up")
                lab.command(*where, "ip", "route", "replace", theirs, "dev", device, "src", ours)

    def in_client(self, function):
        """Runs FUNCTION(client) in a process in the client's namespaces; its exit status."""
        ready_out, ready_in = os.pipe()
        go_out, go_in = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(go_in)
                unshare(CLONE_NEWNET | CLONE_NEWNS)
                os.write(ready_in, b"x")
                if os.read(go_out, 1):
                    status = function(Client(self.dir))
            except (OSError, lab.LabError) as error:
                print(f"bench: {error}", file=sys.stderr)
            finally:
                sys.stdout.flush()
                os._exit(status)
        os.close(ready_in)
        try:
            if os.read(ready_out, 1):
                self.lay_links(pid)
                os.write(go_in, b"x")
        finally:
            os.close(go_in)  # without the word, the child leaves
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Run:
    """How one run of a program went."""

    def __init__(self, wall, cpu, status, out):
        self.wall, self.cpu, self.status, self.out = wall, cpu, status, out


class Client:
    """The side that measures; lives in the client's namespaces."""

    def __init__(self, directory):
        self.dir = directory
        self.ca = directory / "pki/ca.pem"
        self.resolv = directory / "client-resolv.conf"
        self.resolv.write_text("")
        lab.command("mount", "--bind", self.resolv, os.path.realpath("/etc/resolv.conf"))
        home = directory / "home"
        home.mkdir()
        self.password = home / "password"
        self.password.write_text(PASSWORD + "\n")
        self.password.chmod(0o600)
        self.env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(home), "LC_ALL": "C.UTF-8",
                    "XDG_STATE_HOME": str(home)}

    def take(self, way):
        """From now on names are asked for over WAY, "near" or "far"."""
        self.resolv.write_text(f"nameserver {SERVERS[way]}\n")

    def rtt(self, way, times=15):
        """The way's round trip in ms: how long the fastest of TIMES connects takes."""
        taken = []
        for _ in range(times):
            start = time.monotonic()
            socket.create_connection((SERVERS[way], 143)).close()
            taken.append(time.monotonic() - start)
        return 1000 * min(taken)

    def run(self, argv, patience=60):
        """Runs ARGV with nothing on its input; times in ms. posix_spawn, so that this interpreter's
        own size is no part of what the program costs."""
        out, out_in = os.pipe()
        null = os.open("/dev/null", os.O_RDWR)
        start = time.monotonic()
        pid = os.posix_spawn(argv[0], [str(word) for word in argv], self.env,
                             file_actions=[(os.POSIX_SPAWN_DUP2, null, 0),
                                           (os.POSIX_SPAWN_DUP2, out_in, 1),
                                           (os.POSIX_SPAWN_DUP2, out_in, 2)])
        os.close(out_in)
        os.close(null)
        said = self.listen(out, pid, start + patience)
        _, status, usage = os.wait4(pid, 0)
        wall = time.monotonic() - start
        return Run(1000 * wall, 1000 * (usage.ru_utime + usage.ru_stime),
                   os.waitstatus_to_exitcode(status), said)

    @staticmethod
    def listen(out, pid, until):
        said = b""
        while True:
            left = until - time.monotonic()
            if not select.select([out], [], [], max(left, 0))[0]:
                os.kill(pid, 9)
                break
            piece = os.read(out, 65536)
            if not piece:
                break
            said += piece
        os.close(out)
        return said.decode(errors="replace")
