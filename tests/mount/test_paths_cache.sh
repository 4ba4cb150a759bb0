#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Locations of 1,000 tables: they come from the schema cache, and after ALTER
# STORAGE every one of them is another at once.
. "$(dirname "$0")/lib.sh"
need python3
{
  for n in $(seq 0 9); do
    echo "CREATE NAMESPACE n$n;"
    for t in $(seq 50); do
      echo "CREATE SHARED TABLE n$n.s$t (id BIGINT PRIMARY KEY, body TEXT);"
      echo "CREATE USER TABLE n$n.u$t (id BIGINT PRIMARY KEY, body TEXT);"
    done
  done
} >"$T/tables.sql"
expect_ok '1,000 tables' "$KALAMCTL" "$CAT" exec "$T/tables.sql"
start || finish

cat >"$T/common.py" <<'END'
import os, resource, subprocess, sys
mount, catalog, kalamctl = sys.argv[1:4]
SHARED = [(f"n{n}", f"s{t}") for n in range(10) for t in range(1, 51)]
USER = [(f"n{n}", f"u{t}") for n in range(10) for t in range(1, 51)]

def table(ns, name):
    return f"{mount}/namespaces/{ns}/tables/{name}"

def metrics():
    found = {"operations": 0}
    with open(f"{mount}/.kalamfs/metrics") as lines:
        for line in lines:
            name, _, value = line.rpartition(" ")
            if name.startswith("kalamfs_operations_total{"):
                found["operations"] += int(value)
            elif name.startswith("kalamfs_schema_cache_"):
                found[name.removeprefix("kalamfs_schema_cache_")] = float(value)
    return found

def since(before):
    return {key: value - before[key] for key, value in metrics().items()}

def wrong(found):
    """found: (path, link, expected), checked; how many and the first of them"""
    bad = [f"{path}: {link}, expected {expected}" for path, link, expected in found if link != expected]
    return f"{len(bad)} of {len(found)} wrong: {bad[0]}" if bad else ""
END

# What the kernel has not kept it asks for, and the daemon has it in its cache.
cat "$T/common.py" - >"$T/hits.py" <<'END'
def resolve(user):
    found = []
    for ns, name in SHARED:
        path = f"{table(ns, name)}/storage"
        found.append((path, os.readlink(path), f"{catalog}/storage/{ns}/{name}"))
    for ns, name in USER:
        path = f"{table(ns, name)}/storage/{user}"
        found.append((path, os.readlink(path), f"{catalog}/storage/{ns}/{name}/{user}"))
    assert not wrong(found), wrong(found)

resolve("first")
before = metrics()
for i in range(10):
    # A directory operation makes the kernel look again at every name; where it
    # cannot be told so, it never keeps where a link is.
    os.mkdir(f"{mount}/namespaces/pass{i}")
    resolve(f"user{i}")
d = since(before)
looked = d["hits_total"] + d["misses_total"]
print(f"10,000 locations: {d['operations']} round trips, {looked:.0f} looks into the cache, "
      f"{100 * d['hits_total'] / looked:.3f} % hits")
assert d["operations"] >= 10000, "the kernel has answered some of them itself"
assert looked >= 10000, "some were not looked for in the cache"
assert d["hits_total"] / looked > 0.99, d
assert d["evictions_total"] == 0, d
END
is 0 'more than 99 % of 10,000 locations come from the schema cache' python3 "$T/hits.py" "$MNT" "$CAT" "$KALAMCTL"
cat "$T/out"

# ALTER STORAGE, five times by ctl and five times by kalamctl.
cat "$T/common.py" - >"$T/alter.py" <<'END'
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
held = [(os.open(table(ns, name), os.O_RDONLY | os.O_DIRECTORY), ns, name) for ns, name in SHARED]
held_users = [(os.open(f"{table(ns, name)}/storage", os.O_RDONLY | os.O_DIRECTORY), ns, name)
              for ns, name in USER]

def through_held(base, shared, user):
    found = []
    for fd, ns, name in held:
        found.append((f"held {ns}.{name}", os.readlink("storage", dir_fd=fd), f"{base}/{shared}/{ns}/{name}"))
    for fd, ns, name in held_users:
        found.append((f"held {ns}.{name}", os.readlink("alice", dir_fd=fd), f"{base}/{user}/{ns}/{name}/shard_0/alice"))
        found.append((f"held {ns}.{name}", os.readlink("bob", dir_fd=fd), f"{base}/{user}/{ns}/{name}/shard_17/bob"))
    return found

def through_paths(base, shared, user):
    found = []
    for ns, name in SHARED:
        path = f"{table(ns, name)}/storage"
        found.append((path, os.readlink(path), f"{base}/{shared}/{ns}/{name}"))
    for ns, name in USER:
        path = f"{table(ns, name)}/storage/alice"
        found.append((path, os.readlink(path), f"{base}/{user}/{ns}/{name}/shard_0/alice"))
    return found

def statement(shared, user):
    return (f"ALTER STORAGE local SET SHARED_TABLES_TEMPLATE '{shared}/{{namespace}}/{{tableName}}' "
            f"SET USER_TABLES_TEMPLATE '{user}/{{namespace}}/{{tableName}}/{{shard}}/{{userId}}';\n")

def by_ctl(text):
    with open(f"{mount}/ctl", "w") as ctl:
        ctl.write(text)

def by_kalamctl(text):
    subprocess.run([kalamctl, catalog, "exec"], input=text, text=True, check=True, stdout=subprocess.DEVNULL)

base = f"{catalog}/storage"
for how in by_ctl, by_kalamctl:
    for i in range(1, 6):
        shared, user = f"{how.__name__}/s{i}", f"{how.__name__}/u{i}"
        before = metrics()
        how(statement(shared, user))
        # The directories that were held first in one round, the paths in the next.
        steps = [through_held, through_paths] if i % 2 else [through_paths, through_held]
        for step in steps:
            found = step(base, shared, user)
            assert len(found) >= 1000
            assert not wrong(found), f"{how.__name__} {i}, {step.__name__}: {wrong(found)}"
        # Each is read again, once: what was in the cache counts as a miss.
        d = since(before)
        assert 1000 <= d["misses_total"] <= 1010, f"{how.__name__} {i}: {d}"
print("10 times 1,000 tables")
END
is 0 'ALTER STORAGE shows in every link at once' python3 "$T/alter.py" "$MNT" "$CAT" "$KALAMCTL"
cat "$T/out"
finish
