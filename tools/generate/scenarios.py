"""Makes the C table of the simulator's scenarios out of its data files.

usage: scenarios.py scenario.h OUTPUT.c SCENARIO.json...

The words a data file may use are the enumerations of scenario.h: "tls-only-10" there is SIM_TLS_ONLY_10. A bad file
ends the build with one line that says which and why: a scenario that does not show what it says is worse than none.
"""
import json
import pathlib
import re
import sys

KEYS = {'id', 'title', 'class', 'exit', 'persona', 'target', 'options', 'login', 'token', 'certificate', 'tls', 'dns',
        'ipv6', 'ports', 'answers', 'clock_days', 'delivery', 'pop3_lock'}
NEEDED = {'id', 'title', 'class', 'exit', 'persona', 'target'}
ANSWER_KEYS = {'on', 'at', 'say', 'then', 'delay_ms', 'odd'}
TITLE_MOST = 49  # a line of the list has 80 columns
PORTS = ('25', '587', '465', '143', '993', '110', '995')
GROUPS = {'smtp': PORTS[0:3], 'imap': PORTS[3:5], 'pop3': PORTS[5:7], 'all': PORTS}
PERSONAS = {'exchange': ('contoso.com', 'smtp.office365.com', 'outlook.office365.com'),
            'exchange-mx': ('contoso.com', 'contoso-com.mail.protection.outlook.com'),
            'exchange-hve': ('contoso.com', 'smtp.hve.mx.microsoft'),
            'generic': ('example.org', 'mail.example.org')}
PLACEHOLDERS = {'front', 'backend', 'session', 'client', 'user', 'tag', 'verb', 'line', 'date', 'time', 'place',
                'refusal', 'exists', 'size', 'number', 'validity', 'next', 'code'}
# What a line of each protocol looks like; a scenario that is odd on purpose says so.
FORMS = {'smtp': re.compile(r'[2-5][0-9][0-9]([ -]|$)'), 'imap': re.compile(r'(\* |\+ |\{tag\} )'),
         'pop3': re.compile(r'(\+OK|-ERR|\+ )')}
WORD = re.compile(r'[a-z0-9]+(-[a-z0-9]+)*')


class Bad(Exception):
    pass


def require(holds, where, what):
    if not holds:
        raise Bad(f'{where}: {what}')


def no_twins(pairs):
    keys = [key for key, _ in pairs]
    for key in keys:
        require(keys.count(key) == 1, 'an object', f'key {key!r} stands twice')
    return dict(pairs)


def enumeration(header, name, prefix):
    """The words of one enumeration, each with its C name."""
    body = re.search(rf'enum {name} \{{(.*?)\}};', header, re.S)
    require(body, 'scenario.h', f'has no enum {name}')
    text = re.sub(r'/\*.*?\*/', '', body.group(1), flags=re.S)
    names = [entry.strip() for entry in text.split(',') if entry.strip()]
    return {name.removeprefix(prefix).lower().replace('_', '-'): name for name in names}


def vocabulary(header):
    return {'mode': enumeration(header, 'sim_mode', 'SIM_MODE_'), 'at': enumeration(header, 'sim_moment', 'SIM_'),
            'then': enumeration(header, 'sim_then', 'SIM_'), 'login': enumeration(header, 'sim_login', 'SIM_LOGIN_'),
            'delivery': enumeration(header, 'sim_delivery', 'SIM_DELIVERY_'),
            'token': enumeration(header, 'sim_token_kind', 'SIM_KIND_'),
            'certificate': enumeration(header, 'sim_certificate', 'SIM_CERTIFICATE_'),
            'tls': enumeration(header, 'sim_tls', 'SIM_TLS_'), 'fault': enumeration(header, 'sim_dns_fault', 'SIM_DNS_')}


def quote(text):
    """TEXT as a C string."""
    require(text.isascii(), repr(text), 'is not ASCII')
    return '"' + ''.join({'"': '\\"', '\\': '\\\\', '\n': '\\n'}.get(c, c) for c in text) + '"'


