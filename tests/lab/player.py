"""Plays cases: sets the firewalls, runs the program as nobody, compares what it says."""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from network import SECOND, SERVER, bracketed
from worlds import NOBODY

HERE = pathlib.Path(__file__).resolve().parent
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
table inet count { chain c { type filter hook output priority 0;
  meta nfproto ipv4 ip ttl < 60 meta l4proto tcp counter name walk;
  meta nfproto ipv6 ip6 hoplimit < 60 meta l4proto tcp counter name walk; }; counter walk { }; }
"""


def words_of(case, world):
    """The command line, and the description of the provider that it asks."""
    told = world.descriptions[SERVER[case.family]]
    resolver = f"{SERVER[4]}:53" if case.names else told["resolver"]
    words = [world.program, "check", case.target, "--resolver", resolver, "--ca-file", "/dev/stdin",
             "--no-system-ca", "--format", "json", *case.options]
    for each in told["connect_to"] if not case.names else ():
        if case.smtp_at and each.startswith("smtp."):
            name, port = each.split(":")[:2]
            real = (world.descriptions[SECOND[4]] if case.smtp_at == SECOND[4] else told)["ports"][port]
            each = f"{name}:{port}:{bracketed(case.smtp_at)}:{real}"
        words += ["--connect-to", each]
    return words, told


def places(case, world, told):
    """What stands in the rules' braces."""
    source = world.descriptions[SECOND[4]] if case.smtp_at == SECOND[4] else told
    names = {f"p{port}": real for port, real in source["ports"].items()}
    return names | {"server": SERVER[case.family], "ip": "ip" if case.family == 4 else "ip6",
                    "others": ", ".join([told["resolver"].rpartition(":")[2],
                                         *(str(real) for port, real in told["ports"].items() if port != "587")]),
                    "nets": ", ".join(str(told["ports"][port]) for port in told["ports"])}


def run(case, world):
    words, told = words_of(case, world)
    names = places(case, world, told)
    for node, rules in case.rules.items():
        world.net.rules(node, rules.format_map(names))
    if case.packets:
        world.net.rules("client", COUNTER)
    for node, *how in case.listen:
        world.start(node, LISTENER, *how)
    if case.names:
        world.start("server", str(HERE / "name_server.py"), SERVER[4],
                    *(f"{name}={said}" for name, said in case.names.items()))
    with open(told["ca_file"], "rb") as roots:
        began = time.monotonic()
        done = subprocess.run(world.net.inside("client", *NOBODY, *words), stdin=roots, capture_output=True,
                              timeout=PATIENCE, check=False, env={"PATH": os.environ["PATH"]})
    return done, time.monotonic() - began, names


def faults_of_walks(case, result, world):
    for walk in (a["path"] for e in result["endpoints"] for a in e["addresses"] if "path" in a):
        if walk["duration_ms"] > 6000 or walk["probes"] > 60:
            yield f"a walk took {walk['duration_ms']} ms and {walk['probes']} probes"
    if case.packets:
        rules = world.net.run("client", "nft", "list", "counter", "inet", "count", "walk")
        sent = int(re.search(r"packets (\d+)", rules)[1])
        if not 0 < sent <= case.packets:
            yield f"the walk sent {sent} packets"


def judge(case, world):
    """What is wrong, and the seconds it took."""
    done, took, names = run(case, world)
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
    wrong += faults_of_walks(case, result, world)
    if case.check:
        wrong += case.check(result, names)
    if wrong:
        wrong.append("found: " + " ".join(f"{f['class']}({f['severity']})" for f in result["findings"]))
        wrong.append("evidence: " + " | ".join(evidence))
        wrong.append("walks: " + walks(result))
        if os.environ.get("LAB_KEEP"):
            with open(os.environ["LAB_KEEP"], "wb") as keep:
                keep.write(done.stdout)
    return wrong, took


def play(case, worlds):
    kind = (case.delay_ms, case.far)
    world = worlds.take(*kind)
    try:
        return judge(case, world)
    finally:
        worlds.give(world, *kind)


def play_all(cases, worlds, jobs, play_one=play):
    """As TAP. What is repeated most is begun first; each in a network of its own."""
    failed = 0
    print(f"1..{len(cases)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        begun = {}
        for case in sorted(cases, key=lambda case: -case.times):
            begun[case.name] = [pool.submit(play_one, case, worlds) for _ in range(case.times)]
        for number, case in enumerate(cases, 1):
            outcomes = [each.result() for each in begun[case.name]]
            wrong = [line for lines, _ in outcomes for line in lines]
            spent = sum(took for _, took in outcomes)
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {case.name} ({spent:.1f} s)", flush=True)
            for line in wrong:
                print(f"#   {line}", flush=True)
    sys.stdout.flush()
    return 1 if failed else 0


def walks(result):
    """What the walks met, in a line."""
    def hops(rows):
        return " ".join(f"{row['ttl']}:{row['answer']}{'=' + row['sender'] if row['sender'] else ''}" for row in rows)
    return "; ".join(f"{e['port']}@{a['address']}: {hops(a.get('hops', []))} / {hops(a['path']['control_hops'])}"
                     f"{' confirmed' if a['path']['confirmed'] else ''}"
                     for e in result["endpoints"] for a in e["addresses"] if "path" in a)
