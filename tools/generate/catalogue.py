#!/usr/bin/env python3
"""Makes the tables of the class catalogue, or its page, out of src/diagnosis/catalogue/*.json.

usage: catalogue.py --c OUT.c FILE...            tables for the compiler
       catalogue.py --markdown OUT.md FILE...    the page for people
       catalogue.py --check PAGE.md FILE...      exit 1 when the page is not what --markdown would write
       catalogue.py --walk SCENARIOS FILE...     exit 1 when a class lacks an example, or a scenario that shows it

A bad entry ends the build with one line that names it.
"""

import json
import os
import re
import sys

sys.dont_write_bytecode = True  # nothing is left in the source tree
import catalogue_rules as rules

STAGES = ["resolve", "connect", "greeting", "capability", "starttls", "tls", "login", "mailbox", "submit", "goodbye"]
SEVERITIES = ["info", "warning", "error"]
OWNERS = ["user", "helpdesk", "network-admin", "tenant-admin", "app-developer", "domain-owner", "provider"]
JUDGED = ["no", "yes", "not-applicable"]
CONFIDENCES = ["possible", "likely", "certain"]
TITLE_LIMIT = 72
RULE_LIMIT = 8192  # CATALOGUE_RULE_LIMIT
CLASS_KEYS = {"id", "title", "stage", "severity", "owner", "judged", "meaning", "distinguish", "fix", "commands",
              "references", "rules", "neighbours", "only_for"}
REPLY_KEYS = {"protocol", "stage", "code", "enhanced", "all", "not", "provider"}
RULE_KEYS = {"reply", "event", "confidence", "example", "judged", "wrapper", "general"}
NEIGHBOUR_KEYS = {"class", "confidence", "provider", "for", "against"}


class Bad(Exception):
    pass


def need(condition, where, what):
    if not condition:
        raise Bad(f"{where}: {what}")


