"""The simulated account's mailbox, as Python's imaplib and poplib and curl find it."""
import base64
import contextlib
import email
import imaplib
import poplib
import tempfile
import time

from simulated import PATIENCE, expect

REPORT = b"""From: postmaster@example.org\r
To: "Ana, of Contoso" <ana@contoso.com>, bo@example.org\r
Date: Sat, 21 Nov 2026 23:30:00 -0500\r
Subject: Delivery of\r
 a letter\r
Message-ID: <report-9@example.org>\r
Content-Type: multipart/report; boundary="=_x"\r
\r
To be skipped.\r
--=_x\r
Content-Type: text/plain\r
\r
It could not be delivered.\r
--=_x\r
Content-Type: message/rfc822\r
\r
Subject: the letter\r
\r
Its text.\r
\r
--=_x--\r
"""
LETTER = b"From: Bo <bo@example.net>\r\nSubject: of zwieback\r\n\r\n.A dot, and zwieback.\r\n"


def imap(sim):
    client = sim.imap(993)
    if sim.facts["token_file"]:
        client.authenticate("XOAUTH2", lambda _: sim.xoauth2().encode())
    else:
        client.login(sim.facts["user"], sim.secret())
    return client


def pop3(sim):
    client = sim.pop3(995)
    if sim.facts["token_file"]:
        client._shortcmd("AUTH XOAUTH2")
        client._shortcmd(base64.b64encode(sim.xoauth2().encode()).decode())
    else:
        client.user(sim.facts["user"])
        client.pass_(sim.secret())
    return client


def good(answer):
    status, data = answer
    assert status == "OK", answer
    return data


def refused(answer, words=b""):
    status, data = answer
    assert status == "NO" and words in data[0], answer


def names(client, *arguments):
    return [line.rsplit(b'"', 2)[1].decode() for line in good(client.list(*arguments)) if line]


def found(client, *keys, uid=False):
    data = good(client.uid("SEARCH", *keys) if uid else client.search(None, *keys))
    return [int(number) for number in data[0].split()]


def folders(sim):
    client = imap(sim)
    before = names(client)
    good(client.create("a/b/c"))
    assert [name for name in names(client) if name not in before] == ["a", "a/b", "a/b/c"]
    assert names(client, '""', "a/%") == ["a/b"] and names(client, "a/", "*") == ["a/b", "a/b/c"]
    assert names(client, '""', "inbox") == ["INBOX"] and names(client, '""', '""') == [""]
    assert names(client, '""', "%*c") == ["a/b/c"]
    refused(client.create("a"))
    refused(client.create("inbox"))
    refused(client.delete("a"))
    refused(client.delete("INBOX"))
    refused(client.delete("nowhere"))
    refused(client.rename("INBOX", "other"))
    for name in ("/x", "x//y", "x%", "y" * 300):
        refused(client.create(f'"{name}"'))
    good(client.rename("a/b/c", '"with a blank"'))
    good(client.subscribe('"with a blank"'))
    assert good(client.status('"with a blank"', "(MESSAGES UIDNEXT UNSEEN RECENT)")) == [
        b'"with a blank" (MESSAGES 0 UIDNEXT 1 UNSEEN 0 RECENT 0)']
    expect(imaplib.IMAP4.error, lambda: client.status("INBOX", "(SIZE)"))
    for name in ('"with a blank"', "a/b", "a"):
        good(client.delete(name))
    assert names(client) == before
    client.logout()


def validity(client, name):
    return good(client.status(name, "(UIDVALIDITY)"))[0]


def messages(sim):
    client = imap(sim)
    good(client.create("box"))
    first = validity(client, "box")
    answer = good(client.append("box", r"(\Flagged $Keyword)", '"05-Jan-2026 10:00:00 +0100"', LETTER))
    assert b"[APPENDUID " in answer[0] and answer[0].split(b"]")[0].endswith(b" 1"), answer
    good(client.append("box", None, None, REPORT))
    assert good(client.select("box")) == [b"2"]
    searches(client)
    fetches(client)
    assert found(client, "SEEN") == [1, 2], "what was read is seen"
    copies(client)
    good(client.create("box"))
    assert validity(client, "box") != first, "a new folder, and UIDs anew"
    good(client.delete("box"))
    client.logout()


