"""Makes the C tables of the known mail providers out of providers.json.

usage: providers.py providers.json OUTPUT.c

A bad entry ends the build with one line that says which and why: a table that is wrong in silence would send people to
the wrong port.
"""
import ipaddress
import json
import re
import sys

PROVIDER_KEYS = {'id', 'family', 'title', 'cloud', 'administrator', 'source', 'mx_suffixes', 'host_suffixes', 'domains',
                 'endpoints'}
ROUTE_KEYS = {'id', 'title', 'family', 'host', 'port', 'login', 'limit', 'source'}
OPTIONAL_KEYS = {'oauth', 'published'}
PUBLISHED_KEYS = {'date', 'source', 'hosts', 'tcp_ports', 'ranges'}
OAUTH_KEYS = {'kind', 'authority', 'browser', 'tenant', 'resource', 'audiences', 'federation', 'source'}
OAUTH_KINDS = ('entra', 'google')
URL = re.compile(r'https://[a-z0-9.-]+(/[a-zA-Z0-9._/-]*)?')
ENDPOINT_KEYS = {'host', 'port', 'service', 'security', 'expectation', 'source'}
NAME_LISTS = ('mx_suffixes', 'host_suffixes', 'domains')
WORD = re.compile(r'[a-z0-9]+(-[a-z0-9]+)*')
LABEL = r'[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
HOST = re.compile(rf'{LABEL}(\.{LABEL})+')
# What a client finds on each documented port (RFC 8314 section 3; port 25 as submission with STARTTLS).
PORTS = {25: ('smtp', 'starttls'), 587: ('smtp', 'starttls'), 465: ('smtp', 'implicit'), 143: ('imap', 'starttls'),
         993: ('imap', 'implicit'), 110: ('pop3', 'starttls'), 995: ('pop3', 'implicit')}
EXPECTATIONS = ('offered', 'optional', 'not-offered')


class Bad(Exception):
    pass


def require(holds, where, what):
    if not holds:
        raise Bad(f'{where}: {what}')


def no_twins(pairs):
    """json takes the last of two equal keys in silence; a fact would be lost."""
    keys = [key for key, _ in pairs]
    for key in keys:
        require(keys.count(key) == 1, 'providers.json', f'key {key!r} stands twice in one object')
    return dict(pairs)


def check_text(value, where):
    require(isinstance(value, str) and value.strip() == value != '', where, 'must be a text')
    require(value.isprintable() and value.isascii(), where, 'has a character that is not printable ASCII')


def check_endpoint(endpoint, where):
    require(isinstance(endpoint, dict), where, 'is no object')
    require(set(endpoint) == ENDPOINT_KEYS, where, f'keys differ: {sorted(set(endpoint) ^ ENDPOINT_KEYS)}')
    require(isinstance(endpoint['host'], str) and HOST.fullmatch(endpoint['host']), where, 'host is no host name')
    require(endpoint['port'] in PORTS, where, f'port {endpoint["port"]} is none of {sorted(PORTS)}')
    expected = PORTS[endpoint['port']]
    found = (endpoint['service'], endpoint['security'])
    require(found == expected, where, f'service and security are {found}, on this port they are {expected}')
    require(endpoint['expectation'] in EXPECTATIONS, where, f'expectation is none of {EXPECTATIONS}')
    check_text(endpoint['source'], f'{where}: source')


def check_route(route, families):
    where = f'route {route.get("id")!r}'
    require(set(route) == ROUTE_KEYS, where, f'keys differ: {sorted(set(route) ^ ROUTE_KEYS)}')
    for key in ('title', 'source') + (('limit',) if route['limit'] is not None else ()):
        check_text(route[key], f'{where}: {key}')
    require(WORD.fullmatch(route['id']), where, 'id is no lower-case word')
    require(route['family'] is None or route['family'] in families, where, 'family is no provider')
    require(route['host'] is None or HOST.fullmatch(route['host']), where, 'host is no host name')
    require(PORTS.get(route['port'], (None,))[0] == 'smtp', where, 'port is none of SMTP')
    require(isinstance(route['login'], bool), where, 'login is neither true nor false')
    require(route['login'] or route['host'] is None, where, 'without a login it goes to the MX of the domain')


