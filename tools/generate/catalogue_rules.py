"""How rules match words: the same as src/diagnosis/fold.c and classify.c, so that the generator can
hold every example against every rule. tests/unit/diagnosis/test_classify.c checks that both agree."""

import re

FOLD_LIMIT = 16 * 1024
WORDS_MOST = 1000  # how many bytes of literals a rank tells apart
SERVICES = ["smtp", "imap", "pop3"]
REFUSAL = 1  # stands for the families 4 and 5 (REPLY_REFUSAL in catalogue.h)
QUOTES = {b"\xe2\x80\x98": b"'", b"\xe2\x80\x99": b"'", b"\xe2\x80\x9c": b'"', b"\xe2\x80\x9d": b'"',
          b"\xe2\x80\x90": b"-", b"\xe2\x80\x91": b"-", b"\xe2\x80\x93": b"-", b"\xe2\x80\x94": b"-",
          b"\xc2\xa0": b" "}
QUOTE = re.compile(b"|".join(QUOTES))
CODE = re.compile(rb"([2-5][0-9][0-9])(?:[ -]|$)")
ENHANCED = re.compile(rb"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9.A-Za-z])")
ENHANCED_INSIDE = re.compile(rb"(?<![0-9A-Za-z.])([45])\.([0-7])\.([0-9]{1,3})(?![0-9A-Za-z])(?!\.[0-9])")
TAG = re.compile(rb"(?:\*|(?=[A-Za-z]*[0-9])[A-Za-z0-9]{1,20}) +(?=(?:OK|NO|BAD|BYE)(?: |$))", re.I)
NESTED = re.compile(rb"error: ([2-5][0-9][0-9])[ -]")


def packed(kind, subject, detail):
    return int(kind) << 20 | int(subject) << 10 | int(detail)


class Folded:
    """Words as the rules see them: code, enhanced code (packed, 0 none), text."""

    def __init__(self, code=0, enhanced=0, text=b""):
        self.code, self.enhanced, self.text = code, enhanced, text


def take_enhanced(folded, line):
    match = ENHANCED.match(line)
    if not match:
        return line
    value = packed(*match.groups())
    if folded.enhanced in (0, value):
        folded.enhanced = value
        return line[match.end():]
    return line


def fold(words):
    folded = Folded()
    for line in words.split(b"\n"):
        line = line.strip(b" \t\r")
        match = CODE.match(line)
        if match and folded.code in (0, int(match.group(1))):
            folded.code = int(match.group(1))
            line = line[match.end():].lstrip(b" \t")
        else:
            match = TAG.match(line)
            line = line[match.end():] if match else line
        line = take_enhanced(folded, line)
        line = QUOTE.sub(lambda found: QUOTES[found.group()], line)
        line = re.sub(rb"[\x00-\x20\x7f]+", b" ", line).lower().strip(b" ")
        folded.text += (b" " if folded.text and line else b"") + line
    folded.text = folded.text[:FOLD_LIMIT]
    if not folded.enhanced and not 200 <= folded.code < 400:
        match = ENHANCED_INSIDE.search(folded.text)
        folded.enhanced = packed(*match.groups()) if match else 0
    return folded


def nested(folded):
    """The reply inside a 5.7.57: Exchange repeats there why the login before it failed."""
    if folded.enhanced != packed(5, 7, 57) and b"authenticated to send" not in folded.text:
        return None
    match = NESTED.search(folded.text)
    if not match:
        return None
    inner = Folded(code=int(match.group(1)))
    inner.text = take_enhanced(inner, folded.text[match.end():]).strip(b" ")
    return inner


def find(text, literal, at=0):
    """Where LITERAL stands from AT on, -1 nowhere. One that ends in a digit ends a number."""
    while (at := text.find(literal, at)) >= 0:
        after = text[at + len(literal):at + len(literal) + 1]
        if not (literal[-1:].isdigit() and after.isdigit()):
            return at
        at += 1
    return -1


