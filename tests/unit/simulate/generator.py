"""A bad scenario file ends the build, and says why in one line.

usage: generator.py GENERATOR HEADER
"""
import json
import pathlib
import subprocess
import sys
import tempfile

GENERATOR, HEADER = sys.argv[1:]
GOOD = {"id": "x", "title": "A title", "class": "tcp-refused", "exit": 2, "persona": "generic",
        "target": "mail.example.org:587", "login": "password", "ports": {"587": "refused"},
        "answers": [{"on": "smtp", "at": ["mail", "rcpt"], "say": "450 4.3.2 {client}: later", "then": "close"}]}


def answer(**changes):
    return {"answers": [{"on": 587, "at": "mail", "say": "450 later", **changes}]}


# What is changed, and a word of the complaint.
BAD = [
    ({"id": "y"}, "name of the file"), ({"title": "A title."}, "title"), ({"title": "long" * 20}, "title"),
    ({"class": None}, "exit"), ({"exit": 3}, "exit"), ({"class": "Two Words"}, "class"),
    ({"persona": "nobody"}, "persona"), ({"target": "mail.example.com"}, "target"), ({"extra": 1}, "keys"),
    ({"login": "secret"}, "login"), ({"certificate": "old"}, "certificate"), ({"tls": "1.3"}, "tls"),
    ({"ports": {"588": "refused"}}, "588"), ({"ports": {"587": "shut"}}, "shut"), ({"dns": {"fault": "x"}}, "fault"),
    ({"dns": {"who": []}}, "dns"), ({"answers": [{"on": 587}]}, "keys"), (answer(on=26), "26"),
    (answer(at="lunch"), "lunch"), (answer(then="sleep"), "sleep"), (answer(delay_ms=-1), "delay_ms"),
    (answer(say="later"), "no line of smtp"), (answer(say="450-later\nmuch"), "no line of smtp"),
    (answer(say="450 {who}"), "{who}"), (answer(say="450 later\r\n"), "\\n"), (answer(say="450 sp\u00e4ter"), "ASCII"),
    (answer(on="imap", say="NO later"), "no line of imap"), (answer(on="pop3", say="NO"), "no line of pop3"),
    ({"delivery": {"to": "moon"}}, "delivery"), ({"delivery": {"when": 1}}, "keys"), ({"delivery": {"after_ms": -1}}, "after_ms"),
    ({"delivery": {"to": "bounce"}}, "words"), ({"delivery": {"to": "bounce", "bounce": "later"}}, "enhanced"),
    ({"delivery": {"bounce": "550 5.1.1 no"}}, "words"), ({"answers": 5}, "type"), ({"title": 5}, "title"),
]


def run(folder, text):
    path = pathlib.Path(folder) / "x.json"
    path.write_text(text, encoding="utf-8")
    output = pathlib.Path(folder) / "x.c"
    output.unlink(missing_ok=True)
    done = subprocess.run(["/usr/bin/python3", GENERATOR, HEADER, output, path], capture_output=True, text=True,
                          check=False)
    return done, output.exists()


def cases():
    yield "good", json.dumps(GOOD), None
    for changes, word in BAD:
        yield json.dumps(changes), json.dumps({**GOOD, **changes}), word
    for key in ("id", "title", "class", "exit", "persona", "target"):
        yield f"no {key}", json.dumps({name: value for name, value in GOOD.items() if name != key}), "keys"
    yield "twins", json.dumps(GOOD)[:-1] + ', "id": "x"}', "twice"
    yield "torn", json.dumps(GOOD)[:-1], "delimiter"
    yield "list", "[]", "keys"


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        every = list(cases())
        print(f"1..{len(every)}")
        for number, (name, text, word) in enumerate(every, 1):
            done, written = run(folder, text)
            if word is None:
                right = done.returncode == 0 and written
            else:
                right = (done.returncode != 0 and not written and word in done.stderr and "x.json" in done.stderr
                         and done.stderr.count("\n") == 1)
            failed += not right
            print(f"{'ok' if right else 'not ok'} {number} - {name}")
            if not right:
                print("# " + done.stderr.strip().replace("\n", "\n# "))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
