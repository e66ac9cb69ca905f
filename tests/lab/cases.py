"""What stands in the way, and what the program must say of it."""
import dataclasses

from network import SERVER


ANY = "any"  # whatever the verdict is


@dataclasses.dataclass
class Case:
    name: str
    verdict: str | None
    rules: dict = dataclasses.field(default_factory=dict)  # node: nftables text
    said: tuple = ()  # each in some line of evidence
    unsaid: tuple = ("between", "forged", "in front of the server", "refused by")  # in none
    family: int = 4
    confidence: str = ""
    options: tuple = ()
    delay_ms: int = 0
    times: int = 1
    check: object = None  # (result, names) -> what is wrong
    listen: tuple = ()  # (node, address, port, "silent" | "close" | "reset")
    smtp_at: str = ""  # sending is served from this address
    packets: int = 0  # the walk sends no more than these
    far: bool = False  # one more router, beside the client
    target: str = "ana@contoso.com"
    names: dict = dataclasses.field(default_factory=dict)  # a name server's, in place of the simulator's


def table(chain, rule):
    return "table inet lab {{ chain c {{ type " + chain + "; " + rule + "; }}; }}\n"


FORWARD = "filter hook forward priority 0"
INPUT = "filter hook input priority 0"
EARLY = "filter hook prerouting priority -300"


ONE = "tcp dport {p587} "
# The seven, and where the simulator has them.
MAIL = "tcp dport {{ 25, 110, 143, 465, 587, 993, 995, {nets} }} drop"


def nat(node_rule, family=4):
    """A table of address translation in prerouting."""
    kind = "ip" if family == 4 else "ip6"
    return ("table " + kind + " lab {{ chain c {{ type nat hook prerouting priority -100; " + node_rule +
            "; }}; }}\n")


def hop(family, number):
    return {4: ("this machine", "10.77.0.1", "10.77.1.1", "10.77.2.1", "10.77.3.1"),
            6: ("this machine", "fd77::1", "fd77:1::1", "fd77:2::1", "fd77:3::1")}[family][number]


def pair(family, after, before):
    def words(number):
        return hop(family, number) + (f" (hop {number})" if number else "")
    return f"between {words(after)} and {words(before)}"


def both(name, verdict, node, rule, said, **more):
    """The case for each family; SAID is a function of it."""
    cases = []
    for family in (4, 6):
        cases.append(Case(f"{name}, v{family}", verdict, {node: rule(family) if callable(rule) else rule},
                          tuple(said(family)), (), family, **more))
    return cases


def title_names_pair(result, _):
    title = result["verdict"]["title"]
    return [] if " between " in title else [f"the title names no pair: {title}"]


def needs(send, read):
    def check(result, _):
        seen = result["verdict"]["needs"]
        return [] if (seen["send"], seen["read"]) == (send, read) else [f"needs are {seen}"]
    return check


def control_is(same):
    def check(result, _):
        paths = [a["path"] for e in result["endpoints"] for a in e["addresses"] if "path" in a]
        return [] if paths and all(p["same_address"] == same for p in paths) else [f"controls: {paths}"]
    return check


def no_walk(result, _):
    return ["a path was walked"] if any("path" in a for e in result["endpoints"] for a in e["addresses"]) else []


def mail_blocked(claimed, walked):
    """Port 443 is named as the one that answers, or nothing is said of it; WALKED checks the walk."""
    def check(result, names):
        summary = result["verdict"]["summary"]
        wrong = [] if ("443" in summary) == claimed else [f"the summary: {summary}"]
        return wrong + needs("fail", "fail")(result, names) + walked(result, names)
    return check


def reject(how):
    return table(FORWARD, ONE + "reject with " + how)


def forwarded(family):
    """A router behind the one that forwards answers in the dialled address' name."""
    def check(result, _):
        hops = [a["hops"] for e in result["endpoints"] for a in e["addresses"]
                if "hops" in a and a["address"] == hop(family, 2)]
        seen = [(each["answer"], each["sender"]) for each in hops[0]] if hops else []
        wanted = [("router", hop(family, 1)), ("router", hop(family, 2)), ("router", hop(family, 2)), ("open", None)]
        return [] if seen == wanted else [f"hops are {seen}"]
    return check