def searches(client):
    for keys, numbers in (
            (["ALL"], [1, 2]), (["FLAGGED"], [1]), (["UNFLAGGED"], [2]), (["SUBJECT", "ZWIEBACK"], [1]), (["FROM", "bo@"], [1]),
            (["TO", "bo@example.org"], [2]), (["BODY", "zwieback"], [1]), (["TEXT", "postmaster"], [2]),
            (["HEADER", "Message-ID", "report-9"], [2]), (["HEADER", "Message-ID", '""'], [2]), (["SUBJECT", '"of a letter"'], [2]),
            (["ON", "5-Jan-2026"], [1]), (["BEFORE", "6-Jan-2026"], [1]), (["SINCE", "6-Jan-2026"], [2]),
            (["SENTON", "21-Nov-2026"], [2]), (["SENTSINCE", "22-Nov-2026"], []), (["LARGER", "200"], [2]),
            (["NOT", "FLAGGED", "SMALLER", "9999"], [2]), (["OR", "FLAGGED", "(LARGER 200 UNSEEN)"], [1, 2]), (["2:*"], [2]),
            (["UID", "1"], [1]), (["KEYWORD", "$Keyword"], []), (["UNKEYWORD", "x"], [1, 2]), (["RECENT"], [])):
        assert found(client, *keys) == numbers, (keys, numbers, found(client, *keys))
        assert found(client, *keys, uid=True) == numbers, keys
    assert good(client.search("UTF-8", "ALL")) == [b"1 2"]
    for keys in ("NONSENSE", "SUBJECT", "SINCE tomorrow", "(ALL", "OR ALL", "LARGER x", "NOT " * 50 + "ALL"):
        expect(imaplib.IMAP4.error, lambda keys=keys: client.search(None, keys))


def text_of(client, item, number="2"):
    return good(client.fetch(number, f"({item})"))[0][1]


def fetches(client):
    assert text_of(client, "BODY.PEEK[]") == REPORT
    assert found(client, "SEEN") == []
    assert text_of(client, "BODY.PEEK[]<5.10>") == REPORT[5:15]
    assert text_of(client, "BODY.PEEK[HEADER.FIELDS (SUBJECT X-None)]") == b"Subject: Delivery of\r\n a letter\r\n\r\n"
    assert b"Subject" not in text_of(client, "BODY.PEEK[HEADER.FIELDS.NOT (Subject)]")
    assert text_of(client, "BODY.PEEK[1]") == b"It could not be delivered."
    assert text_of(client, "BODY.PEEK[2.HEADER]") == b"Subject: the letter\r\n\r\n"
    assert text_of(client, "BODY.PEEK[2.TEXT]") == b"Its text.\r\n"
    assert text_of(client, "BODY.PEEK[2.MIME]") == b"Content-Type: message/rfc822\r\n\r\n"
    assert text_of(client, "BODY.PEEK[2.1]") == b"Its text.\r\n" and text_of(client, "BODY.PEEK[3]") == b""
    assert text_of(client, "BODY.PEEK[1]", "1") == LETTER.split(b"\r\n\r\n", 1)[1]
    assert text_of(client, "RFC822.HEADER") == REPORT.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"
    envelope = good(client.fetch("2", "(ENVELOPE)"))[0]
    assert b'"Delivery of a letter"' in envelope and b'("Ana, of Contoso" NIL "ana" "contoso.com")' in envelope, envelope
    structure = good(client.fetch("2", "(BODYSTRUCTURE)"))[0]
    assert b'("text" "plain"' in structure and b'("message" "rfc822"' in structure and b'"report")' in structure, structure
    assert good(client.uid("FETCH", "1:*", "(INTERNALDATE RFC822.SIZE)"))[0] == (
        b'1 (INTERNALDATE " 5-Jan-2026 09:00:00 +0000" RFC822.SIZE %d UID 1)' % len(LETTER))
    assert text_of(client, "BODY[]", "1:2") == LETTER and text_of(client, "RFC822.TEXT").startswith(b"To be skipped.")
    for number, item in (("3", "FLAGS"), ("0", "FLAGS"), ("1", "BODY[="), ("1", "NOTHING"), ("1,", "FLAGS")):
        expect(imaplib.IMAP4.error, lambda number=number, item=item: client.fetch(number, item))
    assert good(client.uid("FETCH", "17", "FLAGS")) == [None]


