#!/usr/bin/python3
"""Holds docs/deploy against the tools whose files they are, and against the program.

usage: check_deploy.py DEPLOY MAILDOCTOR CATALOGUE
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

deploy, program, catalogue = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
results = []


def report(good, name, why=""):
    results.append(good)
    print("%s %d - %s" % ("ok" if good else "not ok", len(results), name))
    for line in why.splitlines() if not good else ():
        print("# " + line)


def skip(name, why):
    results.append(True)
    print("ok %d - %s # SKIP %s" % (len(results), name, why))


def tool(name, *command):
    if not shutil.which(command[0]):
        skip(name, command[0] + " is not there")
        return
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=deploy / "prometheus",
                         check=False)
    report(run.returncode == 0, name, run.stdout.decode())


def expressions():
    """Each query of the dashboard, with values for Grafana's variables."""
    board = json.loads((deploy / "grafana/maildoctor.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "5m").replace("$job", ".*").replace("$instance", ".*")


def metric_names(text):
    return set(re.findall(r"\b(maildoctor_[a-z_]+|probe_[a-z_]+)(?=[{\s)\[,]|$)", text))


def is_written(name):
    sources = catalogue.parent.parent
    files = [*(sources / "report").glob("openmetrics*.c"), *(sources / "serve").glob("*.c")]
    return any(re.search('"%s["{ ]' % name, file.read_text()) for file in files)


def check_prometheus():
    tool("promtool checks the rules", "promtool", "check", "rules", "maildoctor.rules.yml")
    tool("promtool tests the rules", "promtool", "test", "rules", "maildoctor.test.yml")
    tool("promtool checks the scrape configuration", "promtool", "check", "config", "prometheus.yml")
    tool("promtool checks the sharding", "promtool", "check", "config", "sharding.yml")
    with tempfile.TemporaryDirectory(prefix="maildoctor-deploy-") as folder:
        rules = pathlib.Path(folder) / "dashboard.yml"
        rules.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": [
            {"record": "panel:%d" % i, "expr": expression} for i, expression in enumerate(expressions())]}]}))
        tool("promtool reads the dashboard's queries", "promtool", "check", "rules", str(rules))
    rules = (deploy / "prometheus/maildoctor.rules.yml").read_text()
    classes = set().union(*(re.split(r"\|", found) for found in re.findall(r'class=~"([^"]*)"', rules)))
    known = {entry["id"] for file in catalogue.glob("*.json")
             for entry in json.loads(file.read_text()).get("classes", [])}
    report(classes and classes <= known, "the rules name classes that there are", str(sorted(classes - known)))


def check_names():
    text = (deploy / "prometheus/maildoctor.rules.yml").read_text()
    rules = " ".join(rule["expr"] for group in yaml.safe_load(text)["groups"] for rule in group["rules"])
    names = metric_names(rules + " " + " ".join(expressions()))
    missing = sorted(name for name in names if not is_written(name))
    report(len(names) > 10 and not missing, "rules and dashboard use metrics that are written", str(missing))


def check_systemd():
    unit = (deploy / "systemd/maildoctor-serve.service").read_text()
    with tempfile.TemporaryDirectory(prefix="maildoctor-deploy-") as folder:
        copy = pathlib.Path(folder) / "maildoctor-serve.service"
        # The manual page and the program need not be installed here.
        unit = unit.replace("/usr/bin/maildoctor", str(program))
        copy.write_text(re.sub(r"^Documentation=.*\n", "", unit, flags=re.M))
        tool("systemd-analyze verifies the unit", "systemd-analyze", "verify", str(copy))


def check_yaml():
    for path in sorted([*deploy.glob("kubernetes/*.yaml"), *deploy.glob("ci/*.yml")]):
        documents = list(yaml.safe_load_all(path.read_text()))
        good = documents and all(isinstance(each, dict) for each in documents)
        if path.parent.name == "kubernetes":
            good = good and all({"apiVersion", "kind", "metadata"} <= set(each) for each in documents)
        report(good, "%s is YAML" % path.name)


def words(text):
    """The options of each call of the program in TEXT, long ones only."""
    for command in re.findall(r"maildoctor (check|serve) ((?:[^\n]|\n +)*)", text):
        yield command[0], re.findall(r"--[a-z-]+", command[1])


def check_options():
    known = {command: subprocess.run([program, command, "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
             for command in ("check", "serve")}
    found = []
    for path in [*deploy.glob("ci/*.yml"), *deploy.glob("systemd/*.service")]:
        found += [(path.name, command, option) for command, options in words(path.read_text()) for option in options]
    for path in deploy.glob("kubernetes/*.yaml"):
        for arguments in re.findall(r"args: \[(.*)\]", path.read_text()):
            command, *rest = [word.strip().strip('"') for word in arguments.split(",")]
            found += [(path.name, command, word) for word in rest if word.startswith("--")]
    bad = [each for each in found if not re.search(re.escape(each[2]) + r"\b", known[each[1]])]
    report(len(found) > 5 and not bad, "the options are the program's", str(bad))


check_prometheus()
check_names()
check_systemd()
check_yaml()
check_options()
print("1..%d" % len(results))
sys.exit(0 if all(results) else 1)
