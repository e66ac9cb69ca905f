"""The lab's network: a client, three routers, a server, each in a network namespace of its own.

    client - r1 10.77.0.1 - r2 10.77.1.1 - r3 10.77.2.1 - server 10.77.3.1, 10.77.3.9

and the same with fd77:N::1; a far network has one more router, r0 10.77.8.1, beside the client. The links have no delay, unless the first one is a delay link. Nothing
of the machine itself is touched: the namespaces live as long as the processes that hold them.
"""
import subprocess

NODES = ("client", "r0", "r1", "r2", "r3", "server")
LINKS = {"r0": 8, "r1": 0, "r2": 1, "r3": 2, "server": 3}  # the net behind each node's near side
SERVER = {4: "10.77.3.1", 6: "fd77:3::1"}
CLIENT = {4: "10.77.0.2", 6: "fd77::2"}
ALSO_CLIENT = {4: "10.77.0.22", 6: "fd77::22"}  # where there is no r0
SECOND = {4: "10.77.3.9", 6: "fd77:3::9"}
SYSCTL = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.rp_filter=0",
          "net.ipv4.conf.default.rp_filter=0")


def bracketed(address):
    """As it stands in front of a port."""
    return f"[{address}]" if ":" in address else address


class LabError(Exception):
    """The lab could not be set up."""


def command(*argv, **options):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise LabError(f"{' '.join(map(str, argv))}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


class Network:
    def __init__(self, delay_program=None, delay_ms=0, far=False):
        self.holders, self.link = {}, None
        self.nodes = [node for node in NODES if far or node != "r0"]
        for node in self.nodes:
            self.holders[node] = subprocess.Popen(  # pylint: disable=consider-using-with
                ["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
            self.holders[node].stdout.readline()
            self.run(node, "ip", "link", "set", "lo", "up")
            self.run(node, "sysctl", "-qw", *SYSCTL)
        for index, (near, node) in enumerate(zip(self.nodes, self.nodes[1:])):
            if index == 0 and delay_ms:
                self.delay_link(delay_program, delay_ms, node)
            else:
                self.cable(near, node)
            self.addresses(near, node)
        self.routes()

    def inside(self, node, *argv):
        """The words that run ARGV in NODE's network."""
        return ["nsenter", "--target", str(self.holders[node].pid), "--net", *argv]

    def run(self, node, *argv, **options):
        return command(*self.inside(node, *argv), **options)

    def cable(self, near, node):
        command("ip", "link", "add", f"e{LINKS[node]}", "netns", self.holders[near].pid, "type", "veth",
                "peer", "name", f"w{LINKS[node]}", "netns", self.holders[node].pid)

    def delay_link(self, program, delay_ms, node):
        self.link = subprocess.Popen(  # pylint: disable=consider-using-with
            [program, str(delay_ms * 500), f"/proc/{self.holders['client'].pid}/ns/net", f"e{LINKS[node]}",
             f"/proc/{self.holders[node].pid}/ns/net", f"w{LINKS[node]}"], stdout=subprocess.PIPE)
        if self.link.stdout.readline() != b"ready\n":
            raise LabError("the delay link did not start")

    def addresses(self, near, node):
        net = LINKS[node]
        for at, device, host in ((near, f"e{net}", 2), (node, f"w{net}", 1)):
            self.run(at, "ip", "address", "add", f"10.77.{net}.{host}/24", "dev", device)
            self.run(at, "ip", "address", "add", f"fd77:{net}::{host}/64", "dev", device, "nodad")
            self.run(at, "ip", "link", "set", device, "up")

    def route(self, node, net, host):
        """Everything that NODE has no link to goes by HOST of NET."""
        self.run(node, "ip", "route", "add", "default", "via", f"10.77.{net}.{host}")
        self.run(node, "ip", "-6", "route", "add", "default", "via", f"fd77:{net}::{host}")

    def routes(self):
        for near, node in zip(self.nodes, self.nodes[1:-1]):  # towards the server
            self.route(near, LINKS[node], 1)
        for node in self.nodes[1:-1]:  # and back
            behind = [LINKS[each] for each in self.nodes[1:self.nodes.index(node)]]
            for net in behind:
                self.run(node, "ip", "route", "add", f"10.77.{net}.0/24", "via", f"10.77.{LINKS[node]}.2")
                self.run(node, "ip", "-6", "route", "add", f"fd77:{net}::/64", "via", f"fd77:{LINKS[node]}::2")
        self.route("server", LINKS["server"], 2)
        self.run("server", "ip", "address", "add", f"{SECOND[4]}/24", "dev", "w3")
        self.run("server", "ip", "address", "add", f"{SECOND[6]}/64", "dev", "w3", "nodad")
        if "r0" not in self.nodes:
            self.run("client", "ip", "address", "add", f"{ALSO_CLIENT[4]}/24", "dev", "e0")
            # Deprecated (RFC 4862 section 5.5.4): it is used by who asks for it only.
            self.run("client", "ip", "address", "add", f"{ALSO_CLIENT[6]}/64", "dev", "e0", "nodad", "preferred_lft", "0")

    def clear(self):
        for node in self.nodes:
            self.run(node, "nft", "flush", "ruleset")

    def rules(self, node, text):
        self.run(node, "nft", "-f", "-", input=text)

    def close(self):
        for process in [*self.holders.values(), *([self.link] if self.link else [])]:
            process.kill()
            process.wait()
