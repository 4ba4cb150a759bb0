# SPDX-License-Identifier: GPL-2.0-or-later
"""refused.py - what a daemon does where its calls are refused; see refuse.c.

  refused.py start ORDERS LIBRARY KALAMFS CATALOG MOUNTPOINT
  refused.py read ORDERS MOUNTPOINT
  refused.py change ORDERS MOUNTPOINT
  refused.py others ORDERS MOUNTPOINT OTHER_MOUNTPOINT
  refused.py abort ORDERS MOUNTPOINT
  refused.py names ORDERS MOUNTPOINT

start: each call that starting makes is refused once.  The mount comes up all the same and
says what is missing, or there is one line, status 1, and nothing is left.
others: the same while changes come from another mount.
read, change: in each operation every snapshot of the catalog in turn cannot be had.  It is
refused with EBUSY, and nothing has changed, or it is done; then it works.
abort: the connection ends while answers are under way.
names: the kernel does not forget all names at once, for a moment, and then never does.
"""
import errno
import json
import mmap
import os
import re
import struct
import subprocess
import sys
import threading
import time

READER, FORK, THREAD, SOCKETPAIR, PIPE, EVENTFD, INOTIFY, RECEIVE, EPOCH, MEMORY = range(1, 11)
ALWAYS = -1
READERS_FULL = -30790
LOOKUP, OPEN, CREATE = 1, 14, 35    # operations of FUSE
WAIT = 60
MOST = 60                           # calls of one operation

checks = 0


def check(what, found):
    global checks
    checks += 1
    if not found:
        print(f'refused.py: FAIL {what}', flush=True)


class Orders:
    def __init__(self, path):
        with open(path, 'r+b') as file:
            file.truncate(4096)
            self.map = mmap.mmap(file.fileno(), 4096)

    def set(self, index, *values):
        for value in values:
            self.map[8 * index:8 * index + 8] = struct.pack('q', value)
            index += 1

    def get(self, index):
        return struct.unpack('q', self.map[8 * index:8 * index + 8])[0]

    def arm(self, call, at, code):
        self.set(0, 0, at, 0, code)
        self.set(0, call)

    def disarm(self):
        """How many calls there were."""
        self.set(0, 0)
        return self.get(2)

    def without(self, do):
        """Nothing is refused to it, nor counted."""
        call, seen = self.get(0), self.get(2)
        self.set(0, 0)
        do()
        self.set(2, seen)
        self.set(0, call)

    def hold(self, *operations):
        self.set(4, sum(1 << number for number in operations))

    def held(self):
        return self.get(5)


def wait_until(what, condition):
    end = time.time() + WAIT
    while time.time() < end:
        if condition():
            check(what, True)
            return True
        time.sleep(0.01)
    check(what, False)
    return False


# ----- starting -----

def is_mounted(point):
    with open('/proc/self/mountinfo', encoding='utf-8') as mounts:
        return any(f' {point} ' in line for line in mounts)


def processes_of(point):
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as line:
                words = line.read().split(b'\0')
        except OSError:
            continue
        if words[0].endswith(b'kalamfs') and point.encode() in words:
            found.append(pid)
    return found


