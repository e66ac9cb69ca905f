#!/usr/bin/python3
"""maildoctor render: a saved run in another format, or one clear line.

usage: check_render.py MAILDOCTOR PRINT_SAMPLE
"""
import json
import os
import subprocess
import sys
import tempfile

results = []
environment = dict(os.environ, LC_ALL="C.UTF-8", NO_COLOR="1")
rich = subprocess.run([sys.argv[2], "rich"], stdout=subprocess.PIPE, check=True).stdout
folder = tempfile.TemporaryDirectory()
saved = os.path.join(folder.name, "run.json")
with open(saved, "wb") as file:
    file.write(rich)


def report(good, name, why=""):
    results.append(good)
    print("%s %d - %s" % ("ok" if good else "not ok", len(results), name))
    if not good:
        print("# " + repr(why))


def render(*arguments, text=b""):
    return subprocess.run([sys.argv[1], "render", *arguments], input=text,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def refused(name, *arguments, text=b"", says=""):
    run = render(*arguments, text=text)
    error = run.stderr.decode("utf-8")
    good = run.returncode == 3 and not run.stdout and error.count("\n") == 1 and says in error
    report(good, name, (run.returncode, run.stdout[:80], error))


run = render(saved)
report(run.returncode == 2 and run.stdout.startswith(b"CANNOT USE smtp.office365.com:587."), "text; the run's own status",
       run)
run = render("--format", "json", "--transcript", saved)
report(json.loads(run.stdout) == json.loads(rich), "JSON comes out as it went in", run.stderr)
run = render("--format=ndjson", "-", text=rich)
report(run.stdout.count(b"\n") == 1 and b"transcript" not in run.stdout,
       "standard input; one line; no transcript unasked", run.stderr)
offered = render("--format", "?", saved).stderr.decode().split("one of ")[1].split()
for form in [name.strip(",") for name in offered]:
    run = render("--format", form, saved)
    report(run.returncode == 2 and run.stdout and not run.stderr, "as " + form, run)
run = render("--ascii", "-v", "--transcript", saved)
report(run.stdout.isascii() and b"Dialogue" in run.stdout, "plain ASCII, verbose, with dialogues",
       run.stderr)
run = render("--color", "always", saved)
report(b"\x1b[1;31m" in run.stdout and b"\x1b[" not in render(saved).stdout,
       "colour only when asked for", run.stderr)
copy = os.path.join(folder.name, "copy.txt")
run = render("--output", copy, saved)
report(not run.stdout and open(copy, "rb").read() == render(saved).stdout, "into a file", run.stderr)

tried = json.loads(rich)
attempt = tried["endpoints"][0]["attempts"][0]
attempt = {**attempt, "purpose": "exercise", "steps": attempt["steps"][:1]}
tried["endpoints"][0]["attempts"].append(attempt)
run = render("-", text=json.dumps(tried).encode())
report(b"Tested from" in run.stdout and b"tried:" not in run.stdout, "a trial that never came to the mailbox is none", run)

for step, words in (("bounce", (b"THE TEST MESSAGE CAME BACK.", b"\nThe bounce said:")), ("arrival", (b":587, where it was looked for:",))):
    told = json.loads(rich)
    cause = next(each for each in told["findings"] if each["class"] == told["verdict"]["class"])
    cause["evidence"] = [{**cause["evidence"][0], "step": step, "line": "words of their own"}]
    run = render("-", text=json.dumps(told).encode())
    report(all(word in run.stdout for word in words), "whose words they are: " + step, run)

refused("no file", says="render needs one file")
refused("two files", saved, saved, says="render needs one file")
refused("a file that is not there", os.path.join(folder.name, "no"), says="No such file")
refused("a directory", folder.name, says="directory")
refused("no JSON", "-", text=b"{\n\x1b[31m", says="is not JSON (line 2)")
refused("nothing at all", "-", says="is not JSON")
refused("other JSON", "-", text=b"[1]", says="no result of maildoctor")
refused("a later schema", "-", text=b'{"schema_version": 2}', says="another schema_version")
refused("a broken result", "-", text=rich.replace(b'"port": 587', b'"port": "x"', 1),
        says="endpoints[0].port")
refused("an unknown format", "--format", "html5", saved, says="one of text, html, json, ndjson")
refused("an unknown colour", "--color", "green", saved, says="auto, always or never")
refused("an output that cannot be", "--output", "/nowhere/x", saved, says="cannot write")
refused("nested beyond reason", "-", text=b"[" * 100000, says="is not JSON")
print("1..%d" % len(results))
sys.exit(0 if all(results) else 1)
