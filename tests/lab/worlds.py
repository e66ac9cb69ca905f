"""Networks with their simulated providers: made when asked for, used by one case at a time, kept."""
import json
import os
import subprocess
import sys
import threading

from network import SECOND, SERVER, LabError, Network

NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all",
          "--bounding-set=-all", "--no-new-privs"]


class World:
    """One network, and what was started in it."""

    def __init__(self, worlds, delay_ms, far):
        self.program, self.directory = worlds.program, worlds.directory
        self.net = Network(worlds.delay_link, delay_ms, far)
        self.simulators, self.processes, self.descriptions = [], [], {}
        for address in (*SERVER.values(), SECOND[4]):
            self.descriptions[address] = self.simulate(address)
        # Neighbours are found before anything is measured.
        for address in SERVER.values():
            self.net.run("client", "ping", "-c1", "-W5", address)

    def simulate(self, address):
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            self.net.inside("server", self.program, "simulate", "--listen", address, "--format", "json"),
            stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": self.directory})
        self.simulators.append(process)
        text = ""
        for line in process.stdout:
            text += line
            if line == "}\n":
                return json.loads(text)
        raise LabError("the simulated provider did not start")

    def start(self, node, program, *words):
        """Runs until clean(); it says a line when it is ready. PROGRAM: a file, or Python's own text."""
        way = [program] if os.path.exists(program) else ["-c", program]
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            self.net.inside(node, sys.executable, *way, *map(str, words)), stdout=subprocess.PIPE)
        process.stdout.readline()
        self.processes.append(process)

    def clean(self):
        """Rules and what start() began are gone."""
        stop(self.processes)
        self.net.clear()

    def close(self):
        stop(self.processes)
        stop(self.simulators)
        self.net.close()


def stop(processes):
    while processes:
        process = processes.pop()
        process.kill()
        process.wait()


class Worlds:
    def __init__(self, directory, delay_link):
        self.directory, self.delay_link = directory, delay_link
        self.program = directory + "/maildoctor"
        self.all, self.idle, self.lock = [], {}, threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for world in self.all:
            world.close()

    def take(self, delay_ms=0, far=False):
        """A network of that kind, for one user until give()."""
        with self.lock:
            idle = self.idle.setdefault((delay_ms, far), [])
            if idle:
                return idle.pop()
        world = World(self, delay_ms, far)
        with self.lock:
            self.all.append(world)
        return world

    def give(self, world, delay_ms=0, far=False):
        world.clean()
        with self.lock:
            self.idle[delay_ms, far].append(world)