def forward_to_server(family):
    """As a router that serves a name of its own does (DNAT)."""
    kind = "ip" if family == 4 else "ip6"
    return nat(f"{kind} daddr {hop(family, 2)} dnat to {SERVER[family]}", family)


def hide_behind(family):
    """As a router that gives the network behind it one address (SNAT)."""
    return ("table " + ("ip" if family == 4 else "ip6") + " lab {{ chain c {{ type nat hook postrouting priority 100; "
            "oifname \"e1\" masquerade; }}; }}\n")


def not_intercepted(result, _):
    return [f"found: {f['class']}" for f in result["findings"] if f["class"] == "tcp-intercepted"]


def finding_is(class_id, severity, address):
    """There is such a finding on that address, and none on another."""
    def check(result, _):
        seen = [(f["severity"], f.get("address")) for f in result["findings"] if f["class"] == class_id]
        return [] if seen == [(severity, address)] else [f"{class_id}: {seen}"]
    return check


def hops_before_server(number):
    def check(result, _):
        ends = [a["path"]["control_hops"][-1]["ttl"] for e in result["endpoints"] for a in e["addresses"] if "path" in a]
        return [] if ends and all(end >= number for end in ends) else [f"the control ends at hops {ends}"]
    return check


QUIET = table("filter hook output priority 0", "icmp type time-exceeded drop; icmpv6 type time-exceeded drop")


def nobody_blamed(result, _):
    guilty = ("path-mtu-blackhole", "tcp-prohibited", "tcp-blocked-here", "tcp-intercepted", "tcp-refused", "tcp-unreachable",
              "protocol-mismatch")
    return [f"found: {f['class']}" for f in result["findings"] if f["class"] in guilty]


def no_large_packets(result, _):
    found = [f["class"] for f in result["findings"]]
    return ["large packets are blamed"] if "path-mtu-blackhole" in found else []


QUICK = ("--timeout", "7")
SMTP = "smtp.office365.com"
# Two addresses, one server: what both of them serve on the port that everybody knows.
TWO = {4: ("ip", "10.77.3.1", "10.77.3.9"), 6: ("ip6", "[fd77:3::1]", "[fd77:3::9]")}


def served(family):
    kind, first, second = TWO[family]
    plain = [address.strip("[]") for address in (first, second)]
    return ("table " + kind + " lab {{ chain c {{ type nat hook prerouting priority -100; "
            + f"{kind} daddr {{{{ {plain[0]}, {plain[1]} }}}} tcp dport 587 dnat to {first}:{{p587}}" + "; }}; }}\n")


def refused_for(family):
    kind, _, second = TWO[family]
    return table(FORWARD, f"{kind} daddr {second.strip('[]')} tcp dport 587 drop")


def plain(family, number):
    return TWO[family][number].strip("[]")
LOSS = "numgen random mod 100 < 30 drop"

