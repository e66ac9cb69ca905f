"""The lab's certificates: a CA, and one leaf for each thing that can be wrong with a certificate.

For each leaf NAME.key, NAME.pem and NAME.chain (key and certificate, as Postfix likes it).
"""
import subprocess

CONFIG = """\
[ca]
default_ca = lab
[lab]
dir = {dir}
database = {dir}/index
serial = {dir}/serial
new_certs_dir = {dir}/issued
default_md = sha256
default_days = 90
policy = policy
unique_subject = no
[policy]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


def openssl(*argv):
    subprocess.run(["openssl", *map(str, argv)], check=True, capture_output=True)


def key(directory, name):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", directory / f"{name}.key")


def leaf(directory, name, hosts, *dates):
    """A leaf of the CA for HOSTS; `openssl ca` is the one command that can set both dates."""
    config = directory / f"{name}.cnf"
    config.write_text(CONFIG.format(dir=directory, names=",".join(f"DNS:{host}" for host in hosts)))
    key(directory, name)
    openssl("req", "-new", "-key", directory / f"{name}.key", "-subj", f"/CN={hosts[0]}", "-out",
            directory / f"{name}.csr")
    openssl("ca", "-batch", "-notext", "-config", config, "-extensions", "leaf", "-cert",
            directory / "ca.pem", "-keyfile", directory / "ca.key", "-in", directory / f"{name}.csr",
            "-out", directory / f"{name}.pem", *dates)
    chain(directory, name)


def chain(directory, name):
    text = (directory / f"{name}.key").read_text() + (directory / f"{name}.pem").read_text()
    (directory / f"{name}.chain").write_text(text)


def make(directory, hosts):
    """Everything, with HOSTS as the names of all leaves but the one for another name."""
    (directory / "index").write_text("")
    (directory / "serial").write_text("1000\n")
    (directory / "issued").mkdir()
    key(directory, "ca")
    openssl("req", "-x509", "-new", "-key", directory / "ca.key", "-sha256", "-days", 3650, "-subj",
            "/O=Lab/CN=Lab Root", "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
            "keyUsage=critical,keyCertSign,cRLSign", "-out", directory / "ca.pem")
    leaf(directory, "good", hosts)
    leaf(directory, "othername", ["elsewhere.example.test"])
    leaf(directory, "expired", hosts, "-startdate", "20240101000000Z", "-enddate", "20250101000000Z")
    leaf(directory, "future", hosts, "-startdate", "20900101000000Z", "-enddate", "20910101000000Z")
    key(directory, "selfsigned")
    openssl("req", "-x509", "-new", "-key", directory / "selfsigned.key", "-days", 90, "-subj",
            f"/CN={hosts[0]}", "-addext", "subjectAltName=" + ",".join(f"DNS:{h}" for h in hosts),
            "-out", directory / "selfsigned.pem")
    chain(directory, "selfsigned")
