#!/usr/bin/python3
"""The table of every case, as Python's csv module reads it when it is strict; and that no cell is a formula.

usage: check_csv.py PRINT_CASE
"""
import csv
import io
import sys

import judge

for name, text in judge.cases(sys.argv[1], "csv"):
    lines = text.decode("utf-8")
    rows = list(csv.reader(io.StringIO(lines, newline=""), strict=True))
    judge.report(len({len(row) for row in rows}) == 1 and len(rows) > 1 and len(set(rows[0])) == len(rows[0]),
                 "a table: " + name, rows)
    judge.report(lines.endswith("\r\n") and lines.count("\n") == lines.count("\r\n") == len(rows),
                 "a line a row: " + name, lines)
    dangerous = [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", " ")]
    judge.report(not [cell for cell in dangerous if cell], "no formula: " + name, dangerous)
    table = [dict(zip(rows[0], row)) for row in rows[1:]]
    if name == "tenant-switch":
        judge.report([row["endpoint"] for row in table][:1] == ["smtp.office365.com:587"] and
                     {row["class"] for row in table} == {"smtp-auth-disabled-tenant"}, "what it says", table)
judge.end()
