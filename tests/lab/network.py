"""The lab's network: a client, three routers, a server, each in a network namespace of its own.

    client - r1 10.77.0.1 - r2 10.77.1.1 - r3 10.77.2.1 - server 10.77.3.1, 10.77.3.9

and the same with fd77:N::1. The links have no delay, unless the first one is a delay link. Nothing
of the machine itself is touched: the namespaces live as long as the processes that hold them.
"""
import subprocess

NODES = ("client", "r1", "r2", "r3", "server")
SERVER = {4: "10.77.3.1", 6: "fd77:3::1"}
SECOND = {4: "10.77.3.9", 6: "fd77:3::9"}
HOP = {4: ["client", "10.77.0.1", "10.77.1.1", "10.77.2.1", "10.77.3.1"],
       6: ["client", "fd77::1", "fd77:1::1", "fd77:2::1", "fd77:3::1"]}
SYSCTL = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.rp_filter=0",
          "net.ipv4.conf.default.rp_filter=0")


class LabError(Exception):
    """The lab could not be set up."""


def command(*argv, **options):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise LabError(f"{' '.join(map(str, argv))}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


class Network:
    def __init__(self, delay_program=None, delay_ms=0):
        self.holders, self.link = {}, None
        for node in NODES:
            self.holders[node] = subprocess.Popen(  # pylint: disable=consider-using-with
                ["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
            self.holders[node].stdout.readline()
            self.run(node, "ip", "link", "set", "lo", "up")
            self.run(node, "sysctl", "-qw", *SYSCTL)
        for index in range(4):
            if index == 0 and delay_ms:
                self.delay_link(delay_program, delay_ms)
            else:
                self.cable(index)
        self.routes()

    def inside(self, node, *argv):
        """The words that run ARGV in NODE's network."""
        return ["nsenter", "--target", str(self.holders[node].pid), "--net", *argv]

    def run(self, node, *argv, **options):
        return command(*self.inside(node, *argv), **options)

    def cable(self, index):
        near, far = NODES[index], NODES[index + 1]
        command("ip", "link", "add", f"e{index}", "netns", self.holders[near].pid, "type", "veth",
                "peer", "name", f"w{index}", "netns", self.holders[far].pid)
        self.addresses(index)

    def delay_link(self, program, delay_ms):
        self.link = subprocess.Popen(  # pylint: disable=consider-using-with
            [program, str(delay_ms * 500), f"/proc/{self.holders['client'].pid}/ns/net", "e0",
             f"/proc/{self.holders['r1'].pid}/ns/net", "w0"], stdout=subprocess.PIPE)
        if self.link.stdout.readline() != b"ready\n":
            raise LabError("the delay link did not start")
        self.addresses(0)

    def addresses(self, index):
        for node, device, host in ((NODES[index], f"e{index}", 2), (NODES[index + 1], f"w{index}", 1)):
            self.run(node, "ip", "address", "add", f"10.77.{index}.{host}/24", "dev", device)
            self.run(node, "ip", "address", "add", f"fd77:{index}::{host}/64", "dev", device, "nodad")
            self.run(node, "ip", "link", "set", device, "up")

    def routes(self):
        for index in range(3):  # towards the server
            node, via = NODES[index], index
            self.run(node, "ip", "route", "add", "10.77.3.0/24" if index else "default", "via", f"10.77.{via}.1")
            self.run(node, "ip", "-6", "route", "add", "fd77:3::/64" if index else "default", "via", f"fd77:{via}::1")
        for index in range(2, 5):  # and back
            node, via = NODES[index], index - 1
            self.run(node, "ip", "route", "add", "10.77.0.0/24", "via", f"10.77.{via}.2")
            self.run(node, "ip", "-6", "route", "add", "fd77::/64", "via", f"fd77:{via}::2")
        # A router answers from the address that the packet came to; these must be routed, too.
        self.run("r3", "ip", "route", "add", "10.77.1.0/24", "via", "10.77.2.2")
        self.run("r3", "ip", "-6", "route", "add", "fd77:1::/64", "via", "fd77:2::2")
        self.run("server", "ip", "route", "add", "10.77.0.0/16", "via", "10.77.3.2")
        self.run("server", "ip", "-6", "route", "add", "fd77::/16", "via", "fd77:3::2")
        self.run("server", "ip", "address", "add", f"{SECOND[4]}/24", "dev", "w3")
        self.run("server", "ip", "address", "add", f"{SECOND[6]}/64", "dev", "w3", "nodad")

    def clear(self):
        for node in NODES:
            self.run(node, "nft", "flush", "ruleset")

    def rules(self, node, text):
        self.run(node, "nft", "-f", "-", input=text)

    def close(self):
        for process in [*self.holders.values(), *([self.link] if self.link else [])]:
            process.kill()
            process.wait()