def copies(client):
    good(client.create("other"))
    assert b"[COPYUID " in good(client.copy("1:2", "other"))[0]
    refused(client.copy("1", "nowhere"))
    good(client.store("1", "-FLAGS.SILENT", r"(\Flagged)"))
    assert good(client.store("1", "FLAGS", r"(\Answered)"))[0] == rb"1 (FLAGS (\Answered))"
    good(client.store("1:2", "+FLAGS", r"\Deleted"))
    good(client.uid("EXPUNGE", "2"))
    assert found(client, "ALL") == [1], "the other one keeps its mark"
    good(client.uid("MOVE", "1", "other"))
    assert found(client, "ALL") == []
    assert good(client.select("other", readonly=True)) == [b"3"]
    assert found(client, "DELETED") == [3] and found(client, "FLAGGED") == [1]
    refused(client.store("1", "+FLAGS", r"\Seen"))
    refused(client.expunge())
    good(client.fetch("1:*", "(BODY[])"))
    assert found(client, "FLAGGED") == [1]
    good(client.select("other"))
    good(client.close())
    assert good(client.status("other", "(MESSAGES)"))[0].endswith(b"(MESSAGES 2)"), "CLOSE expunges"
    for name in ("other", "box"):
        good(client.delete(name))


def until(line, stream):
    """Reads up to and with LINE."""
    lines = []
    while not lines or not lines[-1].startswith(line):
        lines.append(stream.readline())
        assert lines[-1], lines
    return lines


def two_clients(sim):
    """What one changes the other is told: at once where it idles, else with its next answer; numbers stay until then."""
    one, two = imap(sim), imap(sim)
    good(one.select("INBOX"))
    good(two.select("INBOX"))
    two.send(b"x IDLE\r\n")
    until(b"+ ", two)
    good(one.append("INBOX", None, None, LETTER))
    until(b"* 2 EXISTS", two)
    good(one.store("2", "+FLAGS", r"\Seen"))
    until(rb"* 2 FETCH (FLAGS (\Seen))", two)
    good(one.store("1", "+FLAGS", r"\Deleted"))
    good(one.expunge())
    until(b"* 1 EXPUNGE", two)
    two.send(b"DONE\r\n")
    until(b"x OK", two)
    good(one.store("1", "+FLAGS", r"\Deleted"))
    good(one.expunge())
    assert good(two.fetch("1", "(FLAGS)")) == [None], "gone, but its number is not told to be free"
    two.untagged_responses.clear()
    good(two.noop())
    assert two.untagged_responses == {"EXPUNGE": [b"1"]}, two.untagged_responses
    one.logout()
    two.logout()


def bounds(sim):
    client = imap(sim)
    refused(client.append("INBOX", None, None, b"x" * 300000))
    good(client.noop())
    expect((imaplib.IMAP4.abort, OSError), lambda: (client.send(b"y APPEND INBOX {300000+}\r\n"), until(b"y", client)))
    client = imap(sim)
    full = None
    for _ in range(30):
        status, full = client.append("INBOX", None, None, b"x" * 200000)
        if status == "NO":
            break
    assert status == "NO" and b"OVERQUOTA" in full[0], full
    good(client.select("INBOX"))
    refused(client.fetch("1:*", "(BODY.PEEK[])"))  # too much for one answer
    client.untagged_responses.clear()
    assert len(text_of(client, "BODY.PEEK[]")) == 200000
    client.logout()


def pop3_session(sim):
    client, imap_client = pop3(sim), imap(sim)
    good(imap_client.append("INBOX", None, None, LETTER))
    assert client.stat()[0] == 1, "what comes meanwhile is for the next session"
    client.quit()
    client = pop3(sim)
    count, size = client.stat()
    assert (count, client.list()[1][1]) == (2, b"2 %d" % len(LETTER))
    uids = [line.split()[1] for line in client.uidl()[1]]
    assert len(set(uids)) == 2 and client.uidl(2).split()[-1] == uids[1]
    assert client.retr(2)[1] == LETTER.split(b"\r\n")[:-1] and client.top(2, 0)[1] == LETTER.split(b"\r\n")[:3]
    assert size == sum(int(line.split()[1]) for line in client.list()[1])
    for number in (0, 3):
        expect(poplib.error_proto, lambda number=number: client.retr(number))
    client.dele(2)
    expect(poplib.error_proto, lambda: client.retr(2))
    assert client.stat()[0] == 1 and len(client.list()[1]) == 1
    client.rset()
    assert client.stat()[0] == 2
    client.dele(2)
    client.close()  # without QUIT nothing is deleted
    client = pop3(sim)
    assert client.stat()[0] == 2
    client.dele(2)
    client.quit()
    client = pop3(sim)
    assert [line.split()[1] for line in client.uidl()[1]] == uids[:1]
    client.quit()
    imap_client.logout()


