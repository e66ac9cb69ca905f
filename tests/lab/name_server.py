"""A name server for the lab, over UDP and TCP: name_server.py ADDRESS NAME=ADDRESS,... where "nx" in place of the
addresses says that there is no such name, "fail" that the server has failed, and the name "*" stands for every
other one."""
import socket
import struct
import sys
import threading

RCODES = {"nx": 3, "fail": 2}
TYPES = {1: socket.AF_INET, 28: socket.AF_INET6}


def records(kind, said):
    for text in said.split(",") if said not in RCODES else ():
        family = socket.AF_INET6 if ":" in text else socket.AF_INET
        if TYPES.get(kind) == family:
            data = socket.inet_pton(family, text)
            yield b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def answer(query, table):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += query[at] + 1
    kind, = struct.unpack(">H", query[at + 1:at + 3])
    said = table.get(".".join(labels).lower(), table.get("*", "nx"))
    found = list(records(kind, said))
    header = struct.pack(">HHHHH", 0x8180 | RCODES.get(said, 0), 1, len(found), 0, 0)
    return query[:2] + header + query[12:at + 5] + b"".join(found)


def talk(asker, table):
    """The questions of one asker over TCP, each behind its length (RFC 1035 section 4.2.2)."""
    with asker, asker.makefile("rwb") as stream:
        while len(size := stream.read(2)) == 2:
            said = answer(stream.read(*struct.unpack(">H", size)), table)
            stream.write(struct.pack(">H", len(said)) + said)
            stream.flush()


def serve_tcp(listener, table):
    while True:
        threading.Thread(target=talk, args=(listener.accept()[0], table), daemon=True).start()


def main():
    table = dict(word.split("=") for word in sys.argv[2:])
    family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
    listener = socket.create_server((sys.argv[1], 53), family=family)
    threading.Thread(target=serve_tcp, args=(listener, table), daemon=True).start()
    with socket.socket(family, socket.SOCK_DGRAM) as server:
        server.bind((sys.argv[1], 53))
        print(flush=True)
        while True:
            query, who = server.recvfrom(4096)
            server.sendto(answer(query, table), who)


main()
