# SPDX-License-Identifier: GPL-2.0-or-later
"""daemon.py - the n-th malloc, or call of the disk, of a running daemon or of kalamctl fails.

  daemon.py BUILD DIRECTORY EVERY [--control] [--only PART] [--step NAME] [--seed N]

Part `read`: each file and directory of a mount is read with nothing cached, once for
every EVERY-th call that could fail.  It fails with an errno that says so, or gives
exactly the text that a mount without faults gives, and then gives that without faults.

Part `write`: statements, saves and directory operations one after the other, in cycles;
in each of them one call fails.  Who was refused finds everything as it was, and may try
again; who was not finds his change; so does the mount without faults.

Parts `forever`, `thread`: the same, where all calls behind that one fail until the
answer, and where a thread cannot be started.  Part `ctl`: commands of kalamctl as
processes.  Invariants of the catalog hold all the time.

Part `ctl` with calls on the catalog's files, too: exit status and sentence tell whether
anything was done, and whoever opens the catalog next finds it sound.

Part `disk`: the cycles of `write`, and texts of information_schema that are spooled on
the disk; a call on the catalog's files fails once, or for ever until the answer, or is
short, or has written all the same.  The errno and `error` say why; where the end of a
commit is in doubt they say what shows.  Who reads beside that is not disturbed.

--control: a fault is planted (KALAM_PLANT), tell only how much was found.
Exit status: 0 nothing found, 1 something, 2 the run itself failed.
"""
import argparse
import ctypes
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

WAIT = 60           # seconds until something counts as not coming up
HANGS = 20          # seconds that one call may take
SHOWN = 0.05        # seconds until what is done behind an answer counts as done
LATE = 2            # and where there was no memory for it
REFUSALS = {errno.ENOMEM, errno.EIO, errno.EBUSY, errno.EAGAIN}
DEAD = {errno.ENOTCONN, errno.ECONNABORTED}
MS_REMOUNT, MS_NOSUID, MS_NODEV = 32, 2, 4
PLAIN = re.compile(r'[\x20-\x7e\n]+')

arguments = argparse.ArgumentParser()
arguments.add_argument('build')
arguments.add_argument('directory')
arguments.add_argument('every', type=int)
arguments.add_argument('--control', action='store_true')
arguments.add_argument('--only', default='')
arguments.add_argument('--step', default='')
arguments.add_argument('--seed', type=int, default=0)
args = arguments.parse_args()
BUILD, DIR, EVERY = args.build, args.directory, args.every
KALAMFS, KALAMCTL = BUILD + '/kalamfs', BUILD + '/kalamctl'
PRELOAD = BUILD + '/tests/faults/inject.so'
PLANT = BUILD + '/tests/trust/plant.so'
ORDERS = DIR + '/orders'
CATALOG = DIR + '/catalog'
libc = ctypes.CDLL(None, use_errno=True)

findings = points = refused = 0


class Hung(Exception):
    pass


def found(where, what, trace=()):
    global findings
    findings += 1
    if args.control or findings > 400:
        return
    print(f'{where}: {what}', flush=True)
    for line in trace:
        print('    ' + line, flush=True)


# ----- orders -----

class Orders:
    def __init__(self, path, *disk):
        self.program = subprocess.Popen([BUILD + '/tests/faults/inject-ctl', path, *disk], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1)
        self.arm('memory', 0)
        self.disarm()

    def ask(self, line):
        self.program.stdin.write(line + '\n')
        return self.program.stdout.readline().split()

    def arm(self, kind, at):
        kind, *forever = kind.split()
        self.ask(' '.join(['arm', kind, str(at), *forever]))

    def disarm(self):
        """How many calls there were, whether one failed; self.trace is where."""
        seen, failed, _live, *self.trace = self.ask('disarm')
        return int(seen), int(failed) > 0

    trace = ()


class Trace:
    """Return addresses as functions, innermost first; they are looked up when somebody asks."""

    def __init__(self, addresses, maps):
        self.addresses, self.maps = addresses[2:14], maps

    def __iter__(self):
        for address in (int(word, 16) for word in self.addresses):
            for line in self.maps.splitlines():
                fields = line.split()
                low, high = (int(x, 16) for x in fields[0].split('-'))
                if low <= address < high and len(fields) > 5:
                    yield symbol(fields[5], address - low + int(fields[2], 16))


def symbol(path, offset):
    out = subprocess.run(['addr2line', '-fpe', path, hex(offset - 1)], capture_output=True, text=True,
                         check=False).stdout.strip()
    return out if out and '??' not in out[:2] else f'{os.path.basename(path)}+{offset:#x}'


# ----- daemons -----

