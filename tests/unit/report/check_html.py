#!/usr/bin/python3
"""The HTML report in a headless Chromium: what a server said stays text, nothing is loaded, it fits a phone, it can be
read in the light, in the dark and on paper; and html-validate finds no fault with it.

usage: check_html.py PRINT_CASE MAILDOCTOR FOLDER    (FOLDER keeps what npm installs)
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import judge

PRINT_CASE, MAILDOCTOR, FOLDER = sys.argv[1:]
PACKAGES = {"playwright-core": "1", "html-validate": "10"}
PATIENCE = 90  # of seconds, for npm: where it cannot get out, it tries for many minutes
SHOWN = ["tenant-switch", "silent-port", "bad-certificate", "all-well", "no-such-name"]

# What our markup is made of; a server's must not add to it.
ELEMENTS = set("""body cite code dd desc details div dl dt footer h1 h2 h3 head header html li main meta ol p pre rect section
    span strong style summary svg table tbody td text th thead time title tr ul""".split())
ATTRIBUTES = set("""aria-hidden aria-labelledby charset class colspan content datetime height http-equiv id lang name open role
    scope tabindex text-anchor width x y""".split())
PAYLOAD = ("'\"><script>document.title='owned'</script><img src=x onerror=alert(1)><a href=\"javascript:alert(2)\">"
           "</pre></title></style></svg><!--&lt;&amp;&#60;b&#62; \u202e\x07")
# The program's own words for a thing: anything else would be refused when it is read.
FIXED = {"status", "stage", "owner", "confidence", "severity", "service", "security", "expectation", "purpose", "kind",
         "outcome", "held_by", "source", "needs", "answer", "started", "not_before", "not_after", "issued", "expires",
         "obtained", "secret_expires", "direction", "send", "read", "role", "relation", "at"}


def skip_all(why):
    print("1..0 # SKIP " + why)
    sys.exit(0)


def install():
    """The path of node_modules; skips when there is none to be had."""
    for program in ("node", "npm", "chromium"):
        if not judge.tool(program):
            skip_all(program + " is not installed")
    modules = pathlib.Path(FOLDER) / "node_modules"
    if all((modules / name).is_dir() for name in PACKAGES):
        return modules
    os.makedirs(FOLDER, exist_ok=True)
    wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
    try:
        done = subprocess.run(["npm", "install", "--prefix", FOLDER, "--no-save", "--no-package-lock", "--no-audit",
                               "--no-fund", "--ignore-scripts", *wanted], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        skip_all("npm did not answer")
    if done.returncode:
        skip_all("npm cannot install playwright-core and html-validate here")
    return modules


def spoil(value, key=""):
    """A saved result in which whoever could write something wrote markup."""
    if isinstance(value, dict):
        return {name: spoil(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [spoil(item, key) for item in value]
    return value + PAYLOAD if isinstance(value, str) and key not in FIXED else value


def try_mailbox(saved):
    """The result, with a trial of the mailbox at its first endpoint."""
    main, trial = saved["endpoints"][0]["attempts"][0], saved["endpoints"][0]["attempts"][1]
    examined = next(step for step in main["steps"] if step["stage"] == "mailbox")
    trial["purpose"] = "exercise"
    trial["steps"] = [{**examined, "name": "APPEND", "status": "ok"}, {**examined, "name": "MOVE", "status": "fail"}]
    return saved


def write_pages(folder):
    pages = {}
    for name, page in judge.cases(PRINT_CASE, "html"):
        if name in SHOWN + ["hostile"]:
            pages[name] = folder / (name + ".html")
            pages[name].write_bytes(page)
    for name in ("everything",):
        saved = subprocess.run([PRINT_CASE, name, "json"], stdout=subprocess.PIPE, check=True).stdout
        (folder / "spoilt.json").write_text(json.dumps(spoil(try_mailbox(json.loads(saved)))), encoding="utf-8")
        pages["spoilt " + name] = folder / f"spoilt-{name}.html"
        (folder / "baseline.json").write_bytes(subprocess.run([PRINT_CASE, "all-well", "json"], stdout=subprocess.PIPE,
                                                              check=True).stdout)
        subprocess.run([MAILDOCTOR, "render", str(folder / "spoilt.json"), "--format", "html", "--output",
                        str(pages["spoilt " + name]), "--baseline", str(folder / "baseline.json")], check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return pages


def in_order(headings):
    return headings[:1] == [1] and headings.count(1) == 1 and all(b <= a + 1 for a, b in zip(headings, headings[1:]))


def judge_page(name, seen):
    """One case a question; each is asked of every width and scheme."""
    def every(question, what):
        bad = [(s["width"], s["scheme"], question(s)) for s in seen if question(s)]
        judge.report(not bad, f"{name}: {what}", bad[:2])

    every(lambda s: s["requests"] + s["messages"], "nothing is loaded, run or complained of")
    every(lambda s: set(s["page"]["elements"]) - ELEMENTS, "no element that is not ours")
    every(lambda s: set(s["page"]["attributes"]) - ATTRIBUTES, "no attribute that is not ours")
    every(lambda s: s["page"]["width"] > s["width"] and s["page"]["width"], "nothing scrolls sideways")
    every(lambda s: s["page"]["faint"] or s["paper"]["faint"] or not s["page"]["texts"], "every text stands out from its ground")
    every(lambda s: not in_order(s["page"]["headings"]) and s["page"]["headings"], "headings in order")
    every(lambda s: s["page"]["scopeless"] or s["page"]["unnamed"] or s["page"]["language"] != "en",
          "language, table headers and drawings have what a screen reader needs")
    every(lambda s: s["page"]["style"] != "960px" and s["page"]["style"], "the policy lets the page's own sheet in")
    every(lambda s: s["focus"] < 2 and name not in ("no-such-name",), "what has the focus shows it")


def judge_text(name, seen):
    """What was said is there, word for word, as text."""
    said = "'\"><script>document.title='owned'</script><img src=x onerror=alert(1)>"
    judge.report(said in seen["page"]["text"] and "&lt;&amp;&#60;b" in seen["page"]["text"], name + ": markup is shown as text")
    judge.report(said in seen["page"]["title"], name + ": and in the title", seen["page"]["title"])
    judge.report("\u202e" not in seen["page"]["text"] and "\\xe2\\x80\\xae\\x07" in seen["page"]["text"],
                 name + ": what cannot be printed is escaped")
    judge.report("The error you reported" in seen["page"]["text"] and "It was not seen here." in seen["page"]["text"],
                 name + ": what was reported elsewhere, and how it goes with this run")
    judge.report("587 tried: APPEND" in seen["page"]["text"] and "NOT: MOVE" in seen["page"]["text"],
                 name + ": what was tried in the mailbox")


def main():
    modules = install()
    script = pathlib.Path(__file__).with_name("page.js")
    with tempfile.TemporaryDirectory(prefix="maildoctor-html-") as name:
        folder = pathlib.Path(name)
        pages = write_pages(folder)
        ran = subprocess.run(["node", str(script), judge.tool("chromium"), str(modules), *map(str, pages.values())],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        judge.report(ran.returncode == 0, "Chromium opens every page", ran.stderr.decode())
        seen = json.loads(ran.stdout) if ran.returncode == 0 else []
        for name, path in pages.items():
            mine = [s for s in seen if s["file"] == str(path)]
            judge_page(name, mine)
            if name.startswith("spoilt") and mine:
                judge_text(name, mine[0])
        drawn = {s["file"]: s["page"]["drawings"] for s in seen}
        judge.report(drawn.get(str(pages["tenant-switch"])) == 3, "each endpoint that was tried has its drawing", drawn)
        config = folder / ".htmlvalidate.json"
        # The white space at line ends, and how long a name is, are the servers'.
        config.write_text(json.dumps({"root": True, "extends": ["html-validate:recommended", "html-validate:a11y"],
                                      "rules": {"no-trailing-whitespace": "off", "long-title": "off"}}))
        ran = judge.run("node", str(modules / "html-validate/bin/html-validate.mjs"), "--config", str(config),
                        *map(str, pages.values()))
        judge.report(ran.returncode == 0, "html-validate finds no fault", ran.stdout.decode())
    judge.end()


main()
