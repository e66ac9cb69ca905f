"""`maildoctor serve` under 200 scrapes at a time, while targets hang, reset and flood.

Five seconds of it; test_serve_load.py PROGRAM SECONDS takes longer, and tells its numbers as remarks."""
import asyncio
import multiprocessing
import os
import socket
import sys
import time
import support
from serving import Serve, failures, metrics
from support import Sandbox, equal

SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 5
SCRAPES = 200
TIMEOUT = 5
KINDS = ('hang', 'reset', 'flood')
FLOOD = b'* a line that never says what was asked\r\n' * 1000


async def hang(_, writer):
    await asyncio.sleep(3600)
    writer.close()


async def reset(_, writer):
    peer = writer.get_extra_info('socket')
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    writer.transport.abort()


async def flood(_, writer):
    try:
        while True:
            writer.write(FLOOD)
            await writer.drain()
    except OSError:
        writer.close()


async def play(listeners):
    for kind, listener in listeners:
        await asyncio.start_server({'hang': hang, 'reset': reset, 'flood': flood}[kind], sock=listener, backlog=1024)
    await asyncio.sleep(3600)


class Targets:
    """Servers in a process of their own, each at an address of its own."""

    def __enter__(self):
        listeners = [(KINDS[i % 3], socket.create_server((f'127.0.1.{i + 1}', 0), backlog=1024))
                     for i in range(SCRAPES)]
        self.names = [(kind, f'imap://{listener.getsockname()[0]}:{listener.getsockname()[1]}')
                      for kind, listener in listeners]
        self.process = multiprocessing.get_context('fork').Process(target=lambda: asyncio.run(play(listeners)),
                                                                   daemon=True)
        self.process.start()
        for _, listener in listeners:
            listener.close()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join()


async def scrape(connection, target, last):
    """(seconds, metrics)"""
    began = time.monotonic()
    reader, writer = connection
    writer.write('\r\n'.join([f'GET /probe?target={target} HTTP/1.1', 'Host: x',
                               f'X-Prometheus-Scrape-Timeout-Seconds: {TIMEOUT}',
                               f'Connection: {"close" if last else "keep-alive"}', '', '']).encode())
    head = (await reader.readuntil(b'\r\n\r\n')).decode()
    size = int(head.lower().split('content-length: ')[1].split('\r\n')[0])
    body = (await reader.readexactly(size)).decode()
    equal(head.split()[1], '200', body)
    return time.monotonic() - began, metrics(body)


async def scraper(port, kind, target, until, found):
    """Every other one keeps its connection, as Prometheus does."""
    keeps = int(target[-1]) % 2 == 0
    connection = None
    while time.monotonic() < until:
        connection = connection or await asyncio.open_connection('127.0.0.1', port)
        found.append((kind, *await scrape(connection, target, not keeps)))
        if not keeps:
            connection[1].close()
            connection = None
    if connection:
        connection[1].close()


async def storm(port, names, found):
    until = time.monotonic() + SECONDS
    await asyncio.gather(*(scraper(port, kind, target, until, found) for kind, target in names))


def descriptors(serve):
    folder = f'/proc/{serve.process.pid}/fd'
    return len(os.listdir(folder)) if os.access(folder, os.R_OK) else None


def memory(serve):
    with open(f'/proc/{serve.process.pid}/statm', encoding='ascii') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGESIZE')


def run_storm(serve, targets):
    found = []
    asyncio.run(storm(serve.port, targets.names, found))
    return found


def storms():
    with Sandbox() as box, Targets() as targets, \
            Serve(box, {'default': {'options': {'timeout': 3}}}, '--jobs', '250') as serve:
        before = descriptors(serve)
        run_storm(serve, targets)  # what grows with the first use is there
        first = memory(serve)
        found = run_storm(serve, targets)
        last = memory(serve)
        processor = serve.own()['process_cpu_seconds_total']
        late = [took for _, took, _ in found if took > TIMEOUT]
        slowest = max(took for _, took, _ in found)
        print(f'# {len(found)} answers in {SECONDS} s, slowest {slowest:.2f} s of {TIMEOUT}; memory {first >> 10} to '
              f'{last >> 10} KiB; {before} descriptors before; {processor} s of processor')
        equal(late, [], 'answers after the deadline')
        for kind, classes in (('hang', {'greeting-timeout'}), ('flood', {'protocol-violation'}),
                              ('reset', {'connection-closed', 'tcp-reset'})):
            seen = {name for each, _, metric in found if each == kind for name in failures(metric)}
            if not seen or not seen <= classes:
                raise AssertionError(f'{kind}: {seen}')
        with open(support.PROGRAM, 'rb') as program:
            watched = b'__asan_init' in program.read()  # AddressSanitizer keeps for a while what was freed
        if not watched and last > first * 1.1 + (1 << 20):
            raise AssertionError(f'memory grew from {first} to {last} bytes')
        serve.wait(lambda own: own['maildoctor_serve_running'] + own['maildoctor_serve_queued'] == 0, 'all runs end')
        serve.wait(lambda own: own['maildoctor_serve_connections'] <= 1, 'all connections are closed')
        end = time.monotonic() + support.PATIENCE
        while descriptors(serve) != before and time.monotonic() < end:
            time.sleep(0.1)
        equal(descriptors(serve), before, 'descriptors')


support.main([('a storm of scrapes', storms)])