class Mount:
    """One daemon; with faults, or without them beside it."""

    def __init__(self, name, has_faults):
        self.point, self.log = f'{DIR}/{name}', f'{DIR}/{name}.log'
        self.has_faults = has_faults
        os.mkdir(self.point)
        self.daemon = None

    def environment(self):
        own = dict(os.environ)
        plant = own.pop('KALAM_PLANT', '')
        if self.has_faults:
            own.update(LD_PRELOAD=PRELOAD, KALAM_INJECT=ORDERS)
            if plant:
                own.update(LD_PRELOAD=f'{PRELOAD}:{PLANT}', KALAM_PLANT=plant)
        return own

    def start(self):
        with open(self.log, 'a') as log:
            self.daemon = subprocess.Popen([KALAMFS, '-f', CATALOG, self.point], stdout=log,
                                           stderr=log, env=self.environment())
        end = time.time() + WAIT
        while not self.is_up():
            if self.daemon.poll() is not None or time.time() > end:
                raise SystemExit('the mount does not come up: ' + open(self.log).read())
            time.sleep(0.002)

    def is_up(self):
        try:
            os.close(os.open(self.point + '/README', os.O_RDONLY))
            return True
        except OSError:
            return False

    def forget(self):
        """Nothing of the mount is in the kernel's caches any more."""
        if libc.mount(None, self.point.encode(), None, MS_REMOUNT | MS_NOSUID | MS_NODEV, None):
            raise SystemExit(f'cannot remount {self.point}')

    def stop(self):
        if self.daemon.poll() is None:
            gone = subprocess.run(['umount', self.point], check=False, capture_output=True, text=True)
            if gone.returncode:
                found(self.point, f'cannot be unmounted: {gone.stderr}')
        try:
            return self.daemon.wait(HANGS)
        except subprocess.TimeoutExpired:
            found(self.point, 'does not end', threads_of(self.daemon.pid))
            return self.die()

    def die(self):
        self.daemon.kill()
        self.daemon.wait()
        subprocess.run(['umount', '-l', self.point], stderr=subprocess.DEVNULL, check=False)
        return -1


def threads_of(pid):
    """Where each of its threads is in the kernel."""
    for task in os.listdir(f'/proc/{pid}/task'):
        yield f'thread {task}: ' + open(f'/proc/{pid}/task/{task}/stack').read().split('\n')[0]


class Watch:
    """Ends a daemon that does not answer: then every call on it fails, and we go on."""

    def __init__(self, mount):
        self.mount, self.since, self.fired = mount, None, False
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            time.sleep(1)
            since = self.since
            if since and time.time() - since > HANGS:
                self.fired = True
                print(*threads_of(self.mount.daemon.pid), sep='\n', file=sys.stderr)
                self.mount.daemon.kill()
                self.since = None



# ----- calls -----

def put(path, text, flags=0):
    """One write; what fails, fails."""
    fd = os.open(path, os.O_WRONLY | flags, 0o644)
    try:
        for piece in [text] if isinstance(text, str) else text:
            os.write(fd, piece.encode())
    except OSError:
        try:
            os.close(fd)
        except OSError:
            pass
        raise
    try:
        os.close(fd)
    except OSError as e:
        e.came_late = path.endswith(('/ctl', '/plan'))
        raise


def get(path):
    with open(path, 'rb', buffering=0) as file:
        pieces = []
        while piece := file.read(1 << 20):
            pieces.append(piece)
    return b''.join(pieces)


def read(path):
    """What a file, a directory or a link is, as bytes that can be compared."""
    mode = os.lstat(path).st_mode & 0o170000
    if mode == 0o120000:
        return os.readlink(path).encode()
    if mode == 0o040000:
        return '\n'.join(entry.name + ('/' if entry.is_dir(follow_symlinks=False) else '')
                         for entry in os.scandir(path)).encode()
    size = os.stat(path).st_size
    text = get(path)
    if not changes_always(path) and len(text) != size:
        raise AssertionError(f'{len(text)} bytes, and its size was {size}')
    return text


def changes_always(path):
    return path.endswith(('/metrics', '/status.json'))


def comparable(path, text):
    """Figures of what has been going on are others each time, and what occurs first has a line more."""
    if not changes_always(path):
        return text
    lines = re.sub(rb'\{.*\}|[0-9.]+(e[-+]?[0-9]+)?', b'#', text).splitlines(True)
    return b''.join(dict.fromkeys(lines))


def ctl(*words, text=None, env=None):
    return subprocess.run([KALAMCTL, CATALOG, *words], input=text, capture_output=True, text=True,
                          timeout=WAIT, check=False, env=env)


def must(*words, text=None):
    done = ctl(*words, text=text)
    if done.returncode:
        raise SystemExit(f'kalamctl {words}: {done.stderr}')
    return done.stdout


def check_catalog(where):
    done = ctl('check')
    if done.returncode or not done.stdout.startswith('OK: '):
        found(where, 'check: ' + done.stdout + done.stderr)


class Bench:
    """The mount with faults, that without, and one call after the other."""

    def __init__(self):
        self.orders = Orders(ORDERS, CATALOG)
        self.faulty, self.plain = Mount('faulty', True), Mount('plain', False)
        self.faulty.start()
        self.plain.start()
        self.watch = Watch(self.faulty)

    def point(self, path, mount=None):
        return (mount or self.faulty).point + path

    def attempt(self, where, call, kind='memory', at=0, moment=0.0):
        """Its value or OSError, the calls that it took, whether one of them failed."""
        self.kind = kind if at else ''
        self.orders.arm(kind, at)
        self.watch.since = time.time()
        try:
            value, error = call(), None
        except OSError as e:
            value, error = None, e
        except (AssertionError, ValueError) as e:
            value, error = None, None
            self.orders.disarm()
            found(where, str(e), self.trace())
            self.orders.arm(kind, 0)
        self.watch.since = None
        if moment:
            time.sleep(moment)
        seen, failed = self.orders.disarm()
        self.kind = ''
        if error and error.errno in DEAD:
            self.revive(where)
        return value, error, seen, failed

    def trace(self):
        return Trace(self.orders.trace, self.maps())

    def is_libfuse(self, kind, trace):
        """Whether it was libfuse that got no memory, before the daemon heard of the request."""
        return 'forever' in kind or 'fuse' in next(iter(trace), '')

    def maps(self):
        try:
            self.last_maps = open(f'/proc/{self.faulty.daemon.pid}/maps').read() or self.last_maps
        except OSError:
            pass
        return self.last_maps

    last_maps = ''
    kind = ''       # of the call that fails now

    def revive(self, where):
        status = self.faulty.daemon.wait(WAIT)
        found(where, 'hangs' if self.watch.fired else f'the daemon ended with status {status}: '
              + ''.join(open(self.faulty.log).readlines()[-3:]), self.trace())
        self.watch.fired = False
        subprocess.run(['umount', '-l', self.faulty.point], stderr=subprocess.DEVNULL, check=False)
        self.faulty.start()

    def judge(self, where, error, failed):
        """Whether it was refused, as it may be."""
        if error and error.errno in DEAD:
            return True
        if error and not failed:
            found(where, f'fails, and no call of the daemon has: {error}')
        elif error and error.errno not in REFUSALS:
            found(where, f'fails with {error}', self.trace())
        return bool(error)

    def end(self):
        for mount in (self.faulty, self.plain):
            status = mount.stop()
            if status:
                found(mount.point, f'ended with status {status}')
        self.orders.program.stdin.close()
        self.orders.program.wait()