def check_published(published, where):
    require(isinstance(published, dict) and set(published) == PUBLISHED_KEYS, where, f'keys are {sorted(PUBLISHED_KEYS)}')
    require(re.fullmatch(r'\d{4}-\d\d-\d\d', published['date']), where, 'date is no YYYY-MM-DD')
    check_text(published['source'], f'{where}: source')
    for key in ('hosts', 'tcp_ports', 'ranges'):
        require(published[key] and len(set(published[key])) == len(published[key]), where, f'{key} is empty, or one stands twice')
    for host in published['hosts']:
        require(HOST.fullmatch(host.removeprefix('*.')), where, f'{host!r} is no host name')
    for port in published['tcp_ports']:
        require(port in PORTS, where, f'port {port} is none of {sorted(PORTS)}')
    for text in published['ranges']:
        try:
            require(str(ipaddress.ip_network(text)) == text, where, f'{text!r} is written otherwise')
        except ValueError as error:
            raise Bad(f'{where}: {error}') from None


def check_oauth(oauth, where):
    require(isinstance(oauth, dict) and set(oauth) == OAUTH_KEYS, where, f'keys are not {sorted(OAUTH_KEYS)}')
    require(oauth['kind'] in OAUTH_KINDS, where, f'kind is none of {OAUTH_KINDS}')
    for key in ('authority', 'browser', 'resource'):
        require(isinstance(oauth[key], str) and URL.fullmatch(oauth[key]), where, f'{key} is no https address')
    for key in ('tenant', 'federation'):
        if oauth[key] is not None:
            check_text(oauth[key], f'{where}: {key}')
    require(isinstance(oauth['audiences'], list), where, 'audiences is no list')
    for audience in [*oauth['audiences'], oauth['source']]:
        check_text(audience, where)


def check_provider(provider):
    where = f'provider {provider.get("id")!r}'
    differ = set(provider) - OPTIONAL_KEYS ^ PROVIDER_KEYS
    require(not differ, where, f'keys differ: {sorted(differ)}')
    for number, published in enumerate(provider.get('published', []), 1):
        check_published(published, f'{where}: published {number}')
    if 'oauth' in provider:
        check_oauth(provider['oauth'], f'{where}: oauth')
    for key in ('id', 'family', 'title', 'administrator', 'source'):
        check_text(provider[key], f'{where}: {key}')
    require(WORD.fullmatch(provider['id']), where, 'id is no lower-case word')
    if provider['cloud'] is not None:
        require(WORD.fullmatch(provider['cloud']), where, 'cloud is no lower-case word')
    for key in NAME_LISTS:
        for name in provider[key]:
            require(isinstance(name, str) and HOST.fullmatch(name.removeprefix('.')), where,
                    f'{key}: {name!r} is no name')
    seen = set()
    for endpoint in provider['endpoints']:
        spot = f'{where}: {endpoint.get("host")}:{endpoint.get("port")}'
        check_endpoint(endpoint, spot)
        require((endpoint['host'], endpoint['port']) not in seen, spot, 'stands twice')
        seen.add((endpoint['host'], endpoint['port']))


def owns(names, host):
    return any(host == name or (name.startswith('.') and host.endswith(name)) for name in names)


def check_together(providers):
    ids = [provider['id'] for provider in providers]
    for provider in providers:
        where = f'provider {provider["id"]!r}'
        require(ids.count(provider['id']) == 1, where, 'id is used twice')
        require(provider['family'] in ids, where, f'family {provider["family"]!r} is no provider')
        for endpoint in provider['endpoints']:
            require(any(owns(other['host_suffixes'], endpoint['host']) for other in providers), where,
                    f'nobody\'s host_suffixes cover {endpoint["host"]}')
    for key in NAME_LISTS:
        owner = {}
        for provider in providers:
            for name in provider[key]:
                require(name not in owner, f'provider {provider["id"]!r}',
                        f'{key}: {name!r} is also that of {owner.get(name)!r}')
                owner[name] = provider['id']
    generic = next((provider for provider in providers if provider['id'] == 'generic'), None)
    require(generic is not None, 'providers', '"generic" is missing')
    require(not any(generic[key] for key in NAME_LISTS + ('endpoints',)), 'provider \'generic\'',
            'knows no names and no endpoints')


def c_text(text):
    if text is None:
        return 'NULL'
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def c_list(names):
    return ', '.join([c_text(name) for name in names] + ['NULL'])