class Catalogue:
    def __init__(self, paths):
        self.date, self.classes, self.places, self.reply_rules, self.events = "", [], {}, [], {}
        self.shown, more = {}, []
        for path in sorted(paths):
            with open(path, encoding="utf-8") as file:
                try:
                    data = json.load(file)
                except ValueError as error:
                    raise Bad(f"{path}: {error}") from None
            need(set(data) <= {"date", "classes", "places", "rules", "shown_by"}, path, "unknown key")
            more += data.get("rules", [])
            self.shown.update(data.get("shown_by", {}))
            self.places.update(data.get("places", {}))
            self.date = max(self.date, data.get("date", ""))
            self.classes += data.get("classes", [])
        need(re.fullmatch(r"\d{4}-\d\d-\d\d", self.date), "catalogue", "no date")
        for place, words in self.places.items():
            need(set(words) - {"needed"} == {"prose", "command"}, f"place {place}", "needs prose and command")
        self.classes.sort(key=lambda entry: STAGES.index(entry["stage"]) if entry.get("stage") in STAGES else -1)
        self.ids = [entry.get("id", "") for entry in self.classes]
        self.add_rules(more)
        for entry in self.classes:
            self.check_class(entry)
        for entry in self.classes:
            self.check_rules(entry)
        self.reply_rules.sort(key=lambda rule: rule.rank)
        need(len(self.reply_rules) <= RULE_LIMIT, "catalogue", f"more than {RULE_LIMIT} rules")
        self.found = rules.index(self.reply_rules)
        for rule in self.reply_rules:
            self.check_example(rule)

    def add_rules(self, more):
        """Rules that a file keeps by subject (the words of client programs, say) go to their classes."""
        owners = {entry.get("id"): entry for entry in self.classes}
        self.own = {entry.get("id"): len(entry.get("rules", [])) for entry in self.classes}
        for data in more:
            owner = owners.get(data.get("class"))
            need(owner, f"rule {json.dumps(data)}", "is of no class that there is")
            rule = {key: value for key, value in data.items() if key != "class"}
            owner["rules"] = owner.get("rules", []) + [rule]

    def check_class(self, entry):
        where = f"class {entry.get('id')!r}"
        need(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.get("id", "")), where, "bad id")
        need(self.ids.count(entry["id"]) == 1, where, "the id is there twice")
        need(set(entry) <= CLASS_KEYS, where, f"unknown key {sorted(set(entry) - CLASS_KEYS)}")
        missing = CLASS_KEYS - {"neighbours", "commands", "only_for"} - set(entry)
        need(not missing, where, f"missing {sorted(missing)}")
        for key, words in (("stage", STAGES), ("severity", SEVERITIES), ("owner", OWNERS), ("judged", JUDGED)):
            need(entry[key] in words, where, f"{key} {entry[key]!r} is none of {', '.join(words)}")
        title = self.fill(where, entry["title"], "prose")
        need(0 < len(title) <= TITLE_LIMIT and title.endswith("."), where,
             f"the title must be a sentence of at most {TITLE_LIMIT} characters")
        sentences = len(re.findall(r"[.!?](?=\s|$)", entry["meaning"]))
        need(sentences == 2, where, f"the meaning has {sentences} sentences, not two")
        need(entry["fix"] and entry["references"] and entry["rules"], where, "needs a fix, a reference and a rule")
        for text in [entry["meaning"], entry["distinguish"], *entry["fix"], *entry["references"]]:
            self.fill(where, text, "prose")
        for text in entry.get("commands", []):
            self.fill(where, text, "command")
            for step in entry["fix"]:
                need(text not in step or text == step, where, f"the command {text!r} must be a step of its own")
        only = entry.get("only_for")
        if only is not None:
            need(set(only) == {"family", "steps"} and only["steps"] and len(only["steps"]) < len(entry["fix"]) and
                 all(1 <= step <= len(entry["fix"]) for step in only["steps"]), where,
                 "only_for needs a family, and the numbers of some of the steps, not of all")
        for neighbour in entry.get("neighbours", []):
            need(set(neighbour) <= NEIGHBOUR_KEYS, where, "unknown key in a neighbour")
            need(neighbour["class"] in self.ids, where, f"unknown neighbour {neighbour['class']!r}")
            need(neighbour["confidence"] in CONFIDENCES, where, "a neighbour needs a confidence")
            need(neighbour.get("for"), where, "a neighbour needs a reason")

    def walk(self, directory):
        """Everything a class needs beyond check_class: words that find it, or an event of our own probes; and a
        simulated scenario that ends in it, or why there is none."""
        need(set(self.shown) == set(self.ids), "shown_by", f"differs: {sorted(set(self.shown) ^ set(self.ids))}")
        for entry in self.classes:
            where, shown = f"class {entry['id']!r}", self.shown[entry["id"]]
            need(any("event" in rule or rule["example"] for rule in entry["rules"]), where, "has nothing that finds it")
            if isinstance(shown, dict):
                need(set(shown) == {"none"} and len(shown["none"]) > 10, where, "must say why nothing shows it")
                continue
            try:
                with open(os.path.join(directory, shown + ".json"), encoding="utf-8") as file:
                    ends_in = json.load(file)["class"]
            except OSError:
                raise Bad(f"{where}: there is no scenario {shown!r}") from None
            need(ends_in == entry["id"], where, f"the scenario {shown!r} ends in {ends_in!r}")

    def fill(self, where, text, kind):
        need(text == text.strip() and text.isascii() and text, where, f"bad text {text!r}")
        for place in re.findall(r"\{([^{}]*)\}", text):
            need(place in self.places, where, f"unknown place {{{place}}}")
        filled = re.sub(r"\{([^{}]*)\}", lambda found: self.places[found.group(1)][kind], text)
        # A shell or PowerShell block may stand in a command: its braces come as "{ ... }".
        need(not re.search(r"[{}]", filled) or kind == "command", where, f"a lone brace in {text!r}")
        return filled[:1].upper() + filled[1:] if kind == "prose" else filled

    def check_rules(self, entry):
        for data in entry["rules"]:
            where = f"class {entry['id']!r}: rule {json.dumps(data)}"
            need(set(data) <= RULE_KEYS, where, "unknown key")
            need(data.get("confidence") in CONFIDENCES, where, "needs a confidence")
            need(("reply" in data) != ("event" in data), where, "must have a reply or an event")
            if "event" in data:
                need(re.fullmatch(r"(\*|" + "|".join(STAGES) + r")\.[a-z_]+", data["event"]), where, "bad event")
                need(data["event"] not in self.events, where, "the event is there twice")
                self.events[data["event"]] = (entry["id"], data["confidence"])
            else:
                self.check_reply(where, entry, data)

    def check_reply(self, where, entry, data):
        reply = data["reply"]
        need(reply and set(reply) <= REPLY_KEYS, where, "unknown key, or nothing, in the reply")
        need(reply.get("protocol", "smtp") in rules.SERVICES, where, "unknown protocol")
        need(reply.get("stage", "login") in STAGES, where, "unknown stage")
        need(re.fullmatch(r"[2-5]([0-9][0-9]|xx)|0", str(reply.get("code", 0))), where, "bad code")
        need(data.get("judged", "no") in JUDGED, where, "bad judged")
        need(data.get("example"), where, "needs an example")
        for text in reply.get("all", []) + reply.get("not", []):
            need(text and text == text.lower() and text.isascii() and "  " not in text, where,
                 f"{text!r} is not folded text")
        need(data.get("general", True) in (True, "coded", "last"), where, "bad general")
        phrase = data.get("general") and not data.get("wrapper") and "all" in reply and "code" not in reply
        families = (None,) if not phrase else (rules.REFUSAL,) if data["general"] == "coded" else (rules.REFUSAL, 0)
        try:
            self.reply_rules += [rules.Rule(entry, data, family) for family in families]
        except ValueError as error:
            raise Bad(f"{where}: {error}") from None

    def check_example(self, rule):
        where = f"class {rule.owner['id']!r}: example {rule.example!r}"
        hits = rules.classify(self.reply_rules, self.found, rule.example.encode(), rule.protocol, rule.stage, rule.provider)
        need(rule.variant or rule.matches(rules.fold(rule.example.encode()), None, rule.stage, rule.provider) or
             rules.nested(rules.fold(rule.example.encode())), where, "its own rule does not match it")
        need(hits, where, "no rule matches it")
        answers = {(hit.owner["id"], hit.confidence, hit.judged) for hit in hits}
        need(len(answers) == 1, where, "two rules of equal rank match it: " +
             ", ".join(f"{hit.owner['id']} {hit.all or hit.enhanced or hit.code}" for hit in hits))
        need(hits[0].owner is rule.owner, where, f"is taken for {hits[0].owner['id']}")