def count(point):
    global points
    points += 1


def setup():
    must('exec', text="""
        CREATE NAMESPACE app WITH (owner = 'team-a') COMMENT 'Application';
        CREATE SHARED TABLE app.users (id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(),
            name TEXT NOT NULL, email TEXT DEFAULT 'none') COMMENT 'people';
        CREATE USER TABLE app.messages (id BIGINT PRIMARY KEY,
            price DECIMAL(10, 2) NOT NULL DEFAULT 0.00 COMMENT 'in EUR', body JSON)
            WITH (FLUSH_POLICY = 'rows:1000,interval:60') COMMENT 'Chat messages';
        CREATE STREAM TABLE app.typing (room INT) WITH (TTL_SECONDS = 30);
        CREATE SHARED TABLE app.gone (id INT PRIMARY KEY);
        CREATE STORAGE archive TYPE s3 NAME 'Archive' BUCKET 'bucket/kalam';
        CREATE NAMESPACE work;
        CREATE SHARED TABLE work.users (id BIGINT PRIMARY KEY, name TEXT, email TEXT);""")
    must('exec', text="ALTER TABLE app.users ADD COLUMN created TIMESTAMP COMMENT 'when'; DROP TABLE app.gone;")


# ----- reading -----

TABLE = '/namespaces/app/tables/users'
READS = ['/', '/README', '/ctl', '/plan', '/error', '/log.jsonl', '/index.html', '/types',
         '/types/DECIMAL.json', '/storages', '/storages/local.json', '/storages/archive.json',
         '/namespaces', '/namespaces/app', '/namespaces/app/namespace.json', '/namespaces/app/ctl',
         '/namespaces/app/error', '/namespaces/app/index.html', '/namespaces/app/tables',
         '/namespaces/app/trash', '/namespaces/app/trash/gone', '/namespaces/app/trash/gone/schema.json',
         '/namespaces/app/information_schema/columns.jsonl', TABLE, TABLE + '/ctl', TABLE + '/plan',
         TABLE + '/error', TABLE + '/schema.json', TABLE + '/schema.sql', TABLE + '/schema.arrow',
         TABLE + '/describe', TABLE + '/columns', TABLE + '/columns/email.json', TABLE + '/versions',
         TABLE + '/versions/latest', TABLE + '/versions/1', TABLE + '/versions/1/schema.json',
         TABLE + '/versions/2/change.json', TABLE + '/versions/1/schema.sql',
         TABLE + '/versions/2/schema.arrow', TABLE + '/storage', TABLE + '/storage.json',
         '/namespaces/app/tables/messages/storage', '/namespaces/app/tables/messages/storage/ann',
         '/namespaces/app/tables/messages/storage.json', '/namespaces/system/tables/users/schema.json',
         '/information_schema', '/information_schema/columns.jsonl', '/information_schema/columns.csv',
         '/information_schema/tables.jsonl', '/information_schema/schemata.csv',
         '/information_schema/storages.jsonl', '/.kalamfs', '/.kalamfs/status.json', '/.kalamfs/metrics',
         '/.kalamfs/errors.jsonl']
# What the two mounts say of themselves.
OWN = {'/ctl', '/plan', '/error', '/namespaces/app/ctl', '/namespaces/app/error', TABLE + '/ctl',
       TABLE + '/plan', TABLE + '/error', '/.kalamfs/errors.jsonl', '/.kalamfs/status.json',
       '/.kalamfs/metrics', '/README'}


def read_cold(bench, path):
    bench.faulty.forget()
    return lambda: read(bench.point(path))


def read_all(bench, kind, every):
    put(bench.point(TABLE + '/plan'), 'ADD COLUMN planned INT\n')
    try:
        put(bench.point(TABLE + '/ctl'), 'ADD COLUMN wrong INTT\n')
    except OSError:
        pass
    for number, path in enumerate(READS):
        if args.step and args.step != path:
            continue
        at = 1 + (args.seed + number) % every
        bench.faulty.forget()
        reference, error, seen, _ = bench.attempt(path, read_cold(bench, path), kind)
        if error or not reference and not path.endswith(('/error', '/plan', '/trash', '/storage', '.jsonl')):
            raise SystemExit(f'{path}: {error or "is empty"}')
        reference = comparable(path, reference)
        if path not in OWN and reference != read(bench.point(path, bench.plain)):
            raise SystemExit(f'{path}: is another text on the other mount')
        while at <= seen:
            read_once(bench, path, kind, at, reference)
            at += every