class Start:
    def __init__(self, orders, library, kalamfs, catalog, point):
        self.orders, self.point = orders, point
        self.command = [kalamfs, catalog, point]
        self.environment = dict(os.environ, LD_PRELOAD=library, KALAM_REFUSE=sys.argv[2])
        self.said = point + '.said'

    def run(self, foreground):
        """Until it has come up or ended: its exit status, None while it serves."""
        command = self.command[:1] + ['-f'] * foreground + self.command[1:]
        with open(self.said, 'wb') as said:
            self.daemon = subprocess.Popen(command, env=self.environment, stdout=said, stderr=said)
        end = time.time() + WAIT
        while time.time() < end:
            if self.daemon.poll() is not None:
                break
            if foreground and is_mounted(self.point) and os.path.exists(self.point + '/README'):
                return None
            time.sleep(0.01)
        return self.daemon.poll()

    def words(self):
        with open(self.said, encoding='utf-8') as said:
            return said.read()

    def stop(self):
        subprocess.run(['umount', self.point], check=False)
        check('a daemon that was started ends well', self.daemon.wait(WAIT) == 0)
        wait_until('nobody is left of it', lambda: not processes_of(self.point))

    def refused(self, name, call, at, code, text, foreground=True):
        where = f'{name} {at}'
        self.orders.arm(call, at, code)
        status = self.run(foreground)
        self.orders.disarm()
        if status is None:
            self.stop()
        check(f'{where}: status {status}', status == 1)
        check(f'{where}: {self.words()!r}', re.fullmatch(f'kalamfs: {text}\n', self.words()))
        check(f'{where}: something is mounted', not is_mounted(self.point))
        wait_until(f'{where}: nobody is left', lambda: not processes_of(self.point))

    def does_without(self, name, call, at, code, text):
        self.orders.arm(call, at, code)
        check(f'{name} {at}: comes up', self.run(True) is None)
        self.orders.disarm()
        check(f'{name} {at}: {self.words()!r}', re.search(text, self.words()))
        check(f'{name} {at}: serves', os.listdir(self.point + '/namespaces/app/tables'))
        self.stop()

    def snapshots(self):
        """Every snapshot that starting takes: one line, until none of them is refused."""
        for at in range(1, MOST):
            self.orders.arm(READER, at, READERS_FULL)
            status = self.run(True)
            seen = self.orders.disarm()
            if status is None:
                self.stop()
                if seen < at:
                    return
                continue    # refused to somebody in the background
            check(f'snapshot {at}: status {status}', status == 1)
            check(f'snapshot {at}: {self.words()!r}', re.fullmatch(
                'kalamfs: .*All 1024 places for readers of the catalog are taken; try again\n', self.words()))
            check(f'snapshot {at}: something is mounted', not is_mounted(self.point))
        check('starting comes to an end', False)

    def memory(self):
        """All that is made before anything is open."""
        for at in range(1, MOST):
            self.orders.arm(MEMORY, at, errno.ENOMEM)
            status = self.run(True)
            self.orders.disarm()
            if status is None:
                self.stop()
                check(f'what was refused memory {at - 1} times', at > 15)
                return
            check(f'memory {at}: status {status}', status == 1)
            check(f'memory {at}: {self.words()!r}', re.fullmatch('kalamfs: .+\n', self.words()))
            check(f'memory {at}: something is mounted', not is_mounted(self.point))

    def hungry(self):
        """A request that nobody has memory for waits."""
        check('comes up', self.run(True) is None)
        self.orders.arm(RECEIVE, 1, errno.ENOMEM)
        for _ in range(20):
            try:
                os.stat(self.point + '/no-such-name')
            except OSError as error:
                check(f'who asks is answered: {error}', error.errno == errno.ENOENT)
        check('the daemon goes on', self.daemon.poll() is None)
        check('there was no memory', self.orders.disarm() > 0)
        self.stop()

    def broken(self):
        check('comes up', self.run(True) is None)
        self.orders.arm(RECEIVE, 1, errno.EIO)
        try:
            os.stat(self.point + '/no-such-name')
        except OSError as error:
            check(f'who asked is told: {error}', error.errno in (errno.ECONNABORTED, errno.ENOTCONN))
        check('the daemon ends', self.daemon.wait(WAIT) == 1)
        self.orders.disarm()
        check(self.words(), 'kalamfs: The connection to the kernel broke: Input/output error' in self.words())
        check('nothing is mounted', not is_mounted(self.point))


def start():
    s = Start(Orders(sys.argv[2]), *sys.argv[3:])
    many, again = 'Too many open files', 'Resource temporarily unavailable'
    s.refused('socketpair', SOCKETPAIR, 1, errno.EMFILE, 'Cannot make a socket: ' + many)
    s.refused('fork', FORK, 1, errno.EAGAIN, 'Cannot start a process: ' + again)
    s.refused('fork', FORK, 1, errno.EAGAIN, 'cannot go to the background: ' + again, False)
    s.refused('fork', FORK, 2, errno.EAGAIN, 'Cannot start a process: ' + again, False)
    s.refused('pipe', PIPE, 1, errno.EMFILE, 'cannot go to the background: ' + many, False)
    s.refused('pipe', PIPE, 1, errno.EMFILE, 'Cannot make a pipe: ' + many)
    s.refused('eventfd', EVENTFD, 1, errno.EMFILE, 'Cannot make an eventfd: ' + many)
    s.does_without('inotify', INOTIFY, 1, errno.EMFILE, f'Cannot watch .*{many}')
    s.does_without('thread', THREAD, 1, errno.EAGAIN, 'nobody ends its connection to the kernel: Cannot allocate memory')
    for at in range(2, 9):
        s.refused('thread', THREAD, at, errno.EAGAIN, 'Cannot start a thread: ' + again)
    s.does_without('thread', THREAD, 9, errno.EAGAIN, '')
    s.memory()
    s.snapshots()
    s.hungry()
    s.broken()