def look_up(words, kind, word, where):
    require(word in words[kind], where, f'{kind} {word!r} is none of {sorted(words[kind])}')
    return words[kind][word]


def as_list(value):
    return value if isinstance(value, list) else [value]


def check_say(say, protocols, odd, where):
    for name in re.findall(r'\{([a-z]+)\}', say):
        require(name in PLACEHOLDERS, where, f'placeholder {{{name}}} is unknown')
    require('\r' not in say and not say.endswith('\n'), where, 'lines are divided by \\n and not ended')
    if odd:
        return
    for protocol in protocols:
        for number, line in enumerate(say.split('\n')):
            form = FORMS[protocol] if protocol != 'pop3' or number == 0 else re.compile('')
            require(form.match(line), where, f'{line!r} is no line of {protocol}')


def answer_rows(words, answer, where):
    require(isinstance(answer, dict) and set(answer) <= ANSWER_KEYS and {'on', 'at'} <= set(answer), where,
            f'keys are not {sorted(ANSWER_KEYS)}')
    ports = []
    for word in as_list(answer['on']):
        require(str(word) in PORTS or word in GROUPS, where, f'on: {word!r} is no port and none of {sorted(GROUPS)}')
        ports += GROUPS.get(word, [str(word)])
    say = answer.get('say')
    if say is not None:
        say = '\n'.join(as_list(say))
        protocols = {name for name in ('smtp', 'imap', 'pop3') if set(ports) & set(GROUPS[name])}
        check_say(say, protocols, answer.get('odd', False), where)
    then = look_up(words, 'then', answer.get('then', 'go-on'), where)
    delay = answer.get('delay_ms', 0)
    require(isinstance(delay, int) and 0 <= delay <= 600000, where, 'delay_ms must be 0 to 600000')
    bits = ' | '.join(f'1U << SIM_{port}' for port in ports)
    for at in as_list(answer['at']):
        moment = look_up(words, 'at', at, where)
        yield f'{{ {bits}, {moment}, {quote(say) if say is not None else "NULL"}, {then}, {delay} }}'


def check_plain(scenario, path):
    where = path.name
    require(isinstance(scenario, dict) and NEEDED <= set(scenario) <= KEYS, where,
            f'keys are not {sorted(NEEDED)} and of {sorted(KEYS)}')
    require(scenario['id'] == path.stem and WORD.fullmatch(path.stem), where, 'id is not the name of the file')
    require(scenario['persona'] in PERSONAS, where, f'persona is none of {sorted(PERSONAS)}')
    title = scenario['title']
    require(isinstance(title, str) and title.isprintable() and title and len(title) <= TITLE_MOST and title[-1] != '.',
            where, f'title is no plain text of at most {TITLE_MOST} characters without a final dot')
    require(scenario['class'] is None or WORD.fullmatch(scenario['class']), where, 'class is no word')
    require(scenario['exit'] in (0, 1, 2) and (scenario['class'] is not None or scenario['exit'] == 0), where,
            'exit is not 0, 1 or 2, or is not 0 though there is no class')
    require(any(name in scenario['target'] for name in PERSONAS[scenario['persona']]), where,
            'target is no address and no host of the persona')


def string_list(name, items, out):
    """Writes a list ended by NULL, and returns its name; NULL for none."""
    if items is None:
        return 'NULL'
    out.append(f'static const char *const {name}[] = {{ {", ".join([quote(item) for item in items] + ["NULL"])} }};')
    return name


def delivery_fields(words, delivery, where):
    """What becomes of a message to the account itself."""
    require(set(delivery) <= {'to', 'after_ms', 'bounce'}, where, 'delivery has other keys than to, after_ms and bounce')
    after, bounce = delivery.get('after_ms', 0), delivery.get('bounce')
    require(isinstance(after, int) and 0 <= after <= 600000, where, 'delivery: after_ms must be 0 to 600000')
    require((delivery.get('to') == 'bounce') == (bounce is not None), where, 'delivery: bounce needs its words, and only it')
    require(bounce is None or re.fullmatch(r'[45][0-9]{2} [45]\.[0-9]+\.[0-9]+ .+', bounce), where,
            'delivery: the bounce is no refusal with an enhanced code')
    return [f'.delivery = {look_up(words, "delivery", delivery.get("to", "inbox"), where)}', f'.delivery_ms = {after}',
            f'.bounce = {quote(bounce) if bounce else "NULL"}']