def read_once(bench, path, kind, at, reference):
    global refused
    where = f'read {path}, {kind} {at}'
    text, error, _, failed = bench.attempt(where, read_cold(bench, path), kind, at)
    count(failed)
    if bench.judge(where, error, failed):
        refused += 1
    elif text is not None and comparable(path, text) != reference:
        found(where, f'gives another text: {text[-60:]!r}', bench.trace())
    text, error, *_ = bench.attempt(where, lambda: read(bench.point(path)))
    if error:
        found(where, f'fails afterwards: {error}', bench.trace())
    elif text is not None and comparable(path, text) != reference:
        found(where, 'gives another text afterwards', bench.trace())


# ----- changes -----

WORK = '/namespaces/work'
USERS = WORK + '/tables/users'


class Changes:
    """Steps of one cycle, which ends as it began: what is done, and what shows that it is."""

    def __init__(self, bench, every):
        self.bench, self.every, self.n = bench, every, 0
        self.steps = []
        self.places = {}
        self.calls = {}     # of each step, where nothing fails
        self.add_statements()
        self.add_saves()
        self.add_directories()
        self.add_others()

    def at(self, path):
        return self.bench.point(path)

    def step(self, name, do, shows, changes=True, refusals=(), place=WORK + '/'):
        """place: a path beside or below the `error` that tells of it."""
        self.steps.append((name, do, shows, changes, set(refusals)))
        self.places[name] = place

    def text(self, path, part, there=True):
        """Whether a file of the mount has this in it."""
        return lambda: (part.replace('@', str(self.n)).encode() in get(self.at(path))) == there

    def there(self, path, there=True):
        return lambda: os.path.lexists(self.at(path)) == there and \
            (os.path.basename(path) in os.listdir(self.at(os.path.dirname(path)))) == there

    def sql(self, name, path, text, shows):
        self.step(name, lambda: put(self.at(path), text.replace('@', str(self.n))), shows, place=path)

    def add_statements(self):
        self.sql('ADD COLUMN', USERS + '/ctl', 'ADD COLUMN age INT\n', self.there(USERS + '/columns/age.json'))
        self.sql('two actions', USERS + '/ctl', "ALTER COLUMN age TYPE BIGINT, COMMENT '@'\n",
                 self.text(USERS + '/schema.json', '"@"'))
        self.sql('DROP COLUMN', USERS + '/ctl', 'DROP COLUMN age\n',
                 self.there(USERS + '/columns/age.json', False))
        self.sql('several', '/ctl', "CREATE NAMESPACE shop; CREATE TABLE shop.fresh (id INT PRIMARY KEY) "
                 "COMMENT '@';\n", self.text('/namespaces/shop/tables/fresh/schema.json', '"@"'))
        self.sql('RENAME TO', '/ctl', 'ALTER TABLE shop.fresh RENAME TO shop.older\n',
                 self.there('/namespaces/shop/tables/older'))
        self.sql('DROP CASCADE', '/ctl', 'DROP NAMESPACE shop CASCADE\n', self.there('/namespaces/shop', False))
        self.step('BEGIN ... COMMIT', lambda: put(self.at(WORK + '/ctl'), [
            'BEGIN;\n', f"ALTER TABLE users COMMENT 'block {self.n}';\n", 'CREATE TABLE other (id INT PRIMARY KEY);\n',
            'COMMIT;\n']), self.text(USERS + '/schema.sql', "'block @'"))
        self.sql('DROP ... PURGE', WORK + '/ctl', 'DROP TABLE other PURGE\n', self.there(WORK + '/tables/other', False))
        self.sql('storage', '/ctl', "ALTER STORAGE archive SET DESCRIPTION '@'\n", self.text('/storages/archive.json', '"@"'))
        self.step('plan', lambda: put(self.at(USERS + '/plan'), f'ADD COLUMN planned_{self.n} INT\n'),
                  self.text(USERS + '/plan', 'planned_@'), False)
        self.step('refused', lambda: put(self.at(USERS + '/ctl'), f'ADD COLUMN c{self.n} INTT\n'),
                  self.text(USERS + '/error', 'c@ INTT'), False, [errno.EINVAL])

    def document(self, path, key, value):
        document = json.loads(get(self.at(path)))
        document[key] = value
        return json.dumps(document, indent=2) + '\n'

    def save_in_place(self, path, key):
        put(self.at(path), self.document(path, key, f'save {self.n}'), os.O_TRUNC)

    def save_by_rename(self, path, key):
        put(self.at(path + '.new'), self.document(path, key, f'renamed {self.n}'), os.O_CREAT | os.O_TRUNC)
        os.rename(self.at(path + '.new'), self.at(path))

    def save_anew(self, path, key):
        """Who has unlinked a document does not see it for a while."""
        try:
            text = self.anew = self.document(path, key, f'anew {self.n}')
            os.unlink(self.at(path))
        except FileNotFoundError:
            text = self.anew
        put(self.at(path), text, os.O_CREAT | os.O_EXCL)

    def add_saves(self):
        for path, key in ((USERS + '/schema.json', 'table_comment'), (WORK + '/namespace.json', 'comment'),
                          (USERS + '/columns/email.json', 'column_comment'), ('/storages/archive.json', 'description')):
            self.step('save ' + path, lambda p=path, k=key: self.save_in_place(p, k), self.text(path, '"save @"'),
                      place=path)
            self.step('rename over ' + path, lambda p=path, k=key: self.save_by_rename(p, k),
                      self.text(path, '"renamed @"'), place=path)
        self.step('unlink and save', lambda: self.save_anew(USERS + '/schema.json', 'table_comment'),
                  self.text(USERS + '/schema.json', '"anew @"'), place=USERS + '/schema.json')
        self.step('refused save', lambda: put(self.at(USERS + '/schema.json'), f'no document {self.n}', os.O_TRUNC),
                  lambda: f'no document {self.n}'.encode() in get(self.at(USERS + '/.rejected/0/schema.json')),
                  False, [errno.EINVAL])

    def add_column_file(self):
        put(self.at(USERS + '/columns/added.json'), '{"column_name": "added", "data_type": "INT"}\n',
            os.O_CREAT | os.O_TRUNC)

    def move(self, name, before, after):
        self.step(name, lambda: os.rename(self.at(before), self.at(after)), lambda: self.there(before, False)() and
                  self.there(after)(), place=before)

    def add_directories(self):
        tables, trash = WORK + '/tables/', WORK + '/trash/'
        self.step('mkdir namespace', lambda: os.mkdir(self.at('/namespaces/made')), self.there('/namespaces/made'),
                  place='/')
        self.step('rmdir namespace', lambda: os.rmdir(self.at('/namespaces/made')), self.there('/namespaces/made', False),
                  place='/')
        self.step('mkdir draft', lambda: os.mkdir(self.at(tables + 'draft')), self.there(tables + 'draft'), False)
        self.step('read draft', lambda: get(self.at(tables + 'draft/schema.json')), lambda: True, False)
        self.step('rmdir draft', lambda: os.rmdir(self.at(tables + 'draft')), self.there(tables + 'draft', False), False)
        self.step('mkdir', lambda: os.mkdir(self.at(tables + 'sketch')), self.there(tables + 'sketch'), False)
        self.step('save draft', lambda: put(self.at(tables + 'sketch/schema.json'), json.dumps({
            'table_name': 'sketch', 'table_type': 'SHARED', 'columns': [{
                'column_name': 'id', 'data_type': 'INT', 'is_nullable': False, 'is_primary_key': True}]}), os.O_TRUNC),
                  self.text(tables + 'sketch/schema.sql', 'CREATE SHARED TABLE'), place=tables + 'sketch/')
        self.move('mv table', tables + 'sketch', tables + 'picture')
        self.move('mv to trash', tables + 'picture', trash + 'picture')
        self.move('mv from trash', trash + 'picture', tables + 'picture')
        self.sql('PURGE', WORK + '/ctl', 'DROP TABLE picture PURGE\n', self.there(tables + 'picture', False))
        self.step('cp column', self.add_column_file, self.there(USERS + '/columns/added.json'), place=USERS + '/')
        self.move('mv column', USERS + '/columns/added.json', USERS + '/columns/moved.json')
        self.sql('DROP COLUMN again', USERS + '/ctl', 'DROP COLUMN moved\n',
                 self.there(USERS + '/columns/moved.json', False))

    def scratch(self):
        name = USERS + '/.schema.json.swp'
        put(self.at(name), f'swap {self.n}', os.O_CREAT | os.O_TRUNC)
        if get(self.at(name)) != f'swap {self.n}'.encode():
            raise AssertionError('a scratch file has another text')

    def add_others(self):
        name = USERS + '/.schema.json.swp'
        self.step('scratch', self.scratch, self.there(name), False)
        self.step('rename scratch', lambda: os.rename(self.at(name), self.at(name + 'x')), self.there(name + 'x'), False)
        self.step('unlink scratch', lambda: os.unlink(self.at(name + 'x')), self.there(name + 'x', False), False)
        for path in (USERS + '/schema.json', '/information_schema/columns.jsonl', '/index.html', '/log.jsonl',
                     USERS + '/versions', '/.kalamfs/errors.jsonl', USERS + '/ctl'):
            self.step('cat ' + path, lambda p=path: read(self.at(p)), lambda: True, False)

    def sequence(self):
        return json.loads(get(self.bench.point('/.kalamfs/status.json', self.bench.plain)))['sequence']

    def shows_soon(self, shows):
        end = time.time() + LATE
        while True:
            try:
                if shows():
                    return True
            except OSError:
                pass
            if time.time() > end:
                return False

    def run_cycle(self, kind, points_of):
        """Each step with its own point: 0 = count them, None = none is left.  Whether any is."""
        for name, do, shows, changes, refusals in self.steps:
            at = points_of[name]
            self.n += 1
            seen = self.run_step(name, do, shows, changes, refusals, kind, at)
            if at == 0:
                self.calls[name] = seen
                points_of[name] = 1 + (args.seed + self.n) % self.every
            elif at:
                points_of[name] = at + self.every
            if at is not None and points_of[name] > self.calls[name]:
                points_of[name] = None
        return any(at is not None for at in points_of.values())

    def run_step(self, name, do, shows, changes, refusals, kind, at):
        global refused
        where = f'{name}, {kind} {at}'
        before = self.sequence()
        # Behind an answer the kernel, and other mounts, are told.
        _, error, seen, failed = self.bench.attempt(where, do, kind, at or 0, SHOWN if at == 0 else 0.001)
        count(failed)
        if getattr(error, 'came_late', False) and self.bench.is_libfuse(kind, self.bench.trace()):
            error = None    # what was written was acknowledged; libfuse had no memory for the close
        expected = error and error.errno in refusals
        if not expected and self.bench.judge(where, error, failed):
            refused += 1
            if self.sequence() != before:
                found(where, f'was refused ({error}), and is done', self.bench.trace())
            else:
                self.run_again(where, do, refusals, kind)
        elif refusals and not expected:
            found(where, 'should be refused', self.bench.trace())
        elif changes and self.sequence() == before:
            found(where, 'was acknowledged, and is not there', self.bench.trace())
        elif not error and not self.is_shown(shows) and ('forever' not in kind or not self.shows_soon(shows)):
            found(where, 'is not seen when it returns' + (', nor later' if not self.shows_soon(shows) else ''),
                  self.bench.trace())
        if not self.shows_soon(shows) and not failed:
            found(where, 'does not do what it should')
        return seen

    def is_shown(self, shows):
        try:
            return shows()
        except OSError:
            return False

    def run_again(self, where, do, refusals, kind):
        trace = self.bench.trace()
        try:
            try:
                do()
            except OSError as e:
                # A lookup that libfuse itself had no memory for never came to the daemon.
                if e.errno != errno.ETXTBSY or not self.bench.is_libfuse(kind, trace):
                    raise
                do()
        except OSError as e:
            if e.errno not in refusals:
                found(where, f'was refused, and is again without a fault: {e}', trace)
                self.bench.faulty.stop()
                self.bench.faulty.start()

    def same_everywhere(self):
        """Both mounts show the same."""
        for path in ('/namespaces', WORK + '/tables', USERS + '/columns', USERS + '/schema.json',
                     USERS + '/versions', '/storages/archive.json', WORK + '/namespace.json', '/log.jsonl',
                     '/information_schema/columns.jsonl', '/index.html'):
            here, there = (read(self.bench.point(path, mount)) for mount in (self.bench.faulty, self.bench.plain))
            if here != there:
                found('after a cycle', f'the mounts differ in {path}')


