"""What the tests share that have a format judged by a tool of others: every case in that format, and TAP."""
import shutil
import subprocess
import sys

results = []


def report(good, name, why=""):
    results.append(good)
    print("%s %d - %s" % ("ok" if good else "not ok", len(results), name))
    if not good:
        print("".join("# %s\n" % line for line in str(why).splitlines()), end="")


def skip(name, why):
    results.append(True)
    print("ok %d - %s # SKIP %s" % (len(results), name, why))


def run(*command, text=b""):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def cases(printer, form):
    """(name, report) of each case; PRINTER is the program print_case."""
    names = subprocess.run([printer], stdout=subprocess.PIPE, check=True).stdout.decode().split()
    for name in names:
        yield name, subprocess.run([printer, name, form], stdout=subprocess.PIPE, check=True).stdout


def tool(name):
    return shutil.which(name)


def end():
    print("1..%d" % len(results))
    sys.exit(0 if all(results) else 1)
