#!/usr/bin/python3
"""Makes a C file of a style sheet: `html_style`, its lines, and `html_style_hash`, by which the page's
Content-Security-Policy lets that sheet in and no other.

usage: style.py STYLE.css OUTPUT.c
"""
import base64
import hashlib
import pathlib
import re
import sys


def shorten(sheet):
    """Comments and indentation are for us."""
    sheet = re.sub(r'/\*.*?\*/', '', sheet, flags=re.DOTALL)
    return '\n'.join(line for line in (raw.strip() for raw in sheet.splitlines()) if line) + '\n'


def quote(line):
    return '"' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"'


def main():
    source, output = map(pathlib.Path, sys.argv[1:])
    sheet = shorten(source.read_text(encoding='ascii'))
    for banned in ('<', 'url(', '@import'):
        if banned in sheet:
            sys.exit(f'{source.name}: {banned} has no place in a page that is whole by itself')
    digest = base64.b64encode(hashlib.sha256(sheet.encode('ascii')).digest()).decode('ascii')
    lines = '\n'.join('    ' + quote(line) + ',' for line in sheet.splitlines())
    output.write_text('/* Made from ' + source.name + ' by tools/generate/style.py. */\n'
                      '#include "report/html.h"\n\n'
                      f'const char *const html_style[] = {{\n{lines}\n    0,\n}};\n'
                      f'const char html_style_hash[] = "sha256-{digest}";\n', encoding='ascii')


if __name__ == '__main__':
    main()