def change_all(bench, kind='memory', every=EVERY):
    changes = Changes(bench, every)
    if args.step:
        changes.steps = [s for s in changes.steps if s[0] == args.step]
    points_of = {name: 0 for name, *_ in changes.steps}
    cycles = 0
    while changes.run_cycle(kind, points_of):
        cycles += 1
        if cycles % 10 == 0:
            changes.same_everywhere()
            check_catalog(f'cycle {cycles}')
    changes.same_everywhere()
    # Everything once more, and nothing fails.
    changes.run_cycle(kind, points_of)
    check_catalog('at the end')


# ----- changes on a disk that fails -----

DISK_FAULTS = ['disk EIO', 'disk EIO forever', 'disk ENOSPC', 'disk ENOSPC forever', 'write short',
               'write short forever', 'write EIO late', 'write EIO late forever', 'write ENOSPC late forever',
               'read EIO', 'read short forever']
DISK_REFUSALS = {'EIO': {errno.EIO}, 'ENOSPC': {errno.ENOSPC}, 'short': {errno.EIO, errno.ENOSPC}}
DISK_WORDS = re.compile(r'disk|space|room|input/output|reopened', re.I)
WIDE = '/namespaces/wide/information_schema/columns.'


def refusals_of(kind):
    """Or EIO: a stream onto a file does not tell why it failed; a change's end may be in doubt."""
    return DISK_REFUSALS[kind.split()[1]] | {errno.EIO}