# ---- tables ----

def c_string(text):
    if text is None:
        return "NULL"
    out = ""
    for byte in text.encode():
        out += chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
    return f'"{out}"'


def c_enum(prefix, word):
    return prefix + "_" + word.upper().replace("-", "_")


def c_list(out, name, texts):
    """A NULL-ended list of strings; its name, or NULL where there is nothing."""
    if not texts:
        return "NULL"
    items = ", ".join(c_string(text if isinstance(text, str) else text.decode()) for text in texts)
    out.append(f"static const char *const {name}[] = {{ {items}, NULL }};")
    return name


def write_class(out, catalogue, entry, number):
    def named(key):
        return c_list(out, f"{key}_{number}", entry.get(key, []))
    fix, commands, references = named("fix"), named("commands"), named("references")
    near = entry.get("neighbours", [])
    if near:
        rows = ", ".join(
            f"{{ {catalogue.ids.index(row['class'])}, {c_enum('CONFIDENCE', row['confidence'])}, "
            f"{c_string(row.get('provider'))}, {c_string(row['for'])}, {c_string(row.get('against'))} }}" for row in near)
        out.append(f"static const struct neighbour near_{number}[] = {{ {rows} }};")
    texts = ", ".join(f".{key} = {c_string(entry[key])}" for key in ("id", "title", "meaning", "distinguish"))
    only = entry.get("only_for", {"family": None, "steps": []})
    steps = sum(1 << (step - 1) for step in only["steps"])
    return (f"    {{ {texts}, .only_for = {c_string(only['family'])}, .only_steps = {steps}, .stage = {c_enum('STAGE', entry['stage'])}, .severity = "
            f"{c_enum('SEVERITY', entry['severity'])}, .owner = {c_enum('OWNER', entry['owner'])}, .judged = "
            f"{c_enum('JUDGED', entry['judged'])}, .fix = {fix}, .commands = {commands}, .references = {references}, "
            f".neighbours = {f'near_{number}' if near else 'NULL'}, .neighbour_count = {len(near)} }},")