def emit_published(lists, stem):
    for number, published in enumerate(lists):
        for key in ('hosts', 'ranges'):
            yield f'static const char *const {key}_{number}_published_by_{stem}[] = {{ {c_list(published[key])} }};'
    yield f'static const struct provider_published published_by_{stem}[] = {{'
    for number, published in enumerate(lists):
        ports = ','.join(str(port) for port in published['tcp_ports'])
        yield (f'    {{ .date = {c_text(published["date"])}, .source = {c_text(published["source"])}, '
               f'.tcp_ports = {c_text(ports)}, .hosts = hosts_{number}_published_by_{stem}, '
               f'.ranges = ranges_{number}_published_by_{stem} }},')
    yield '};'


def emit(providers, routes):
    yield '/* Made from providers.json by tools/generate/providers.py. */'
    yield '#include "providers/provider.h"'
    for provider in providers:
        stem = provider['id'].replace('-', '_')
        for key in NAME_LISTS:
            yield f'static const char *const {key}_of_{stem}[] = {{ {c_list(provider[key])} }};'
        if 'published' in provider:
            yield from emit_published(provider['published'], stem)
        if provider['endpoints']:
            yield f'static const struct provider_endpoint endpoints_of_{stem}[] = {{'
            for e in provider['endpoints']:
                # A documented port 25 is authenticated submission; an MX is never in the table.
                yield (f'    {{ .host = {c_text(e["host"])}, .port = {e["port"]}, .service = {c_text(e["service"])}, '
                       f'.security = {c_text(e["security"])}, .expectation = {c_text(e["expectation"])} }},')
            yield '};'
        if 'oauth' in provider:
            oauth = provider['oauth']
            yield f'static const char *const audiences_of_{stem}[] = {{ {c_list(oauth["audiences"])} }};'
            yield f'static const struct provider_oauth oauth_of_{stem} = {{'
            for key in ('kind', 'authority', 'browser', 'tenant', 'resource', 'federation'):
                yield f'    .{key} = {c_text(oauth[key])},'
            yield f'    .audiences = audiences_of_{stem},'
            yield '};'
    yield 'const struct provider providers[] = {'
    for provider in providers:
        stem = provider['id'].replace('-', '_')
        yield '    {'
        for key in ('id', 'family', 'title', 'cloud', 'administrator'):
            yield f'        .{key} = {c_text(provider[key])},'
        for key in NAME_LISTS:
            yield f'        .{key} = {key}_of_{stem},'
        if 'oauth' in provider:
            yield f'        .oauth = &oauth_of_{stem},'
        if provider['endpoints']:
            yield f'        .endpoints = endpoints_of_{stem},'
            yield f'        .endpoint_count = {len(provider["endpoints"])},'
        if 'published' in provider:
            yield f'        .published = published_by_{stem},'
            yield f'        .published_count = {len(provider["published"])},'
        yield '    },'
    yield '};'
    yield f'const size_t provider_count = {len(providers)};'
    yield 'const struct provider_route provider_routes[] = {'
    for route in routes:
        yield (f'    {{ .id = {c_text(route["id"])}, .title = {c_text(route["title"])}, .family = {c_text(route["family"])}, '
               f'.host = {c_text(route["host"])}, .port = {route["port"]}, .login = {str(route["login"]).lower()}, '
               f'.limit = {c_text(route["limit"])} }},')
    yield '};'
    yield f'const size_t provider_route_count = {len(routes)};'


def main(source, target):
    try:
        with open(source, encoding='utf-8') as file:
            data = json.load(file, object_pairs_hook=no_twins)
        require(set(data) == {'comment', 'date', 'routes', 'providers'}, source,
                'keys are comment, date, routes, providers')
        require(re.fullmatch(r'\d{4}-\d\d-\d\d', data['date']), source, 'date is no YYYY-MM-DD')
        for provider in data['providers']:
            check_provider(provider)
        check_together(data['providers'])
        for route in data['routes']:
            check_route(route, {provider['family'] for provider in data['providers']})
            require(sum(route['id'] == other['id'] for other in data['routes']) == 1, source,
                    f'route {route["id"]!r} stands twice')
    except (Bad, ValueError) as error:
        sys.exit(f'{source}: {error}')
    with open(target, 'w', encoding='utf-8') as file:
        file.write('\n'.join(emit(data['providers'], data['routes'])) + '\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
