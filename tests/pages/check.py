#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# check.py MOUNT : every index.html is well formed, needs nothing from elsewhere, and each of
# its links leads to something that is there.
import html.parser, os, sys, urllib.parse

VOID = {'meta', 'link', 'br', 'hr', 'img', 'input'}


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.path, self.open, self.links, self.ids, self.faults, self.tags = path, [], [], [], [], set()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if 'href' in attrs:
            self.links.append(attrs['href'])
        if 'id' in attrs:
            self.ids.append(attrs['id'])
        self.faults += [f'{name}=' for name in attrs if name.startswith('on') or name in ('src', 'action')]
        if tag in ('script', 'iframe', 'object', 'form', 'base'):
            self.faults.append(f'<{tag}>')
        if tag == 'th' and 'scope' not in attrs:
            self.faults.append('<th> without scope')

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f'</{tag}> out of place')


mount = sys.argv[1]
pages, followed, bad = [os.path.join(mount, 'index.html')], 0, []
for name in os.listdir(os.path.join(mount, 'namespaces')):
    pages.append(os.path.join(mount, 'namespaces', name, 'index.html'))
for path in pages:
    with open(path, encoding='utf-8') as file:
        text = file.read()
    page = Page(path)
    page.feed(text)
    page.close()
    faults = page.faults + [f'<{tag}> not closed' for tag in page.open]
    if not text.startswith('<!DOCTYPE html>\n<html lang="en">'):
        faults.append('no doctype or language')
    if len(page.ids) != len(set(page.ids)):
        faults.append('an id twice')
    for need in ('title', 'main', 'h1'):
        if need not in page.tags:
            faults.append(f'no <{need}>')
    for link in page.links:
        url = urllib.parse.urlsplit(link)
        if url.scheme or url.netloc or link.startswith('/'):
            faults.append(f'{link} is not relative')
        elif url.path and not os.path.exists(os.path.join(os.path.dirname(path), url.path)):
            faults.append(f'{link} leads nowhere')
        elif not url.path and url.fragment not in page.ids:
            faults.append(f'{link} leads nowhere on the page')
        followed += 1
    bad += [f'{path}: {fault}' for fault in faults]
print('\n'.join(bad) or f'{len(pages)} pages, {followed} links')
sys.exit(bool(bad))