# ----- operations -----

def get(path):
    with open(path, 'rb') as file:
        return file.read()


def put(path, text, flags=0):
    fd = os.open(path, os.O_WRONLY | flags, 0o644)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


class Operations:
    def __init__(self, orders, point):
        self.orders, self.point, self.n, self.refusals = orders, point, 0, 0

    def at(self, path):
        return self.point + '/' + path

    def sequence(self):
        return json.loads(get(self.at('.kalamfs/status.json')))['sequence']

    def attempt(self, name, do, at):
        """Whether it was done, and whether a snapshot was refused."""
        self.orders.arm(READER, at, READERS_FULL)
        try:
            do()
            done = True
        except OSError as error:
            done = False
            check(f'{name}, snapshot {at}: {error}', error.errno == errno.EBUSY)
        return done, self.orders.disarm() >= at

    def step(self, name, do, shows=lambda: True, changes=False, undo=lambda: None):
        """Until none of its snapshots is left to be refused."""
        for at in range(1, MOST):
            self.n += 1
            before = self.sequence()
            done, was_refused = self.attempt(name, do, at)
            if not done:
                self.refusals += 1
                check(f'{name}, snapshot {at}: refused and done', not changes or self.sequence() == before)
                do()
            check(f'{name}, snapshot {at}: not done', not changes or self.sequence() > before)
            wait_until(f'{name}, snapshot {at}: does not show', shows)
            undo()
            if not was_refused:
                return
        check(f'{name} comes to an end', False)

    def sql(self, path, text):
        put(self.at(path), text.replace('@', str(self.n)) + '\n')


def there(path, is_there=True):
    return lambda: os.path.lexists(path) == is_there and \
        (os.path.basename(path) in os.listdir(os.path.dirname(path))) == is_there


def open_and(path, flags, use):
    fd = os.open(path, flags)
    try:
        return use(fd)
    finally:
        os.close(fd)


USERS = 'namespaces/app/tables/users'


def read(o):
    at = o.at

    def touched(do):
        """With nothing known of what a change has touched."""
        def run():
            o.orders.without(lambda: o.sql(USERS + '/ctl', "COMMENT '@'"))
            do()
        return run

    o.step('stat', touched(lambda: os.stat(at(USERS))))
    o.step('stat of a file', touched(lambda: os.stat(at(USERS + '/schema.json'))))
    o.step('ls', touched(lambda: os.listdir(at(USERS))))
    o.step('ls columns', touched(lambda: os.listdir(at(USERS + '/columns'))))
    o.step('ls storage', lambda: os.listdir(at('namespaces/app/tables/notes/storage')))
    o.step('ls users', lambda: os.listdir(at('namespaces/app/tables/notes/storage')))
    o.step('readlink of a user', lambda: os.readlink(at(f'namespaces/app/tables/notes/storage/u{o.n}')))
    for path in ('schema.json', 'schema.sql', 'columns/name.json', 'storage.json', 'versions/1/schema.json',
                 'error', 'plan', 'ctl'):
        o.step('cat ' + path, touched(lambda p=path: get(at(USERS + '/' + p))))
    for path in ('log.jsonl', 'README', 'index.html', 'storages/local.json', 'types/INT.json', '.kalamfs/metrics',
                 '.kalamfs/status.json', '.kalamfs/errors.jsonl', 'information_schema/tables.jsonl',
                 'information_schema/columns.jsonl', 'namespaces/app/information_schema/columns.jsonl'):
        o.step('cat ' + path, touched(lambda p=path: get(at(p))))
    for path in ('namespaces', 'namespaces/app/trash', 'storages', 'types', USERS + '/versions', '.kalamfs', ''):
        o.step('ls ' + path, touched(lambda p=path: os.listdir(at(p))))
    o.step('a name that is not there', lambda: os.path.lexists(at(f'{USERS}/columns/c{o.n}.json')))
    o.step('statfs', lambda: os.statvfs(at('')))
    o.step('chmod', touched(lambda: os.chmod(at(USERS + '/schema.json'), 0o644)))
    o.step('touch', touched(lambda: os.utime(at(USERS + '/schema.json'))))


