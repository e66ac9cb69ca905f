#!/usr/bin/python3
"""SARIF of every case against its schema. The schema comes out of a package of npm's, fetched once into the build
folder and known by its checksum.

usage: check_sarif.py PRINT_CASE FOLDER
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tarfile

import judge

PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
ARCHIVE = "microsoft-jest-sarif-1.0.0-beta.0.tgz"
MEMBER = "package/lib/schemas/sarif-2.1.0-rtm.5.json"
SHA256 = "2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8"
PATIENCE = 60


def schema(folder):
    """The schema, or None and why there is none."""
    archive = folder / ARCHIVE
    if not archive.exists():
        if not judge.tool("npm"):
            return None, "npm is not installed"
        try:
            fetched = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, stdin=subprocess.DEVNULL,
                                     capture_output=True, timeout=PATIENCE, check=False, env=dict(os.environ))
        except subprocess.TimeoutExpired:
            return None, "npm did not answer"
        if fetched.returncode or not archive.exists():
            return None, "npm could not fetch the schema"
    with tarfile.open(archive) as opened:
        text = opened.extractfile(MEMBER).read()
    if hashlib.sha256(text).hexdigest() != SHA256:
        archive.unlink()
        raise SystemExit("Bail out! the schema is not the one expected")
    return json.loads(text), None


texts = dict(judge.cases(sys.argv[1], "sarif"))
for name, text in texts.items():
    run = json.loads(text)["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    judge.report(len(set(rules)) == len(rules) and all(rules[r["ruleIndex"]] == r["ruleId"] for r in run["results"]),
                 "each class is one rule: " + name, rules)
try:
    import jsonschema
except ImportError:
    judge.skip("schema", "python3-jsonschema is not installed")
    judge.end()
document, why = schema(pathlib.Path(sys.argv[2]))
if document is None:
    judge.skip("schema", why)
    judge.end()
validator = jsonschema.Draft4Validator(document, format_checker=jsonschema.FormatChecker())
for name, text in texts.items():
    error = jsonschema.exceptions.best_match(validator.iter_errors(json.loads(text)))
    judge.report(error is None, "the schema: " + name, error)
spoiled = json.loads(texts["tenant-switch"])
spoiled["runs"][0]["results"][0]["level"] = "fatal"
judge.report(not validator.is_valid(spoiled), "the schema refuses a spoiled report")
judge.end()
