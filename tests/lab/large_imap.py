"""An IMAP server inside TLS whose certificate needs several full packets: large_imap.py FOLDER ADDRESS...

The certificate is made in FOLDER: cert.pem, key.pem. It speaks until LOGOUT, to any number of clients."""
import socket
import ssl
import subprocess
import sys
import threading


def make(folder):
    names = ",".join(["DNS:mail.lab.test", *(f"DNS:a-long-name-to-fill-packets-{n}.lab.test" for n in range(90))])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "3", "-subj", "/CN=mail.lab.test", "-addext", f"subjectAltName={names}",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], check=True, capture_output=True)


def talk(client, context):
    try:
        with context.wrap_socket(client, server_side=True) as peer:
            peer.sendall(b"* OK IMAP4rev1 ready\r\n")
            for line in peer.makefile("rb"):
                tag, word = line.split()[:2]
                said = {b"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", b"LOGOUT": b"* BYE\r\n"}
                peer.sendall(said.get(word.upper(), b"") + tag + b" OK done\r\n")
    except (OSError, ValueError):
        pass


def serve(listener, context):
    while True:
        threading.Thread(target=talk, args=(listener.accept()[0], context), daemon=True).start()


def main():
    folder, addresses = sys.argv[1], sys.argv[2:]
    make(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.create_server((address, 993), family=family)
        threading.Thread(target=serve, args=(listener, context), daemon=True).start()
    print(flush=True)
    threading.Event().wait()


main()