def change(o):
    at, tables = o.at, 'namespaces/app/tables/'
    anew = []

    def document(key, value):
        text = json.loads(get(at(USERS + '/schema.json')))
        text[key] = value
        return json.dumps(text) + '\n'

    def save():
        put(at(USERS + '/schema.json'), document('table_comment', f's{o.n}'), os.O_TRUNC)

    def save_by_rename():
        put(at(USERS + '/x.tmp'), document('table_comment', f'r{o.n}'), os.O_CREAT | os.O_TRUNC)
        os.rename(at(USERS + '/x.tmp'), at(USERS + '/schema.json'))

    def unlink_and_save():
        """Who has unlinked a document does not see it for a while."""
        try:
            anew.append(document('table_comment', f'u{o.n}'))
            os.unlink(at(USERS + '/schema.json'))
        except FileNotFoundError:
            pass
        put(at(USERS + '/schema.json'), anew[-1], os.O_CREAT)

    def shows_of():
        return get(at(USERS + '/schema.sql')).decode()

    def shows(text):
        return lambda: text.replace('@', str(o.n)) in shows_of()

    def quietly(do):
        def run():
            try:
                do()
            except OSError:
                pass
        return run

    o.step('ctl', lambda: o.sql(USERS + '/ctl', "COMMENT 'c@'"), shows("'c@'"), True)
    o.step('plan', lambda: o.sql(USERS + '/plan', f'ADD COLUMN p{o.n} INT'),
           lambda: f'p{o.n}' in get(at(USERS + '/plan')).decode())
    o.step('save', save, shows("'s@'"), True)
    o.step('rename over a document', save_by_rename, shows("'r@'"), True)
    o.step('mkdir', lambda: os.mkdir(at(f'namespaces/n{o.n}')), lambda: there(at(f'namespaces/n{o.n}'))(), True)
    os.mkdir(at('namespaces/gone'))
    o.step('rmdir', lambda: os.rmdir(at('namespaces/gone')), there(at('namespaces/gone'), False), True,
           lambda: os.mkdir(at('namespaces/gone')))
    o.step('mkdir of a draft', lambda: os.mkdir(at(tables + 'draft')), there(at(tables + 'draft')), False,
           lambda: os.rmdir(at(tables + 'draft')))
    os.mkdir(at(tables + 'draft'))
    o.step('rmdir of a draft', lambda: os.rmdir(at(tables + 'draft')), there(at(tables + 'draft'), False), False,
           lambda: os.mkdir(at(tables + 'draft')))
    o.step('a backup of a document', lambda: os.rename(at(tables + 'draft/schema.json'), at(tables + 'draft/old~')),
           lambda: True, False, quietly(lambda: os.unlink(at(tables + 'draft/old~'))))
    os.rmdir(at(tables + 'draft'))
    o.step('scratch', lambda: put(at(USERS + '/.x.swp'), 'x', os.O_CREAT), there(at(USERS + '/.x.swp')), False,
           lambda: os.unlink(at(USERS + '/.x.swp')))
    o.step('symlink', lambda: os.symlink('nowhere', at(USERS + '/.lock')), there(at(USERS + '/.lock')), False,
           lambda: os.unlink(at(USERS + '/.lock')))
    o.step('unlink of nothing', quietly(lambda: os.unlink(at(f'{USERS}/none{o.n}'))))
    o.step('mv of a table', lambda: os.rename(at(tables + 'messages'), at(tables + 'letters')),
           there(at(tables + 'letters')), True, lambda: os.rename(at(tables + 'letters'), at(tables + 'messages')))
    o.step('mv to the trash', lambda: os.rename(at(tables + 'messages'), at('namespaces/app/trash/messages')),
           there(at(tables + 'messages'), False), True,
           lambda: os.rename(at('namespaces/app/trash/messages'), at(tables + 'messages')))
    o.step('unlink and save', unlink_and_save, lambda: "'u" in shows_of(), True)


