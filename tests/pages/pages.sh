#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# index.html of the catalog and of namespaces: links, markup in texts, a real browser.
. "$(dirname "$0")/../mount/lib.sh"
need python3 chromium
for sql in tpch chat; do
  is 0 "the demo's $sql" "$KALAMCTL" "$CAT" exec "$ROOT/tests/demo/$sql.sql"
done
EVIL='</td></table><script>document.title = "taken over"</script><img src=x onerror="document.title=1">'
exec_sql "CREATE NAMESPACE evil WITH (owner = '$EVIL') COMMENT '$EVIL';
  CREATE TABLE evil.t (id INT PRIMARY KEY, a TEXT DEFAULT '$EVIL' COMMENT '$EVIL') COMMENT '$EVIL';
  CREATE STORAGE evil TYPE filesystem PATH '/data/evil' NAME '$EVIL' DESCRIPTION '$EVIL' CREDENTIALS '{\"key\":\"hush-4711\"}';"
exec_sql "ALTER TABLE evil.t ADD COLUMN b TEXT COMMENT '$EVIL'"
start || finish
is 0 'links and markup' python3 "$(dirname "$0")/check.py" "$MNT"
cat "$T/out"
lacks 'no credentials' hush-4711 "$(cat "$MNT/index.html" "$MNT"/namespaces/*/index.html)"
for page in index.html namespaces/chat/index.html; do
  same "size of $page" "$(stat -c %s "$MNT/$page")" "$(wc -c <"$MNT/$page")"
  refused 'Permission denied' - '' setpriv --reuid 65534 --clear-groups bash -c 'echo x >"$1"' bash "$MNT/$page"
  refused 'Operation not permitted' - '' rm "$MNT/$page"
  refused 'Operation not permitted' - '' mv "$MNT/$page" "$MNT/$page.old"
done

# What changes, changes the page, and its time; what does not, does not.
before=$(stat -c %Y.%y "$MNT/namespaces/chat/index.html")
accept "$MNT" "ALTER NAMESPACE tpch COMMENT 'another'"
same 'another namespace' "$before" "$(stat -c %Y.%y "$MNT/namespaces/chat/index.html")"
accept "$MNT/namespaces/chat/tables/rooms" "ADD COLUMN motto TEXT COMMENT 'a new sentence'"
differs 'its own table' "$before" "$(stat -c %Y.%y "$MNT/namespaces/chat/index.html")"
has 'shows' 'a new sentence' "$(cat "$MNT/namespaces/chat/index.html")"
has 'and tells' 'Added column motto' "$(cat "$MNT/namespaces/chat/index.html")"
for page in index.html namespaces/chat/index.html; do
  same "size of $page afterwards" "$(stat -c %s "$MNT/$page")" "$(wc -c <"$MNT/$page")"
done

# The same on a read-only mount and in a copy.
mkdir "$T/ro" "$T/copy"
start -m "$T/ro" -o ro || finish
same_file 'on a read-only mount' "$MNT/namespaces/chat/index.html" "$T/ro/namespaces/chat/index.html"
cp -rd "$T/ro/." "$T/copy/"
same_file 'in a copy' "$MNT/index.html" "$T/copy/index.html"

# In a browser, from the mount and through a web server.
browse() {
  timeout 90 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync \
    --disable-background-networking --disable-component-update --user-data-dir="$T/profile" "$@" 2>"$T/err"
}
browse --dump-dom "file://$MNT/namespaces/evil/index.html" >"$T/dom"
has 'the title is ours' '<title>evil</title>' "$(cat "$T/dom")"
has 'markup is text' '&lt;script&gt;document.title' "$(cat "$T/dom")"
lacks 'nothing ran' 'taken over</title>' "$(cat "$T/dom")"
(cd "$MNT" && exec python3 -u -m http.server --bind 127.0.0.1 0) >"$T/server" 2>&1 &
server=$!
wait_for 20 grep -q 'port [0-9]' "$T/server" || fail 'no web server' "$(cat "$T/server")"
port=$(grep -o 'port [0-9]*' "$T/server" | head -n 1 | cut -d ' ' -f 2)
browse --dump-dom "http://127.0.0.1:$port/index.html" >"$T/dom"
has 'the catalog, served' 'href="namespaces/chat/index.html"' "$(cat "$T/dom")"
browse --window-size=1000,1400 --screenshot="$T/page.png" "http://127.0.0.1:$port/namespaces/chat/index.html" >/dev/null
kill "$server"
wait "$server" 2>/dev/null
is 0 'a screenshot that is not blank' python3 - "$T/page.png" <<'END'
import struct, sys, zlib
data = open(sys.argv[1], 'rb').read()
assert data[:8] == b'\x89PNG\r\n\x1a\n'
at, raw, head = 8, b'', None
while at < len(data):
    size, kind = struct.unpack('>I4s', data[at:at + 8])
    if kind == b'IHDR':
        head = struct.unpack('>II', data[at + 8:at + 16])
    if kind == b'IDAT':
        raw += data[at + 8:at + 8 + size]
    at += 12 + size
assert head == (1000, 1400), head
assert len(set(zlib.decompress(raw))) > 50, 'one colour'
END
finish