class Rule:
    """A reply rule. KIND: phrase and code, phrase, enhanced code, general phrase, enhanced codes' family, basic code,
    its family, wrapper, general wrapper; among equal kinds, one for a provider or a stage comes first, then the one
    with more words. A program's general words ("could not connect") give way to what it names beside them;
    so do a server's that only begin a sentence ("mail rejected:"), which are general: "last"."""

    def __init__(self, owner, data, family=None):
        """FAMILY: the codes that a general phrase is looked for in, REFUSAL or 0: words without a code, where it
        stands among the words of programs."""
        reply = dict(data["reply"], **({"code": f"{family}xx"} if family else {}))
        self.variant = family is not None
        self.general, self.program = data.get("general", False), data.get("wrapper", False)
        self.owner = owner
        self.protocol, self.stage = reply.get("protocol"), reply.get("stage")
        self.provider = reply.get("provider")
        self.code = int(str(reply.get("code", 0)).replace("xx", ""))
        self.enhanced = reply.get("enhanced")
        self.low, self.high = enhanced_range(self.enhanced)
        self.all = [text.encode() for text in reply.get("all", [])]
        self.none = [text.encode() for text in reply.get("not", [])]
        self.confidence = data["confidence"]
        self.example = data["example"]
        self.judged = data.get("judged")
        place = self.kind(data.get("wrapper", False) or family == 0) * 4 + (0 if self.provider else 2) + (0 if self.stage else 1)
        self.rank = place * WORDS_MOST + max(0, WORDS_MOST - 1 - sum(map(len, self.all)))

    def kind(self, wrapper):
        coded = self.code > 5 or (self.enhanced and self.low == self.high)
        if wrapper:
            return 8 if self.general and self.program else 7
        if self.all:
            return 4 if self.general == "last" else 3 if self.general else 0 if coded else 1
        if self.enhanced:
            return 4 if self.general or self.enhanced.endswith(".") else 2
        return 5 if self.code > 5 else 6

    def matches(self, folded, protocol, stage, provider):
        """An unknown protocol fits every rule (the words show it); an unknown stage or provider fits
        only the rules that do not ask for one."""
        said = folded.code or not self.all or folded.enhanced >> 10 & 1023 == 4
        family = folded.code // 100 if said else folded.enhanced >> 20
        if self.code == REFUSAL and family < 4:
            return False
        if self.code > REFUSAL and self.code not in (folded.code, family):
            return False
        if self.enhanced and not self.low <= folded.enhanced <= self.high:
            return False
        if self.protocol and protocol and self.protocol != protocol:
            return False
        if self.stage and self.stage != stage:
            return False
        if self.owner["stage"] == "submit" and stage not in (None, "submit", "goodbye"):
            return False  # what is said before a message is submitted is not about the message
        if self.provider and self.provider != provider:
            return False
        at = 0
        for literal in self.all:
            found = find(folded.text, literal, at)
            if found < 0:
                return False
            at = found + len(literal)
        return not any(find(folded.text, literal) >= 0 for literal in self.none)


def enhanced_range(text):
    """"5.7.139" one, "5.7.606-649" a range, "5.7." and "5." families."""
    if not text:
        return 0, 0
    match = re.fullmatch(r"([245])\.(?:([0-9]+)\.(?:([0-9]+)(?:-([0-9]+))?)?)?", text)
    if not match:
        raise ValueError(f"bad enhanced code {text!r}")
    kind, subject, first, last = match.groups()
    low = packed(kind, subject or 0, first or 0)
    return low, packed(kind, subject or 1023, last or first or 1023)


GRAM_BITS = 13


def gram(four):
    """Four bytes to a place of the index in classify.c."""
    return (int.from_bytes(four, "little") * 2654435761 & 0xffffffff) >> 32 - GRAM_BITS


def grams_of(text):
    return {gram(text[i:i + 4]) for i in range(len(text) - 3)}


def index(rules):
    """Each rule with literals stands at its rarest four bytes, as the rules' own examples go: a list of the rules'
    numbers for each place. And the numbers of the rules that have no such bytes."""
    seen = [0] * (1 << GRAM_BITS)
    for rule in rules:
        for place in grams_of(fold(rule.example.encode()).text):
            seen[place] += 1
    places, plain = [[] for _ in seen], []
    for number, rule in enumerate(rules):
        own = {place for literal in rule.all for place in grams_of(literal)}
        if own:
            places[min(own, key=lambda place: (seen[place] + len(places[place]), place))].append(number)
        else:
            plain.append(number)
    return places, plain


def classify(rules, found, words, protocol=None, stage=None, provider=None):
    """All rules of the strongest rank that match; the nested reply first. Empty: unknown. FOUND: index(RULES)."""
    places, plain = found
    outer = fold(words)
    inner = nested(outer)
    for folded in [inner, outer] if inner else [outer]:
        near = [*plain, *(number for place in grams_of(folded.text) for number in places[place])]
        hits = [rules[number] for number in near if rules[number].matches(folded, protocol, stage, provider)]
        if hits:
            best = min(rule.rank for rule in hits)
            return [rule for rule in hits if rule.rank == best]
    return []