class Reader:
    """Reads the catalog all the time, past the kernel's caches."""

    def __init__(self, bench):
        self.bench, self.watch, self.fd, self.count = bench, Watch(bench.faulty), None, 0
        self.first = None
        self.is_over = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_over:
            before = self.bench.kind
            self.watch.since = time.time()
            try:
                self.look()
            except OSError as e:
                self.close()
                # Where no file can be opened any more LMDB cannot be, either.
                if e.errno not in DEAD and not any('forever' in k and e.errno in refusals_of(k)
                                                   for k in (before, self.bench.kind) if k):
                    found(f'a reader beside {before or self.bench.kind}', f'gets {e}')
            self.watch.since = None
            time.sleep(0.01)

    def look(self):
        self.count += 1
        if self.fd is None:
            self.fd = os.open(self.bench.point('/log.jsonl'), os.O_RDONLY | os.O_DIRECT)
        text = os.pread(self.fd, 4096, 0)
        self.first = self.first or text
        if text != self.first:
            found('a reader', 'another text in log.jsonl')
        try:
            os.lstat(self.bench.point(f'{USERS}/columns/none_{self.count}.json'))
            found('a reader', 'a column that is not there')
        except FileNotFoundError:
            pass

    def end(self):
        self.is_over = True
        self.thread.join(HANGS)
        self.close()

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
        self.fd = None