CASES = [
    Case("nothing in the way", None, check=no_walk),
    Case("nothing in the way, v6", None, family=6, check=no_walk),
    *both("drop in forward", "tcp-timeout", "r2", table(FORWARD, ONE + "drop"),
          lambda f: ["dropped " + pair(f, 2, 3) + ": sure"], check=title_names_pair),
    *both("drop in prerouting", "tcp-timeout", "r2", table(EARLY, ONE + "drop"),
          lambda f: ["dropped " + pair(f, 1, 2) + ": sure"]),
    *both("drop at the host", "tcp-timeout", "server", table(INPUT, ONE + "drop"),
          lambda f: ["or on the way back: probably", hop(f, 3) + " (hop 3)"]),
    *both("drop on the way out of this machine", "tcp-timeout", "client",
          table("filter hook output priority 0", ONE + "drop"), lambda f: ["dropped " + pair(f, 0, 1)]),
    *both("reset in forward", "tcp-prohibited", "r2", reject("tcp reset"),
          lambda f: ["reset forged " + pair(f, 2, 3), "the server is at hop 4: sure"]),
    *both("reset in prerouting", "tcp-prohibited", "r2", table(EARLY, ONE + "reject with tcp reset"),
          lambda f: ["reset forged " + pair(f, 1, 2)]),
    *both("closed at the host", "tcp-refused", "server", table(INPUT, ONE + "reject with tcp reset"),
          lambda f: ["refused from where the server is (hop 4)"]),
    *both("port-unreachable", "tcp-prohibited", "r2", reject("icmpx type port-unreachable"),
          lambda f: [hop(f, 2) + " said: port unreachable"]),
    *both("admin-prohibited", "tcp-prohibited", "r2", reject("icmpx type admin-prohibited"),
          lambda f: [hop(f, 2) + " said: administratively prohibited", "refused by " + hop(f, 2) + " (hop 2)"],
          confidence="certain"),
    *both("host-unreachable", "tcp-unreachable", "r2", reject("icmpx type host-unreachable"),
          lambda f: [hop(f, 2) + " said: "]),
    *both("net-unreachable", "tcp-unreachable", "r2", reject("icmpx type no-route"),
          lambda f: [hop(f, 2) + " said: "]),
    *both("this machine's own firewall", "tcp-blocked-here", "client",
          table("filter hook output priority 0", ONE + "reject with icmpx type admin-prohibited"),
          lambda f: ["this machine, "]),
    *both("transparent proxy that says nothing", "tcp-intercepted", "r2",
          lambda f: nat(ONE + "redirect to :2525", f),
          lambda f: ["answered " + pair(f, 1, 2), "intercepted (transparent proxy)"],
          listen=(("r2", "::", 2525, "silent"),), options=QUICK),
    *both("transparent proxy that hangs up", "tcp-intercepted", "r2",
          lambda f: nat(ONE + "redirect to :2525", f), lambda f: ["answered " + pair(f, 1, 2)],
          listen=(("r2", "::", 2525, "close"),)),
    *both("transparent proxy that resets", "tcp-intercepted", "r2",
          lambda f: nat(ONE + "redirect to :2525", f), lambda f: ["answered " + pair(f, 1, 2)],
          listen=(("r2", "::", 2525, "reset"),)),
    *both("a box that accepts everything", "tcp-intercepted", "r1",
          lambda f: nat("tcp dport != {{ {others} }} redirect to :2525", f),
          lambda f: ["everything is accepted"], listen=(("r1", "::", 2525, "silent"),), options=QUICK),
    *both("a server that says nothing", "greeting-timeout", "server",
          lambda f: nat(ONE + "redirect to :2525", f), lambda f: [], check=not_intercepted,
          listen=(("server", "::", 2525, "silent"),), options=QUICK),
    *(Case(f"a forwarded port, v{f}", None, {"r2": forward_to_server(f)}, (), family=f, smtp_at=hop(f, 2),
           options=("--path",), check=forwarded(f)) for f in (4, 6)),
    *(Case(f"a forwarded port, blocked behind, v{f}", "tcp-timeout",
           {"r2": forward_to_server(f), "r3": table(FORWARD, ONE + "drop")}, ("port forwarded at hop 2",), (), f,
           smtp_at=hop(f, 2)) for f in (4, 6)),
    *(Case(f"source translation at the first router, v{f}", "tcp-timeout",
           {"r1": hide_behind(f), "r2": table(FORWARD, ONE + "drop")}, ("dropped " + pair(f, 2, 3),), (), f) for f in (4, 6)),
    *both("one router silent, a filter behind it", "tcp-timeout", "r2",
          QUIET + table(FORWARD, ONE + "drop").replace("lab", "filter_"),
          lambda f: ["dropped " + pair(f, 1, 3) + ": probably"]),
    *both("everything dropped", "tcp-timeout", "r2", table(FORWARD, "tcp dport {{ {nets} }} drop"),
          lambda f: ["no sign of life after " + hop(f, 2) + " (hop 2)", "not a port block"]),
    *both("only 25 blocked", None, "r2", table(FORWARD, "tcp dport {p25} drop"), lambda f: [], check=no_walk),
    *both("only 587 blocked", "tcp-timeout", "r2", table(FORWARD, ONE + "drop"),
          lambda f: ["dropped " + pair(f, 2, 3)]),
    *both("587 and 25 blocked", "tcp-timeout", "r2", table(FORWARD, "tcp dport {{ {p25}, {p587} }} drop"),
          lambda f: ["dropped " + pair(f, 2, 3)], check=needs("fail", "untested")),
    *both("all mail ports dropped, the web's open", "tcp-timeout", "r2", table(FORWARD, MAIL),
          lambda f: ["dropped " + pair(f, 2, 3) + ": sure"], check=mail_blocked(True, control_is(True)),
          listen=(("server", "::", 443, "silent"),)),
    *both("all mail ports dropped, the web's open, no time to walk", "tcp-timeout", "r2", table(FORWARD, MAIL),
          lambda f: [], check=mail_blocked(False, no_walk), listen=(("server", "::", 443, "silent"),),
          options=("--timeout", "5", "--deadline", "11")),
    Case("sending and reading on different hosts, nothing else open where sending is", "tcp-timeout",
         {"r2": table(FORWARD, "ip daddr 10.77.3.9 meta l4proto tcp drop")}, ("dropped " + pair(4, 2, 3) + ": maybe",), (),
         check=control_is(False), smtp_at="10.77.3.9"),
    Case("sending and reading on different hosts, 993 open where sending is", "tcp-timeout",
         {"r2": table(FORWARD, "ip daddr 10.77.3.9 tcp dport != 993 drop")}, ("dropped " + pair(4, 2, 3) + ": sure",), (),
         check=control_is(True), listen=(("server", "10.77.3.9", 993, "silent"),), smtp_at="10.77.3.9"),
    Case("sending and reading on different hosts, 587 blocked and 993 shut there", "tcp-timeout",
         {"r2": table(FORWARD, "ip daddr 10.77.3.9 tcp dport != 993 drop")}, ("dropped " + pair(4, 2, 3) + ": maybe",), (),
         check=control_is(False), smtp_at="10.77.3.9"),
    *(Case(f"one of several addresses blocked, v{f}", "tcp-timeout", {"server": served(f), "r2": refused_for(f)}, (), (), f,
           target=f"{SMTP}:587", names={SMTP: f"{plain(f, 1)},{plain(f, 2)}"},
           check=finding_is("tcp-timeout", "warning", plain(f, 2))) for f in (4, 6)),
    Case("v6 only broken, in silence", "ipv6-broken",
         {"server": served(4), "r2": table(FORWARD, "ip6 daddr fd77:3::/64 meta l4proto tcp drop")},
         ("no answer",), (), target=f"{SMTP}:587", names={SMTP: "10.77.3.1,fd77:3::1,fd77:3::9"}),
    Case("v6 only broken, and a router says so", None,
         {"server": served(4), "r2": table(FORWARD, "ip6 daddr fd77:3::/64 reject with icmpv6 type no-route")},
         ("fd77:1::1 said: ",), (), target=f"{SMTP}:587", names={SMTP: "10.77.3.1,fd77:3::1"},
         check=finding_is("ipv6-broken", "info", "fd77:3::1")),
    # The record that begins TLS: type 22, version 3.1 (RFC 8446 section 5.1).
    *both("dropped in the middle, once encryption begins", "tls-handshake-failed", "r2",
          table(FORWARD, ONE + "@ih,0,24 0x160301 drop"), lambda f: [], options=QUICK, check=no_large_packets),
    Case("losses of 30 %", ANY, {"r2": table(FORWARD, LOSS)}, times=20, check=nobody_blamed,
         options=("--deadline", "30")),
    Case("losses of 30 %, v6", ANY, {"r2": table(FORWARD, LOSS)}, family=6, times=5, check=nobody_blamed,
         options=("--deadline", "30")),
    Case("one router silent", None, {"r2": QUIET}, times=20),
    Case("one router silent, v6", None, {"r2": QUIET}, family=6, times=5),
    *both("round trips of 400 ms", None, "r2", "", lambda f: [], delay_ms=400, check=no_walk),
    *both("round trips of 400 ms, drop in forward", "tcp-timeout", "r2", table(FORWARD, ONE + "drop"),
          lambda f: ["dropped " + pair(f, 2, 3)], delay_ms=400),
    Case("round trips of 100 ms, drop at hop 3 of 5", "tcp-timeout", {"r2": table(EARLY, ONE + "drop")},
         ("dropped between 10.77.0.1 (hop 2) and 10.77.1.1 (hop 3): sure",), (), delay_ms=100, far=True, packets=60,
         check=hops_before_server(5)),
    Case("round trips of 100 ms, drop behind hop 3 of 5, v6", "tcp-timeout", {"r2": table(FORWARD, ONE + "drop")},
         ("dropped between fd77:1::1 (hop 3) and fd77:2::1 (hop 4): sure",), (), 6, delay_ms=100, far=True, packets=60,
         check=hops_before_server(5)),
]