def write_rule(out, catalogue, rule, number):
    literals, none = c_list(out, f"all_{number}", rule.all), c_list(out, f"not_{number}", rule.none)
    service = {"smtp": "SERVICE_SMTP", "imap": "SERVICE_IMAP", "pop3": "SERVICE_POP3"}.get(rule.protocol, "-1")
    return (f"    {{ .protocol = {service}, .stage = {c_enum('STAGE', rule.stage or 'none')}, .code = {rule.code}, "
            f".enhanced = {c_string(rule.enhanced)}, .enhanced_low = {rule.low}, .enhanced_high = {rule.high}, "
            f".all = {literals}, .none = {none}, .provider = {c_string(rule.provider)}, "
            f".confidence = {c_enum('CONFIDENCE', rule.confidence)}, .judged = "
            f"{c_enum('JUDGED', rule.judged or rule.owner['judged'])}, .example = {c_string(rule.example)}, "
            f".class_index = {catalogue.ids.index(rule.owner['id'])}, .rank = {rule.rank}, "
            f".program = {str(rule.program).lower()} }},")


def c_numbers(out, name, numbers, linkage="static "):
    out.append(f"{linkage}const unsigned short {name}[] = {{ {', '.join(map(str, numbers))} }};")


def write_index(out, catalogue):
    """Where rules with literals are found, and for every code, and every first digit, those without."""
    places, plain = catalogue.found
    starts = [0]
    for numbers in places:
        starts.append(starts[-1] + len(numbers))
    c_numbers(out, "catalogue_gram_starts", starts, "")
    c_numbers(out, "catalogue_gram_rules", [number for numbers in places for number in numbers] + [0], "")
    codes = sorted(({0, 2, 3, 4, 5} | {catalogue.reply_rules[i].code for i in plain}) - {rules.REFUSAL})
    rows = []
    for code in codes:
        family = code // 100 if code > 5 else code
        fits = {0, code, family, rules.REFUSAL if family >= 4 else 0}
        numbers = [i for i in plain if catalogue.reply_rules[i].code in fits]
        c_numbers(out, f"bucket_{code}", numbers + [0])
        rows.append(f"    {{ {code}, {len(numbers)}, bucket_{code} }},")
    return rows


def write_c(catalogue):
    out = ["/* Made by tools/generate/catalogue.py from src/diagnosis/catalogue/. */",
           '#include "diagnosis/catalogue.h"', ""]
    classes = [write_class(out, catalogue, entry, i) for i, entry in enumerate(catalogue.classes)]
    replies = [write_rule(out, catalogue, rule, i) for i, rule in enumerate(catalogue.reply_rules)]
    buckets = write_index(out, catalogue)
    events = [f"    {{ {c_string(event)}, {c_enum('CONFIDENCE', confidence)}, {catalogue.ids.index(owner)} }},"
              for event, (owner, confidence) in sorted(catalogue.events.items())]
    places = [f"    {{ {c_string(name)}, {c_string(words['prose'])}, {c_string(words['command'])}, "
              f"{'true' if words.get('needed') else 'false'} }},"
              for name, words in sorted(catalogue.places.items())]
    out.append(f"\nconst char catalogue_date[] = {c_string(catalogue.date)};")
    for kind, name, rows in (("class_entry", "classes", classes), ("reply_rule", "rules", replies),
                             ("rule_bucket", "buckets", buckets), ("event_rule", "events", events),
                             ("place", "places", places)):
        out += [f"\nconst struct {kind} catalogue_{name}[] = {{", *rows, "};"]
    for one, name, rows in (("class", "classes", classes), ("rule", "rules", replies), ("bucket", "buckets", buckets),
                            ("event", "events", events), ("place", "places", places)):
        out.append(f"const size_t catalogue_{one}_count = {len(rows)};")
    return "\n".join(out) + "\n"


