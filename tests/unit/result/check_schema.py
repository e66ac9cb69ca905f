#!/usr/bin/python3
"""Holds generated results against the schema, and sees that spoiled ones are refused.

usage: check_schema.py SCHEMA PRINT_SAMPLE
"""
import copy
import json
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("1..0 # SKIP python3-jsonschema is not installed")
    sys.exit(0)

schema = json.load(open(sys.argv[1], encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
results = []


def report(good, name, why=""):
    results.append(good)
    print("%s %d - %s" % ("ok" if good else "not ok", len(results), name))
    if not good:
        print("# " + why)


def sample(name):
    text = subprocess.run([sys.argv[2], name], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(text.decode("utf-8"))


def wrong_with(value):
    error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    return error and "%s: %s" % (list(error.absolute_path), error.message)


def refused(name, spoil):
    spoiled = copy.deepcopy(rich)
    spoil(spoiled)
    report(wrong_with(spoiled) is not None, name, "the schema lets it pass")


for name in ("rich", "empty", "incomplete"):
    problem = wrong_with(sample(name))
    report(problem is None, "a result, " + name, str(problem))

rich = sample("rich")


def objects(value, path):
    if isinstance(value, dict):
        yield value, path
        for key, inner in value.items():
            yield from objects(inner, path + [key])
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from objects(inner, path + [i])


def at(value, path):
    for part in path:
        value = value[part]
    return value


# Every object refuses a member that has no name in the schema.
loose = []
for _, path in objects(rich, []):
    spoiled = copy.deepcopy(rich)
    at(spoiled, path)["intruder"] = 1
    if wrong_with(spoiled) is None:
        loose.append(path)
report(not loose, "unknown members are refused everywhere", str(loose))

# A member of the wrong kind is refused, whichever it is.
loose = []
for inner, path in objects(rich, []):
    for key in inner:
        spoiled = copy.deepcopy(rich)
        at(spoiled, path)[key] = {"wrong": []}
        if wrong_with(spoiled) is None:
            loose.append(path + [key])
report(not loose, "members of the wrong kind are refused everywhere", str(loose))

# Every member that the schema knows occurs in the rich result, but for those of later commands.
known = set()


def names(part):
    if isinstance(part, dict):
        known.update(part.get("properties", {}))
        for inner in part.values():
            names(inner)
    elif isinstance(part, list):
        for inner in part:
            names(inner)


names({key: part for key, part in schema.items() if key != "$defs"})
names({key: part for key, part in schema["$defs"].items() if key != "since"})
known.discard("since")  # what --baseline adds is no part of a result; tests/cli/test_baseline.py holds it
seen = {key for inner, _ in objects(rich, []) for key in inner}
report(known == seen, "schema and results know the same members", str(known ^ seen))

refused("no verdict", lambda r: r.pop("verdict"))
refused("another version", lambda r: r.update(schema_version=2))
refused("an unknown status", lambda r: r["verdict"].update(status="fine"))
refused("a port too high", lambda r: r["endpoints"][0].update(port=65536))
refused("a negative time", lambda r: r.update(duration_ms=-1))
refused("a time without a zone", lambda r: r.update(started="2026-11-22T10:14:05"))
refused("an unknown failure", lambda r: r["lookups"][1]["error"].update(kind="gremlins"))
print("1..%d" % len(results))
sys.exit(0 if all(results) else 1)
