"""A name server for the lab, over UDP: name_server.py ADDRESS NAME=ADDRESS... where an address may be
"nx", and the name "*" stands for every other one."""
import socket
import struct
import sys


def answer(query, table):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += query[at] + 1
    kind, = struct.unpack(">H", query[at + 1:at + 3])
    said = table.get(".".join(labels).lower(), table.get("*", "nx"))
    record = b""
    if said != "nx" and kind == 1:
        record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(said)
    header = struct.pack(">HHHHH", 0x8183 if said == "nx" else 0x8180, 1, 1 if record else 0, 0, 0)
    return query[:2] + header + query[12:at + 5] + record


def main():
    table = dict(word.split("=") for word in sys.argv[2:])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((sys.argv[1], 53))
        print(flush=True)
        while True:
            query, who = server.recvfrom(4096)
            server.sendto(answer(query, table), who)


main()