def others(o, peer):
    """What is done on another mount of the catalog is seen here all the same."""
    def shown(name, do, seen):
        for at in range(1, 12):
            o.n += 1
            o.orders.arm(READER, at, READERS_FULL)
            do()
            refused = o.orders.disarm() >= at
            wait_until(f'{name} of another mount, snapshot {at}', seen)
            o.refusals += refused

    shown('mkdir', lambda: os.mkdir(f'{peer}/namespaces/p{o.n}'), lambda: there(o.at(f'namespaces/p{o.n}'))())
    shown('a statement', lambda: put(f'{peer}/{USERS}/ctl', f"COMMENT 'other {o.n}'\n"),
          lambda: f"'other {o.n}'" in get(o.at(USERS + '/schema.sql')).decode())


# ----- answers that nobody gets -----

def abort(orders, point):
    """Each in a thread of its own: its answer is held until the connection is no more."""
    users, errors = point + '/' + USERS, []
    os.stat(users + '/ctl')
    os.stat(users + '/schema.sql')
    put(users + '/.scratch', 'x', os.O_CREAT)
    number = os.minor(os.stat(point).st_dev)
    calls = [(OPEN, lambda: os.open(users + '/ctl', os.O_RDONLY)),
             (OPEN, lambda: os.open(point + '/information_schema/columns.jsonl', os.O_RDONLY)),
             (OPEN, lambda: os.open(users + '/.scratch', os.O_RDONLY)),
             (CREATE, lambda: os.open(users + '/.new', os.O_RDONLY | os.O_CREAT | os.O_EXCL)),
             (LOOKUP, lambda: os.stat(users + '/.scratch')),
             (LOOKUP, lambda: os.lstat(point + '/namespaces/app/tables/notes/storage/u7'))]
    os.stat(point + '/information_schema/columns.jsonl')
    threads = []

    def run(call):
        try:
            call()
            errors.append(0)
        except OSError as error:
            errors.append(error.errno)

    operations = set()
    for operation, call in calls:
        operations.add(operation)
        orders.hold(*operations)
        before = orders.held()
        threads.append(threading.Thread(target=run, args=[call]))
        threads[-1].start()
        wait_until(f'operation {operation} is held', lambda b=before: orders.held() > b)
    with open(f'/sys/fs/fuse/connections/{number}/abort', 'wb', buffering=0) as end:
        end.write(b'1')
    orders.hold()
    for thread in threads:
        thread.join(WAIT)
    check(f'all are told: {errors}', len(errors) == len(calls) and
          set(errors) <= {errno.ECONNABORTED, errno.ENOTCONN})


# ----- names that are not forgotten at once -----

def names(orders, point):
    o, link = Operations(orders, point), point + '/namespaces/app/tables/notes/storage/u1'
    knows = tuple(map(int, os.uname().release.split('.')[:2])) >= (6, 16)

    def moves(where):
        """Where the data of a user lie is seen by the next call."""
        os.readlink(link)
        o.sql('ctl', f"ALTER STORAGE disk SET USER_TABLES_TEMPLATE '{where}/{{namespace}}/{{tableName}}/{{userId}}'")
        check(f'moved to {where}: {os.readlink(link)}', f'/{where}/' in os.readlink(link))
        os.mkdir(f'{point}/namespaces/{where}')
        check(f'mkdir of {where}', there(f'{point}/namespaces/{where}')())

    moves('a')
    orders.arm(EPOCH, ALWAYS, errno.ENOMEM)
    moves('b')
    check('it is tried again', orders.disarm() > 1 or not knows)
    orders.arm(EPOCH, ALWAYS, errno.EINVAL)
    moves('c')
    check('until the kernel does not know it', orders.disarm() == knows)
    orders.arm(EPOCH, 0, 0)
    moves('d')
    check('then never again', orders.disarm() == 0)


def main():
    if sys.argv[1] == 'start':
        start()
        print(f'{checks} checks of starts')
        return
    orders = Orders(sys.argv[2])
    if sys.argv[1] == 'abort':
        abort(orders, sys.argv[3])
        print('answers were held, and nobody got them')
        return
    if sys.argv[1] == 'names':
        names(orders, sys.argv[3])
        print(f'{checks} checks of names')
        return
    o = Operations(orders, sys.argv[3])
    if sys.argv[1] == 'others':
        others(o, sys.argv[4])
    else:
        {'read': read, 'change': change}[sys.argv[1]](o)
    print(f'{checks} checks, {o.refusals} operations were refused')


main()