# ---- the page ----

OWNER_WORDS = {"user": "the user", "helpdesk": "the helpdesk", "network-admin": "the network's administrator",
               "tenant-admin": "the organisation's mail administrator", "app-developer": "the program's developer",
               "domain-owner": "the domain's owner", "provider": "the mail provider"}
JUDGED_WORDS = {"no": "was not judged", "yes": "was judged and refused", "not-applicable": "was not sent"}


def write_markdown(catalogue):
    def fill(text, kind="prose"):
        return catalogue.fill("page", text, kind)
    out = ["# The classes", "", "Made from `src/diagnosis/catalogue/` by `tools/generate/catalogue.py`: change it there.",
           f"Catalogue of {catalogue.date}, {len(catalogue.classes)} classes. `maildoctor classes ID` prints one.", "",
           "| class | stage | who mends it | |", "| --- | --- | --- | --- |"]
    for entry in catalogue.classes:
        out.append(f"| [{entry['id']}](#{entry['id']}) | {entry['stage']} | {entry['owner']} | {fill(entry['title'])} |")
    for entry in catalogue.classes:
        out += ["", f"## {entry['id']}", "", f"**{fill(entry['title'])}** {fill(entry['meaning'])}", "",
                f"Stage: {entry['stage']}. Severity: {entry['severity']}. Who mends it: {OWNER_WORDS[entry['owner']]}. "
                f"The password or token {JUDGED_WORDS[entry['judged']]}.", "",
                f"How to tell: {fill(entry['distinguish'])}", "", "What to do:", ""]
        commands = entry.get("commands", [])
        out += [f"{i}. `{fill(step, 'command')}`" if step in commands else f"{i}. {fill(step)}"
                for i, step in enumerate(entry["fix"], 1)]
        if commands:
            out += ["", "```", *(fill(command, "command") for command in commands), "```"]
        out += ["", "Known by:", ""]
        own = catalogue.own[entry["id"]]
        for rule in entry["rules"][:own]:
            out.append(f"- `{rule['event']}` ({rule['confidence']})" if "event" in rule else
                       f"- `{' '.join(rule['example'].split())}` ({rule['confidence']})")
        if entry["rules"][own:]:
            out.append(f"- and {len(entry['rules']) - own} further phrases of servers and programs")
        if entry.get("neighbours"):
            out += ["", "Easily taken for it:", ""]
            out += [f"- [{near['class']}](#{near['class']}): {fill(near['for'])}" for near in entry["neighbours"]]
        out += ["", "References: " + "; ".join(entry["references"])]
    return "\n".join(out) + "\n"


def main(arguments):
    if len(arguments) < 3 or arguments[0] not in ("--c", "--markdown", "--check", "--walk"):
        sys.exit(__doc__)
    mode, target, paths = arguments[0], arguments[1], arguments[2:]
    try:
        catalogue = Catalogue(paths)
        if mode == "--walk":
            catalogue.walk(target)
            return
    except Bad as error:
        sys.exit(f"catalogue: {error}")
    made = write_c(catalogue) if mode == "--c" else write_markdown(catalogue)
    if mode == "--check":
        with open(target, encoding="utf-8") as file:
            if file.read() != made:
                sys.exit(f"{target} is not current: tools/generate/catalogue.py --markdown {target} writes it anew")
        return
    with open(target, "w", encoding="utf-8") as file:
        file.write(made)


if __name__ == "__main__":
    main(sys.argv[1:])