def with_curl(sim):
    user = ["--user", f"{sim.facts['user']}:{sim.secret()}"]
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"Subject: by curl\r\n\r\nx\r\n")
        file.flush()
        done = sim.curl("imaps://mail.example.org/INBOX", *user, "--upload-file", file.name)
    assert done.returncode == 0, done
    done = sim.curl("imaps://mail.example.org/INBOX?SUBJECT%20curl", *user)
    assert "* SEARCH 2" in done.stdout, done
    done = sim.curl("pop3s://mail.example.org/2", *user)
    assert "Subject: by curl" in done.stdout, done
    done = sim.curl("pop3s://mail.example.org/2", *user, "--list-only", "--request", "DELE")
    assert done.returncode == 0, done
    done = sim.curl("imaps://mail.example.org/INBOX", *user, "--request", "EXAMINE INBOX")
    assert "* 1 EXISTS" in done.stdout, done


def mailbox(sim):
    """Everything, of a healthy one."""
    for check in (folders, messages, pop3_session, two_clients):
        check(sim)


def arrival(sim, send, folder="INBOX", most=PATIENCE):
    """The message that SEND submits, as it comes to FOLDER; None: it does not."""
    client = imap(sim)
    good(client.select(f'"{folder}"'))
    before = len(found(client, "ALL"))
    send()
    end = time.monotonic() + most
    while time.monotonic() < end:
        good(client.noop())
        numbers = found(client, "ALL")
        if len(numbers) > before:
            return email.message_from_bytes(text_of(client, "BODY.PEEK[]", str(numbers[-1])))
        time.sleep(0.02)
    client.logout()
    return None


def submission(sim, recipients=None):
    def send():
        client = sim.smtp(587)
        client.ehlo()
        if sim.facts["token_file"]:
            sim.smtp_token(client)
        else:
            client.login(sim.facts["user"], sim.secret())
        text = f"From: {sim.facts['user']}\r\nSubject: to myself\r\nMessage-ID: <1@example.org>\r\n\r\n.dot\r\n"
        assert client.sendmail(sim.facts["user"], recipients or [sim.facts["user"]], text.encode()) == {}
        with contextlib.suppress(OSError):
            client.quit()
    return send


def arrives(folder="INBOX"):
    def check(sim):
        message = arrival(sim, submission(sim), folder)
        assert message["Subject"] == "to myself" and message.get_payload() == ".dot\r\n", message
        assert len(message.get_all("Received")) == 2
        assert arrival(sim, submission(sim, ["b@example.com"]), folder, 0.3) is None, "mail for others is not his"
    return check


def never_arrives(sim):
    assert arrival(sim, submission(sim), most=0.5) is None


def comes_back(sim):
    report = arrival(sim, submission(sim, ["nobody@contoso.com"]))
    assert report.get_content_type() == "multipart/report" and report["Return-Path"] == "<>", report
    words, status, original = report.get_payload()
    fields = status.get_payload()[1]
    assert "nobody@contoso.com" in words.get_payload() and fields["Action"] == "failed" and fields["Status"] == "5.1.10"
    assert fields["Diagnostic-Code"].startswith("smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound;"), str(fields)
    assert "<1@example.org>" in original.get_payload()


def imap_refuses(action, words):
    def check(sim):
        client = imap(sim)
        good(client.select("INBOX"))
        refused(action(client), words)
        assert found(client, "ALL") == [1] if words != b"[SERVERBUG]" else good(client.noop())
        client.logout()
    return check


def finds_nothing(sim):
    client = imap(sim)
    good(client.select("INBOX"))
    assert found(client, "ALL") == []
    assert text_of(client, "BODY.PEEK[HEADER]", "1").startswith(b"Date: ")
    client.logout()


def idle_is_cut(sim):
    client = imap(sim)
    client.send(b"x IDLE\r\n")
    expect((imaplib.IMAP4.abort, OSError, AssertionError), lambda: until(b"x ", client))


def locked(sim):
    one = pop3(sim)
    error = expect(poplib.error_proto, lambda: pop3(sim))
    assert "[IN-USE]" in str(error), error
    one.quit()
    pop3(sim).quit()


def in_use(sim):
    assert "[IN-USE]" in str(expect(poplib.error_proto, lambda: pop3(sim)))


SCENARIOS = {
    "arrived-in-junk": arrives("Junk Email"), "delivery-delayed": arrives(), "message-not-arrived": never_arrives,
    "message-bounced": comes_back, "search-finds-nothing": finds_nothing, "idle-dropped": idle_is_cut,
    "search-refused": imap_refuses(lambda client: client.search(None, "ALL"), b"[SERVERBUG]"),
    "mailbox-full": imap_refuses(lambda client: client.append("INBOX", None, None, LETTER), b"[OVERQUOTA]"),
    "folders-stay": imap_refuses(lambda client: (client.create("x"), client.delete("x"))[1], b"[NOPERM]"),
    "pop3-locked": locked, "mailbox-in-use": in_use,
}
