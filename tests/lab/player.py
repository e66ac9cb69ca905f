"""Plays cases: sets the firewalls, runs the program as nobody, compares what it says."""
import json
import os
import re
import subprocess
import sys
import time

from network import SECOND, SERVER, LabError, Network

PATIENCE = 90  # s
LISTENER = """
import socket, struct, sys
address, port, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
listener = socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                                dualstack_ipv6=address == "::")
print(flush=True)
kept = []
while True:
    kept.append(listener.accept()[0])
    if how == "reset":
        kept[-1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if how != "silent":
        kept.pop().close()
"""
# Whatever the program sends with a life of its own: the walk's probes, and what becomes of them.
COUNTER = """
table inet count { chain c { type filter hook output priority 0; ip ttl < 60 meta l4proto tcp counter; }; }
"""
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all",
          "--bounding-set=-all", "--no-new-privs"]


class Player:
    def __init__(self, directory, delay_link):
        self.directory, self.delay_link = directory, delay_link
        self.program = directory + "/maildoctor"
        self.networks, self.simulators, self.failed = {}, [], 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.simulators:
            process.kill()
            process.wait()
        for net, _ in self.networks.values():
            net.close()

    def net(self, delay_ms=0):
        return self.world(delay_ms)[0]

    def world(self, delay_ms):
        """The network with that round trip, and the simulators' descriptions by address."""
        if delay_ms not in self.networks:
            net = Network(self.delay_link, delay_ms)
            self.networks[delay_ms] = (net, {})
            for address in (*SERVER.values(), SECOND[4]):
                self.networks[delay_ms][1][address] = self.simulate(net, address)
            # Neighbours are found before anything is measured.
            for address in SERVER.values():
                net.run("client", "ping", "-c1", "-W5", address)
        return self.networks[delay_ms]

    def simulate(self, net, address):
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            net.inside("server", self.program, "simulate", "--listen", address, "--format", "json"),
            stdout=subprocess.PIPE, text=True)
        self.simulators.append(process)
        text = ""
        for line in process.stdout:
            text += line
            if line == "}\n":
                return json.loads(text)
        raise LabError("the simulated provider did not start")

    # -- one run

    def words(self, case, descriptions):
        """The command line, and the real port behind each port."""
        told = descriptions[SERVER[case.family]]
        words = [self.program, "check", "ana@contoso.com", "--resolver", told["resolver"], "--ca-file", "/dev/stdin",
                 "--no-system-ca", "--format", "json", *case.options]
        for each in told["connect_to"]:
            if case.smtp_at and each.startswith("smtp."):
                name, port, _, real = each.split(":")
                other = descriptions[SECOND[4]]["ports"][port] if case.smtp_at == SECOND[4] else real
                each = f"{name}:{port}:{case.smtp_at}:{other}"
            words += ["--connect-to", each]
        return words, told

    def run(self, case):
        net, descriptions = self.world(case.delay_ms)
        net.clear()
        words, told = self.words(case, descriptions)
        source = descriptions[SECOND[4]] if case.smtp_at == SECOND[4] else told
        names = {f"p{port}": real for port, real in source["ports"].items()}
        names |= {"server": SERVER[case.family], "ip": "ip" if case.family == 4 else "ip6",
                  "others": ", ".join([told["resolver"].rpartition(":")[2],
                                       *(str(real) for port, real in told["ports"].items() if port != "587")]),
                  "nets": ", ".join(str(told["ports"][port]) for port in told["ports"])}
        for node, rules in case.rules.items():
            net.rules(node, rules.format_map(names) if isinstance(rules, str) else rules(names))
        if case.packets:
            net.rules("client", COUNTER)
        listeners = [self.listen(net, *words) for words in case.listen]
        try:
            return *self.check(net, words, told), names
        finally:
            for process in listeners:
                process.kill()
                process.wait()

    @staticmethod
    def listen(net, node, *words):
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            net.inside(node, sys.executable, "-c", LISTENER, *map(str, words)), stdout=subprocess.PIPE)
        process.stdout.readline()
        return process

    @staticmethod
    def check(net, words, told):
        with open(told["ca_file"], "rb") as roots:
            began = time.monotonic()
            done = subprocess.run(net.inside("client", *NOBODY, *words), stdin=roots, capture_output=True,
                                  timeout=PATIENCE, check=False, env={"PATH": os.environ["PATH"]})
        return done, time.monotonic() - began

    def judge(self, case):
        done, took, names = self.run(case)
        try:
            result = json.loads(done.stdout)
        except ValueError:
            return [f"no JSON, exit status {done.returncode}: {done.stderr.decode()[-300:]}"], took
        wrong = []
        verdict = result["verdict"]
        if case.verdict not in ("any", verdict["class"]):
            wrong.append(f"verdict.class is {verdict['class']}, not {case.verdict}")
        evidence = [line["line"] for finding in result["findings"] for line in finding["evidence"]]
        for said in case.said:
            if not any(said in line for line in evidence):
                wrong.append(f"not said: {said}")
        for word in case.unsaid:
            wrong += [f"said: {line}" for line in evidence if word in line]
        if case.confidence and verdict["confidence"] != case.confidence:
            wrong.append(f"confidence is {verdict['confidence']}, not {case.confidence}")
        for walk in (a["path"] for e in result["endpoints"] for a in e["addresses"] if "path" in a):
            if walk["duration_ms"] > 6000 or walk["probes"] > 60:
                wrong.append(f"a walk took {walk['duration_ms']} ms and {walk['probes']} probes")
        if case.packets:
            rules = self.net(case.delay_ms).run("client", "nft", "list", "table", "inet", "count")
            sent = int(re.search(r"counter packets (\d+)", rules)[1])
            if not 0 < sent <= case.packets:
                wrong.append(f"the walk sent {sent} packets")
        if case.check:
            wrong += case.check(result, names)
        if wrong:
            wrong.append("evidence: " + " | ".join(evidence))
            wrong.append("walks: " + walks(result))
            if os.environ.get("LAB_KEEP"):
                with open(os.environ["LAB_KEEP"], "wb") as keep:
                    keep.write(done.stdout)
        return wrong, took

    def all(self, cases):
        print(f"1..{len(cases)}", flush=True)
        for number, case in enumerate(cases, 1):
            wrong, spent = [], 0.0
            for _ in range(case.times):
                more, took = self.judge(case)
                wrong += more
                spent += took
            self.failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {case.name} ({spent:.1f} s)", flush=True)
            for line in wrong:
                print(f"#   {line}", flush=True)
        sys.stdout.flush()
        return 1 if self.failed else 0


def walks(result):
    """What the walks met, in a line."""
    def hops(rows):
        return " ".join(f"{row['ttl']}:{row['answer']}{'=' + row['sender'] if row['sender'] else ''}" for row in rows)
    return "; ".join(f"{e['port']}@{a['address']}: {hops(a.get('hops', []))} / {hops(a['path']['control_hops'])}"
                     f"{' confirmed' if a['path']['confirmed'] else ''}"
                     for e in result["endpoints"] for a in e["addresses"] if "path" in a)
