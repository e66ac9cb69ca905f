#!/usr/bin/env python3
"""The catalogue's generator refuses every kind of bad entry, and says which. As TAP.

usage: check_generator.py GENERATOR PLACES.json
"""

import copy
import json
import os
import subprocess
import sys
import tempfile

GOOD = {
    "id": "a-class", "title": "A title.", "stage": "login", "severity": "error", "owner": "user", "judged": "no",
    "meaning": "One sentence about {host}. And another.", "distinguish": "So.", "fix": ["Do it at {endpoint}."],
    "commands": ["fix {address}"], "references": ["RFC 5321"],
    "rules": [{"reply": {"all": ["some words"]}, "confidence": "likely", "example": "535 Some words"},
              {"event": "login.refused", "confidence": "possible"}],
    "neighbours": [{"class": "b-class", "confidence": "possible", "for": "it sounds the same"}],
}
OTHER = dict(copy.deepcopy(GOOD), id="b-class", neighbours=[],
             rules=[{"reply": {"code": 571}, "confidence": "likely", "example": "571 no"}])


def changed(**values):
    entry = copy.deepcopy(GOOD)
    for key, value in values.items():
        if value is None:
            del entry[key]
        else:
            entry[key] = value
    return [entry, OTHER]


def with_rule(rule):
    return changed(rules=[*GOOD["rules"], rule])


def reply(example="535 x", confidence="likely", **fields):
    return {"reply": fields, "confidence": confidence, "example": example}


BAD = [
    ("an unknown key", changed(colour="red"), "unknown key"),
    ("no title", changed(title=None), "missing ['title']"),
    ("a title that is no sentence", changed(title="no end"), "the title must be"),
    ("a title that is too long", changed(title="a " * 40 + "."), "the title must be"),
    ("one sentence of meaning", changed(meaning="Just one."), "not two"),
    ("an unknown stage", changed(stage="lunch"), "stage 'lunch' is none of"),
    ("an unknown severity", changed(severity="bad"), "severity 'bad' is none of"),
    ("an unknown owner", changed(owner="nobody"), "owner 'nobody' is none of"),
    ("an unknown judgement", changed(judged="maybe"), "judged 'maybe' is none of"),
    ("an unknown place in the meaning", changed(meaning="One {moon}. Two."), "unknown place {moon}"),
    ("an unknown place in a step", changed(fix=["{moon}"]), "unknown place {moon}"),
    ("an unknown place in a command", changed(commands=["{moon}"]), "unknown place {moon}"),
    ("a command inside a step", changed(fix=["Type fix {address} there."]), "a step of its own"),
    ("no step", changed(fix=[]), "needs a fix"),
    ("no reference", changed(references=[]), "needs a fix, a reference"),
    ("no rule", changed(rules=[]), "needs a fix, a reference and a rule"),
    ("a character outside ASCII", changed(distinguish="So\u2019s it."), "bad text"),
    ("an id that is none", changed(id="A Class"), "bad id"),
    ("an id that is there twice", [GOOD, GOOD, OTHER], "there twice"),
    ("an unknown neighbour", changed(neighbours=[{"class": "c", "confidence": "likely", "for": "x"}]),
     "unknown neighbour"),
    ("an unknown key of a rule", with_rule({"event": "tls.x", "confidence": "likely", "when": 1}), "unknown key"),
    ("an unknown key of a reply", with_rule(reply(words="x")), "unknown key"),
    ("an empty reply", with_rule(reply()), "nothing, in the reply"),
    ("a rule without a confidence", with_rule({"event": "tls.x"}), "needs a confidence"),
    ("a rule without an example", with_rule({"reply": {"code": 535}, "confidence": "likely"}), "needs an example"),
    ("a rule that is both", with_rule(dict(reply(code=535), event="tls.x")), "a reply or an event"),
    ("an event that is there twice", with_rule({"event": "login.refused", "confidence": "likely"}), "there twice"),
    ("an event of no stage", with_rule({"event": "lunch.refused", "confidence": "likely"}), "bad event"),
    ("a code that is none", with_rule(reply(code=77)), "bad code"),
    ("an enhanced code that is none", with_rule(reply(enhanced="7.1")), "bad enhanced code"),
    ("a literal that is not folded", with_rule(reply(all=["Upper"])), "not folded text"),
    ("an example that its rule does not match", with_rule(reply(all=["other words"])), "does not match it"),
    ("an example that a stronger rule takes", with_rule(reply(example="571 x", code="5xx")), "is taken for b-class"),
    ("two rules of equal rank", [*changed(), dict(OTHER, id="c-class", rules=[reply(
        example="535 some words more", all=["words more"])])], "two rules of equal rank"),
]


def run(generator, places, entries, directory):
    path = os.path.join(directory, "classes.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"date": "2026-11-22", "classes": entries}, file)
    return subprocess.run([sys.executable, generator, "--c", os.path.join(directory, "out.c"), places, path],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def main():
    generator, places = sys.argv[1:]
    count = 0
    print(f"1..{len(BAD) + 1}")
    with tempfile.TemporaryDirectory() as directory:
        for name, entries, message in [("a good catalogue", changed(), None), *BAD]:
            count += 1
            result = run(generator, places, entries, directory)
            lines = result.stderr.splitlines()
            good = (result.returncode == 0 if message is None else
                    result.returncode == 1 and len(lines) == 1 and message in lines[0])
            print(f"{'ok' if good else 'not ok'} {count} - {name}")
            if not good:
                print(f"# exit {result.returncode}: {result.stderr}")


main()