class DiskChanges(Changes):
    def __init__(self, bench, every):
        must('exec', text='CREATE NAMESPACE wide; CREATE TABLE wide.t (id INT PRIMARY KEY, ' +
             ', '.join(f"column_{n} TEXT COMMENT '{'long ' * 80}'" for n in range(900)) + ');')
        super().__init__(bench, every)
        self.long = {form: read(self.at(WIDE + form)) for form in ('jsonl', 'csv')}
        for form in self.long:
            if len(self.long[form]) < 1 << 18:
                raise SystemExit(f'{WIDE}{form} is no long text')
            self.step('cat ' + WIDE + form, lambda f=form: self.read_long(f), lambda: True, False)

    def read_long(self, form):
        text = read(self.at(WIDE + form))
        if text != self.long[form]:
            raise AssertionError(f'another text, of {len(text)} bytes')

    def run_step(self, name, do, shows, changes, refusals, kind, at):
        global refused
        where = f'{name}, {kind} {at}'
        before = self.sequence()
        _, error, seen, failed = self.bench.attempt(where, do, kind, at or 0, 0.002)
        if failed:
            count(failed)
        trace = self.bench.trace() if failed else ()
        done = self.sequence() != before
        if error and error.errno in DEAD:
            pass
        elif error and error.errno in refusals and not failed:
            error = None
        elif error and (not failed or error.errno not in refusals_of(kind)):
            found(where, f'fails with {error}', trace)
        elif error:
            refused += 1
            done = self.judge_refusal(where, name, kind, error, changes, done, trace)
        elif refusals:
            found(where, 'should be refused', trace)
        elif changes and not done:
            found(where, 'was acknowledged, and is not there', trace)
        elif not self.is_shown(shows):
            found(where, 'is not seen when it returns' + (', nor later' if not self.shows_soon(shows) else ''),
                  trace)
        if error and not done:
            self.run_again(where, do, refusals, kind)
        if not self.shows_soon(shows):
            found(where, 'does not do what it should, nor later', trace)
        return seen

    def judge_refusal(self, where, name, kind, error, changes, done, trace):
        """Whether it is done all the same."""
        if not changes and 'draft' not in name and name != 'mkdir':
            return False
        text, line = self.reason(name)
        said = line.get('message') or ''
        if line.get('errno') != errno.errorcode[error.errno] or not DISK_WORDS.search(said):
            found(where, f'was refused ({error}), and errors.jsonl says {line}', trace)
        if said not in text:
            found(where, f'was refused ({said}), and error says {text!r}', trace)
        if error.errno not in DISK_REFUSALS[kind.split()[1]] and 'shows' not in said:
            found(where, f'was refused ({error}: {said})', trace)
        if 'whether it shows' in said:
            return done
        self.judge_file(where, trace)
        if done != ('it shows now' in said):
            found(where, f'was refused ({error}: {said}), and is {"" if done else "not "}done', trace)
        return done

    def judge_file(self, where, trace):
        """Whoever opens the file next, with nobody inside, finds what those inside see."""
        shutil.rmtree(DIR + '/copy', ignore_errors=True)
        os.mkdir(DIR + '/copy', 0o700)
        shutil.copy(CATALOG + '/data.mdb', DIR + '/copy')
        done = subprocess.run([KALAMCTL, DIR + '/copy', 'dump'], capture_output=True, text=True, check=False)
        if done.returncode or done.stdout != must('dump'):
            found(where, f'leaves another catalog in data.mdb: {done.stderr}', trace)

    def reason(self, name):
        """What `error` says, and the last line of errors.jsonl."""
        place = os.path.dirname(self.places[name])
        while not os.path.exists(self.at(place + '/error')):
            place = os.path.dirname(place)
        lines = get(self.at('/.kalamfs/errors.jsonl')).decode().splitlines()
        return get(self.at(place + '/error')).decode(), json.loads(lines[-1]) if lines else {}

    def count_calls(self):
        """Points of each step, where nothing fails."""
        points = {name: [] for name, *_ in self.steps}
        for kind in ('disk EIO', 'write short', 'read EIO'):
            self.run_cycle(kind, {name: 0 for name in points})
            for name in points:
                points[name] += [(fault, at) for fault in DISK_FAULTS if fault.split()[0] == kind.split()[0]
                                 for at in range(1, self.calls[name] + 1)]
        return points

    def run_points(self):
        left = {name: points[(args.seed + n) % self.every::self.every]
                for n, (name, points) in enumerate(self.count_calls().items())}
        cycles = 0
        while any(left.values()):
            for name, do, shows, changes, refusals in self.steps:
                self.n += 1
                kind, at = left[name].pop() if left[name] else ('disk EIO', None)
                self.run_step(name, do, shows, changes, refusals, kind, at)
                if args.control and findings:
                    return
            cycles += 1
            if cycles % 10 == 0 or not any(left.values()):
                self.same_everywhere()
                check_catalog(f'cycle {cycles}')


def change_on_disk(bench, every):
    changes = DiskChanges(bench, every)
    if args.step:
        changes.steps = [s for s in changes.steps if s[0] == args.step]
    reader = Reader(bench)
    try:
        changes.run_points()
    finally:
        reader.end()


# ----- kalamctl -----

DUMP = """CREATE NAMESPACE loaded;
CREATE TABLE loaded.a (id INT PRIMARY KEY, name TEXT DEFAULT 'x');
ALTER TABLE loaded.a COMMENT 'loaded';
"""
COMMANDS = [
    (['exec'], "CREATE TABLE work.more (id INT PRIMARY KEY); ALTER TABLE work.users COMMENT 'by exec';"),
    (['--json', 'exec'], "ALTER TABLE work.users ADD COLUMN c INT;"),
    (['load', DIR + '/load.sql'], None),
    (['load', '--lenient', DIR + '/load.sql'], None),
    (['dump'], None), (['dump', 'app.users'], None), (['describe', 'app.messages'], None), (['ls'], None),
    (['status'], None), (['paths'], None), (['paths', 'app.messages', '--user', 'ann'], None),
    (['check'], None), (['backup', DIR + '/copy'], None),
]


