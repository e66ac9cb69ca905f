#!/usr/bin/python3
"""JUnit's XML of every case, as xmllint holds it against a schema; the counts, as a reader counts.

usage: check_junit.py PRINT_CASE
"""
import pathlib
import sys
import xml.etree.ElementTree as tree

import judge

SCHEMA = str(pathlib.Path(__file__).resolve().parent / "junit.xsd")
texts = dict(judge.cases(sys.argv[1], "junit"))

if judge.tool("xmllint"):
    for name, text in texts.items():
        check = judge.run("xmllint", "--noout", "--nonet", "--schema", SCHEMA, "-", text=text)
        judge.report(check.returncode == 0, "xmllint: " + name, check.stdout.decode(errors="replace"))
    spoiled = texts["all-well"].replace(b"<testcase classname", b"<testcase nickname", 1)
    check = judge.run("xmllint", "--noout", "--nonet", "--schema", SCHEMA, "-", text=spoiled)
    judge.report(check.returncode != 0, "the schema refuses a spoiled report")
else:
    judge.skip("xmllint", "xmllint is not installed")


def counts(text):
    suite = tree.fromstring(text).find("testsuite")
    said = {key: int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")}
    found = {"tests": len(suite.findall("testcase")), "failures": len(suite.findall("testcase/failure")),
             "errors": len(suite.findall("testcase/error")), "skipped": len(suite.findall("testcase/skipped"))}
    return said, found


for name, text in texts.items():
    said, found = counts(text)
    judge.report(said == found, "the counts are those of the cases: " + name, (said, found))
judge.report(counts(texts["all-well"])[0]["failures"] == 0, "no failure where all is well")
judge.report(counts(texts["interrupted"])[0]["errors"] == 1, "a run that could not tell is an error")
failure = tree.fromstring(texts["tenant-switch"]).find("testsuite/testcase/failure")
judge.report(failure.get("type") == "smtp-auth-disabled-tenant", "the class is the failure's type")
judge.end()