def render(words, scenario, path, out):
    """Writes the lists of one scenario to OUT, and returns its row."""
    check_plain(scenario, path)
    where, name = path.name, path.stem.replace('-', '_')
    rows = [row for i, answer in enumerate(scenario.get('answers', []))
            for row in answer_rows(words, answer, f'{where}: answer {i + 1}')]
    if rows:
        out.append(f'static const struct sim_answer {name}_answers[] = {{\n    ' + ',\n    '.join(rows) + ',\n};')
    dns = scenario.get('dns', {})
    require(set(dns) <= {'fault', 'names'}, where, 'dns has other keys than fault and names')
    options = string_list(f'{name}_options', scenario.get('options'), out)
    names = string_list(f'{name}_names', dns.get('names'), out)
    modes = []
    for port, mode in scenario.get('ports', {}).items():
        require(port in PORTS, where, f'ports: {port!r} is none of {PORTS}')
        modes.append(f'[SIM_{port}] = {look_up(words, "mode", mode, where)}')
    fields = [
        f'.id = {quote(scenario["id"])}', f'.title = {quote(scenario["title"])}',
        f'.expected_class = {quote(scenario["class"]) if scenario["class"] else "NULL"}',
        f'.expected_exit = {scenario["exit"]}', f'.persona = &sim_{scenario["persona"].replace("-", "_")}',
        f'.target = {quote(scenario["target"])}', f'.options = {options}',
        f'.login = {look_up(words, "login", scenario.get("login", "none"), where)}',
        f'.token = {look_up(words, "token", scenario.get("token", "good"), where)}',
        f'.certificate = {look_up(words, "certificate", scenario.get("certificate", "good"), where)}',
        f'.tls = {look_up(words, "tls", scenario.get("tls", "good"), where)}',
        f'.dns_fault = {look_up(words, "fault", dns.get("fault", "good"), where)}', f'.dns_names = {names}',
        f'.pop3_lock = {"true" if scenario.get("pop3_lock") else "false"}',
        f'.ipv6 = {"true" if scenario.get("ipv6") else "false"}',
    ]
    clock = scenario.get('clock_days', 0)
    require(isinstance(clock, int) and abs(clock) <= 3650, where, 'clock_days is no number of days')
    fields.append(f'.clock_days = {clock}')
    fields += delivery_fields(words, scenario.get('delivery', {}), where)
    if modes:
        fields.append(f'.modes = {{ {", ".join(modes)} }}')
    if rows:
        fields += [f'.answers = {name}_answers', f'.answer_count = {len(rows)}']
    return '    {\n        ' + ',\n        '.join(fields) + ',\n    },'


def order(path):
    """The healthy ones first."""
    return (not path.stem.startswith('healthy'), path.stem)


def main():
    header, output, *names = sys.argv[1:]
    words = vocabulary(pathlib.Path(header).read_text(encoding='utf-8'))
    out, rows = [], []
    for path in sorted(map(pathlib.Path, names), key=order):
        try:
            scenario = json.loads(path.read_text(encoding='utf-8'), object_pairs_hook=no_twins)
            rows.append(render(words, scenario, path, out))
        except (Bad, ValueError) as error:
            place = '' if str(error).startswith(path.name) else f'{path.name}: '
            raise Bad(f'{place}{error}') from error
        except (AttributeError, TypeError) as error:
            raise Bad(f'{path.name}: something in it is of the wrong type ({error})') from error
    text = '\n'.join(['#include "simulate/scenario.h"', '', *out, '', 'const struct sim_scenario sim_scenarios[] = {',
                      *rows, '};', f'const size_t sim_scenario_count = {len(rows)};', ''])
    pathlib.Path(output).write_text(text, encoding='utf-8')


if __name__ == '__main__':
    try:
        main()
    except (Bad, OSError) as error:
        sys.exit(f'scenarios.py: {error}')
