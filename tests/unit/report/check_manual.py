#!/usr/bin/python3
"""Holds the manual page, and those of the commands that have one of their own, against what the program says of itself.

usage: check_manual.py MANUAL MAILDOCTOR
"""
import pathlib
import re
import subprocess
import sys

results = []


def report(good, name, why=""):
    results.append(good)
    print("%s %d - %s" % ("ok" if good else "not ok", len(results), name))
    if not good:
        print("# " + why)


def say(*arguments):
    run = subprocess.run([sys.argv[2], *arguments], stdout=subprocess.PIPE, check=True)
    return run.stdout.decode("utf-8")


def section(page, kind, title):
    found = re.search(r"^\.%s %s\n(.*?)(?=^\.S[sh] |\Z)" % (kind, title), page, re.M | re.S)
    return found.group(1) if found else ""


def documented(text):
    """The options of the .Fl macros: what follows Fl, and in a list the further ones."""
    options = set()
    for line in re.findall(r"^\.(?:It )?(Fl .*)$", text, re.M):
        before = ""
        for word in line.split():
            if (before == "Fl" and word[0].isalnum()) or re.fullmatch("-[a-z0-9-]+", word):
                options.add("-" + word)
            before = word
    return options


page = open(sys.argv[1], encoding="utf-8").read()
commands = re.findall(r"^  ([a-z]+) ", say("--help"), re.M)
report(bool(commands), "the program lists its commands")
token_page = pathlib.Path(sys.argv[1]).with_name("maildoctor-token.1").read_text(encoding="utf-8")
actions = ["token " + word for word in re.findall(r"^  ([a-z]+) ", say("token", "--help"), re.M)]
report(bool(actions), "the program lists what it does with tokens")
for command in commands + actions:
    text = section(token_page if command in actions else page, "Ss", "maildoctor " + command)
    own = pathlib.Path(sys.argv[1]).with_name("maildoctor-%s.8" % command)
    if own.exists():
        text += section(own.read_text(encoding="utf-8"), "Sh", "OPTIONS")
    report(bool(text), "a section on " + command)
    lines = re.findall(r"^ {2}(?:-\w, | {4})(--[a-z0-9-]+)", say(*command.split(), "--help"), re.M)
    letters = re.findall(r"^ {2}(-\w), --", say(*command.split(), "--help"), re.M)
    known = set(lines) | set(letters)
    missing = set(lines) - documented(text)
    invented = documented(text) - known
    report(not missing, "%s: every option is in the manual" % command, str(sorted(missing)))
    report(not invented, "%s: the manual invents none" % command, str(sorted(invented)))
status = section(page, "Sh", "EXIT STATUS")
report(all("\n%d|" % i in status for i in range(4)), "every exit status is in the table")
print("1..%d" % len(results))
sys.exit(0 if all(results) else 1)
