#!/usr/bin/python3
"""The metrics of every case, as Prometheus' own promtool and the OpenMetrics parser of its Python client read them.

usage: check_openmetrics.py PRINT_CASE
"""
import sys

import judge

LABELS = {"need", "endpoint", "phase", "class", "stage", "owner", "account"}
texts = dict(judge.cases(sys.argv[1], "openmetrics"))

if judge.tool("promtool"):
    for name, text in texts.items():
        check = judge.run("promtool", "check", "metrics", text=text)
        judge.report(check.returncode == 0 and not check.stdout, "promtool: " + name, check.stdout.decode())
    check = judge.run("promtool", "check", "metrics", text=texts["tenant-switch"] * 2)
    judge.report(check.returncode != 0, "promtool tells that a family stands there twice")
else:
    judge.skip("promtool", "promtool is not installed")

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
except ImportError:
    parse = None
    judge.skip("OpenMetrics", "python3-prometheus-client is not installed")


def samples(text):
    return [sample for family in parse(text.decode("utf-8")) for sample in family.samples]


def value(text, name, **labels):
    found = [s.value for s in samples(text) if s.name == name and all(s.labels.get(k) == v for k, v in labels.items())]
    return found[0] if len(found) == 1 else found


def labels_are_bounded(text):
    return all(set(s.labels) <= LABELS or (s.name == "probe_tls_version_info" and set(s.labels) == {"version"})
               for s in samples(text))


if parse:
    for name, text in texts.items():
        try:
            judge.report(labels_are_bounded(text), "OpenMetrics, and its labels: " + name, text.decode())
        except ValueError as error:
            judge.report(False, "OpenMetrics: " + name, error)
    bad, good = texts["tenant-switch"], texts["all-well"]
    judge.report([value(t, "probe_success") for t in (bad, good)] == [0, 1], "probe_success")
    judge.report([value(t, "maildoctor_verdict") for t in (bad, good, texts["interrupted"])] == [2, 0, 3], "verdict")
    judge.report(value(bad, "maildoctor_failure", **{"class": "smtp-auth-disabled-tenant", "stage": "login",
                                                     "owner": "tenant-admin"}) == 1, "the failure has its class")
    judge.report(value(good, "maildoctor_failure") == [], "no failure where nothing fails")
    judge.report([value(bad, "maildoctor_need_failed", need=n) for n in ("send", "read")] == [1, 0] and
                 value(bad, "maildoctor_need_met", need="read") == 0, "a need that was not tested is neither")
    judge.report(value(bad, "probe_tls_version_info", version="TLS 1.3") == 1, "TLS version as blackbox_exporter says it")
    judge.report(value(bad, "probe_ssl_earliest_cert_expiry") == 1798761599, "certificate expiry")
    judge.report([value(t, "maildoctor_credential_expiry_timestamp_seconds") for t in (texts["everything"], good)] ==
                 [1795342200, []], "until when the login's secret holds, where that is known")
    judge.report([value(t, "maildoctor_token_refresh_timestamp_seconds") for t in (texts["everything"], good)] ==
                 [1763806201, []], "when the token was given")
    judge.report(value(texts["relay"], "maildoctor_need_failed", need="relay") == 0, "a need alone has its own name")
judge.end()