class Command:
    def __init__(self, orders, words, text):
        self.orders, self.text = orders, text
        self.words = words[1:] if words[0] == '--json' else words
        self.line = ([KALAMCTL, '--json'] if words[0] == '--json' else [KALAMCTL]) + [CATALOG] + self.words
        self.name = ' '.join(words).replace(DIR, '')

    def run(self, kind, at):
        shutil.rmtree(CATALOG)
        shutil.copytree(CATALOG + '.kept', CATALOG)
        shutil.rmtree(DIR + '/copy', ignore_errors=True)
        own = dict(os.environ, LD_PRELOAD=PRELOAD, KALAM_INJECT=ORDERS)
        own.pop('KALAM_PLANT', None)
        self.orders.arm(kind, at)
        try:
            done = subprocess.run(self.line, input=self.text, capture_output=True, text=True,
                                  timeout=HANGS, check=False, env=own)
        except subprocess.TimeoutExpired:
            done = None
        return done, *self.orders.disarm()

    def state(self):
        """What the catalog is, but for times; of a backup that of the copy, too."""
        texts = [must('dump')]
        if self.words[0] == 'backup' and os.path.exists(DIR + '/copy'):
            texts.append(subprocess.run([KALAMCTL, DIR + '/copy', 'dump'], capture_output=True, text=True,
                                        check=False).stdout)
        return texts

    def changes(self):
        return self.words[0] in ('exec', 'load', 'backup')

    def look(self, kind, every):
        global refused
        done, seen, _ = self.run(kind, 0)
        if done.returncode:
            raise SystemExit(f'kalamctl {self.name}: {done.stderr}')
        output, after = neutral(done.stdout), self.state()
        before = [after[0] if not self.changes() or self.words[0] == 'backup' else must_kept()]
        at = 1 + args.seed % every
        while at <= seen:
            self.look_at(kind, at, output, before, after)
            at += every

    def look_at(self, kind, at, output, before, after):
        global refused
        where = f'kalamctl {self.name}, {kind} {at}'
        done, _, failed = self.run(kind, at)
        count(failed)
        if done is None:
            found(where, 'hangs')
        elif done.returncode < 0:
            found(where, f'died of signal {-done.returncode}: {done.stderr}', self.orders.trace)
        elif done.returncode:
            refused += 1
            self.judge(where, kind, done, before, after)
        else:
            if neutral(done.stdout) != output:
                found(where, f'prints something else: {done.stdout[-200:]!r}')
            if self.changes() and self.state() != after:
                found(where, 'succeeds, and its change is not there')
        if self.changes():
            check_catalog(where)

    def judge(self, where, kind, done, before, after):
        text = done.stderr
        if '--json' in self.line:
            text += done.stdout
        if not PLAIN.fullmatch(text) or len(text) < 15:
            found(where, f'ends with {done.returncode} and says {text!r}')
        # A file that reads short is one that has been cut off.
        if kind in DISK_FAULTS and not (DISK_WORDS.search(text) or 'read short' in kind and 'damaged' in text):
            found(where, f'says nothing of the disk: {text}')
        if not self.changes():
            return
        state = self.state()
        if state not in (before, after):
            found(where, f'fails, and leaves another state: {text}')
        elif state == after and after != before and 'shows' not in text:
            found(where, f'fails with its change done, and does not say so: {text}')


def neutral(text):
    return re.sub(r'\d{4}-\d\d-\d\dT[0-9:.]+Z|"pid":\d+|[0-9.]+ (ms|s)\b', '#', text)


kept = None


def must_kept():
    global kept
    if kept is None:
        kept = subprocess.run([KALAMCTL, CATALOG + '.kept', 'dump'], capture_output=True, text=True,
                              check=True).stdout
    return kept


def commands_all(every):
    orders = Orders(ORDERS, CATALOG)
    shutil.copytree(CATALOG, CATALOG + '.kept')
    with open(DIR + '/load.sql', 'w') as file:
        file.write(DUMP)
    for words, text in COMMANDS:
        command = Command(orders, words, text)
        if args.step and args.step != command.name:
            continue
        command.look('memory', every)
        if words[0] in ('exec', 'check'):
            command.look('thread', 1)
        for fault in DISK_FAULTS:
            command.look(fault, max(1, every // 50))
    orders.program.stdin.close()
    orders.program.wait()


# ----- all -----

def on_mounts():
    bench = Bench()
    try:
        for part, run in (('read', lambda: read_all(bench, 'memory', max(1, EVERY // 5))),
                          ('write', lambda: change_all(bench)),
                          ('forever', lambda: change_all(bench, 'memory forever', EVERY * 6)),
                          ('thread', lambda: change_all(bench, 'thread', 1)),
                          ('disk', lambda: change_on_disk(bench, max(1, EVERY // 12)))):
            if args.only in ('', part):
                began, at = time.time(), points
                run()
                tell(part, points - at, began)
    finally:
        bench.end()


def tell(part, made, began):
    if not args.control:
        print(f'{part}: {made} points in {time.time() - began:.1f} s, {refused} refused so far', flush=True)


def main():
    setup()
    if args.only in ('', 'ctl'):
        began = time.time()
        commands_all(EVERY * 2)
        tell('ctl', points, began)
    if args.only != 'ctl':
        on_mounts()
    print(f'daemon: {points} points, {refused} refused: {findings} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    sys.exit(main())
