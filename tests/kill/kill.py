# SPDX-License-Identifier: GPL-2.0-or-later
"""kill.py - daemons and kalamctl are killed while they work, again and again.

  kill.py KALAMFS KALAMCTL DIRECTORY CYCLES MOUNTS [SEED]

Writers count: each change of theirs sets a number to the next one, by ctl (in one
write: the comments of two tables, and a table that follows the number), by saved
documents (written in place and renamed over), by kalamctl.  After each restart,
which is one over the dead mount, the number is the last acknowledged one or, where
a change was under way, that of the change; all parts of it say the same; the
version is as many changes on; check finds nothing.

KALAM_WRAPPER is put in front of the daemons.  Exit status: 0 nothing found, 1 something.
"""
import errno
import json
import os
import random
import select
import signal
import subprocess
import sys
import time

KALAMFS, KALAMCTL, DIR = sys.argv[1:4]
CYCLES, MOUNTS = int(sys.argv[4]), int(sys.argv[5])
SEED = int(sys.argv[6]) if len(sys.argv) > 6 else int(time.time())
WRAPPER = os.environ.get('KALAM_WRAPPER', '').split()
CATALOG = DIR + '/catalog'
CONNECTIONS = DIR + '/connections'
WAIT = 60           # seconds until something counts as hanging
HANGS = 10          # seconds that a call may take when its daemon was killed
LEARNS = 10         # until a mount knows of a commit whose daemon could not tell it any more
MOMENT = 0.05       # at most so long a daemon lives after the writers began
GONE = {errno.ECONNABORTED, errno.ENOTCONN}
# After SIGTERM the mount may be gone, and its mount point is an empty directory.
ENDED = GONE | {errno.ENOENT, errno.EROFS, errno.ESHUTDOWN, errno.EBUSY, errno.ENODEV, errno.EIO}

KINDS = ['ctl', 'ctl', 'document', 'rename', 'kalamctl']
findings = 0
acknowledged = unknown = applied = 0


def found(cycle, text):
    global findings
    findings += 1
    if findings <= 20:
        print(f'cycle {cycle}: {text}', flush=True)


def say(*words):
    return subprocess.run([KALAMCTL, CATALOG, *words], capture_output=True, text=True,
                          timeout=WAIT)


def exec_sql(text):
    return subprocess.run([KALAMCTL, CATALOG, 'exec'], input=text, capture_output=True,
                          text=True, timeout=WAIT)


class Mount:
    def __init__(self, number):
        self.point = f'{DIR}/mnt{number}'
        self.log = f'{DIR}/daemon{number}.log'
        os.mkdir(self.point)
        self.daemon = None

    def is_up(self):
        try:
            os.close(os.open(self.point + '/README', os.O_RDONLY))
            return True
        except OSError:
            return False

    def start(self):
        end = time.time() + WAIT
        with open(self.log, 'w') as log:
            self.daemon = subprocess.Popen([*WRAPPER, KALAMFS, '-f', CATALOG, self.point],
                                           stdout=log, stderr=log)
        while not self.is_up():
            if self.daemon.poll() is not None or time.time() > end:
                raise SystemExit('the mount does not come up: ' + open(self.log).read())
            time.sleep(0.002)
        self.device = os.minor(os.stat(self.point).st_dev)

    def end(self, how):
        """Its exit status; None where it does not end: then it hung, and is let go."""
        self.daemon.send_signal(how)
        try:
            return self.daemon.wait(HANGS)
        except subprocess.TimeoutExpired:
            self.abort()
            self.daemon.kill()
            self.daemon.wait(HANGS)
            return None

    def abort(self):
        """Let go who waits for a daemon that is dead."""
        try:
            with open(f'{CONNECTIONS}/{self.device}/abort', 'w') as file:
                file.write('1')
        except OSError:
            pass

    def unmount(self):
        subprocess.run(['umount', '-l', self.point], stderr=subprocess.DEVNULL, check=False)


class Writer:
    """A number that one process at a time counts on, and where it does so."""

    def __init__(self, number, kind, mount):
        self.name, self.kind, self.mount = f'w{number}', kind, mount
        self.value = self.tried = 0

    def tables(self):
        return self.mount.point + '/namespaces/app/tables/'

    def setup(self):
        sql = f"CREATE TABLE app.{self.name} (id INT PRIMARY KEY) COMMENT '0';"
        if self.kind == 'ctl':
            sql += (f"CREATE TABLE app.{self.name}_twin (id INT PRIMARY KEY) COMMENT '0';"
                    f"CREATE TABLE app.{self.name}_0 (id INT PRIMARY KEY);")
        return sql

    def change(self, n):
        """Make it n; an OSError where the call fails."""
        if self.kind == 'ctl':
            text = (f"ALTER TABLE {self.name} COMMENT '{n}'; ALTER TABLE {self.name}_twin COMMENT '{n}';"
                    f"CREATE TABLE {self.name}_{n} (id INT PRIMARY KEY);"
                    f"DROP TABLE {self.name}_{n - 1} PURGE;\n")
            self.put(self.mount.point + '/namespaces/app/ctl', text)
            return
        path = self.tables() + self.name + '/schema.json'
        with open(path) as file:
            document = json.load(file)
        document['table_comment'] = str(n)
        text = json.dumps(document)
        if self.kind == 'document':
            self.put(path, text, os.O_TRUNC)
            return
        aside = self.tables() + self.name + '/.schema.json.new'
        self.put(aside, text, os.O_CREAT | os.O_TRUNC)
        os.rename(aside, path)

    @staticmethod
    def put(path, text, flags=0):
        fd = os.open(path, os.O_WRONLY | flags, 0o600)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)

    def count(self, pipe):
        """Until it fails, in a process of its own: each number before and behind its change."""
        n = self.value
        while True:
            n += 1
            os.write(pipe, f'{n} try\n'.encode())
            try:
                if self.kind == 'kalamctl':
                    done = exec_sql(f"ALTER TABLE app.{self.name} COMMENT '{n}'")
                    if done.returncode:
                        raise OSError(errno.EIO, done.stderr)
                else:
                    self.change(n)
            except OSError as failure:
                os.write(pipe, f'{failure.errno} failed\n'.encode())
                break
            except ValueError:      # a text that was cut: what read() began the daemon did not end
                os.write(pipe, f'{errno.ECONNABORTED} failed\n'.encode())
                break
            os.write(pipe, f'{n} done\n'.encode())
        try:
            self.change(n) if self.kind != 'kalamctl' else None
            os.write(pipe, b'0 after\n')
        except OSError as failure:
            os.write(pipe, f'{failure.errno} after\n'.encode())
        except ValueError:
            os.write(pipe, b'-1 after\n')

    def start(self):
        ours, theirs = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.setpgid(0, 0)
            os.close(ours)
            try:
                self.count(theirs)
            finally:
                os._exit(0)
        try:
            os.setpgid(self.pid, self.pid)      # whichever of the two comes first
        except OSError:
            pass
        os.close(theirs)
        self.pipe = ours

    def kill(self):
        """A kalamctl and who runs it."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def collect(self):
        """What became of it: errno of the call that failed and of the next one; if it hung."""
        hung = False
        text = b''
        while True:
            if not select.select([self.pipe], [], [], HANGS)[0]:
                hung = True
                self.mount.abort()
                self.kill()
            piece = os.read(self.pipe, 65536)
            if not piece:
                break
            text += piece
        os.close(self.pipe)
        lines = text.decode().split('\n')
        os.waitpid(self.pid, 0)
        self.acked, self.tried, first, after = self.value, self.value, None, None
        for line in lines:
            number, _, what = line.partition(' ')
            if what == 'try':
                self.tried = int(number)
            elif what == 'done':
                self.acked = int(number)
            elif what == 'failed':
                first = int(number)
            elif what == 'after':
                after = int(number)
        return first, after, hung


def document_of(mount, table):
    with open(f'{mount.point}/namespaces/app/tables/{table}/schema.json') as file:
        return json.load(file)


def look(cycle, writer, mount, names):
    """Whether what is there now is what was acknowledged, or the change under way, whole."""
    global acknowledged, unknown, applied
    document = document_of(mount, writer.name)
    value = int(document['table_comment'])
    acknowledged += writer.acked - writer.value
    unknown += writer.tried != writer.acked
    applied += value == writer.tried != writer.acked
    if value not in (writer.acked, writer.tried):
        found(cycle, f'{writer.kind} {writer.name}: {value} is there, {writer.acked} was '
              f'acknowledged, {writer.tried} tried')
    elif document['schema_version'] != value + 1:
        found(cycle, f'{writer.name}: version {document["schema_version"]} after {value} changes')
    if writer.kind == 'ctl':
        twin = int(document_of(mount, writer.name + '_twin')['table_comment'])
        own = sorted(n for n in names if n.startswith(writer.name + '_') and n[-1].isdigit())
        if twin != value or own != [f'{writer.name}_{value}']:
            found(cycle, f'{writer.name}: a part of a change: {value}, {twin}, {own}')
    writer.value = value


def shows(mount, writer):
    """What was acknowledged is there at once, and else soon."""
    end = time.time() + (LEARNS if writer.value != writer.acked else 0)
    while int(document_of(mount, writer.name)['table_comment']) != writer.value:
        if time.time() >= end:
            return False
        time.sleep(0.002)
    return True


def check_errno(cycle, writer, how, first, after):
    if writer.kind == 'kalamctl':
        return
    allowed = GONE if how == signal.SIGKILL else ENDED
    if first is not None and first not in allowed:
        found(cycle, f'{writer.kind}: the call in flight is answered {errno.errorcode.get(first, first)}')
    if first is not None and how == signal.SIGKILL and after != errno.ENOTCONN:
        found(cycle, f'{writer.kind}: the next call is answered {errno.errorcode.get(after, after)}')


def run_cycle(cycle, mounts, writers, chance):
    victims = chance.sample(mounts, chance.randint(1, len(mounts)))
    how = signal.SIGTERM if chance.random() < 0.3 else signal.SIGKILL
    for writer in writers:
        writer.start()
    time.sleep(chance.random() * MOMENT)
    for writer in writers:
        if writer.kind == 'kalamctl':
            writer.kill()
    for mount in victims:
        status = mount.end(how)
        if status != (0 if how == signal.SIGTERM else -signal.SIGKILL):
            found(cycle, f'a daemon ended with status {status}: ' + open(mount.log).read()[-500:])
    # Writers on another mount go on; they are interrupted between two calls of theirs.
    for writer in writers:
        if writer.mount not in victims:
            writer.kill()
    for writer in writers:
        first, after, hung = writer.collect()
        if hung:
            found(cycle, f'{writer.kind}: the call in flight had no end after {how.name}')
        elif writer.mount in victims:
            check_errno(cycle, writer, how, first, after)
    for mount in victims:
        mount.start()
    # Who has just started has nothing cached.
    names = os.listdir(victims[0].point + '/namespaces/app/tables')
    for writer in writers:
        look(cycle, writer, victims[0], names)
    for mount in mounts:
        for writer in writers:
            if not shows(mount, writer):
                found(cycle, f'{writer.name}: the mounts show different changes')
    checked = say('check')
    if checked.returncode or 'OK: ' not in checked.stdout:
        found(cycle, 'check: ' + checked.stdout + checked.stderr)


def main():
    chance = random.Random(SEED)
    done = exec_sql('CREATE NAMESPACE app')
    if not os.path.exists(CATALOG + '/data.mdb'):
        raise SystemExit('kalamctl makes no catalog: ' + done.stderr)
    mounts = [Mount(i) for i in range(MOUNTS)]
    writers = [Writer(i, kind, mounts[i % MOUNTS]) for i, kind in enumerate(KINDS)]
    done = exec_sql(''.join(w.setup() for w in writers))
    if done.returncode:
        raise SystemExit(done.stderr)
    os.mkdir(CONNECTIONS)
    subprocess.run(['mount', '-t', 'fusectl', 'none', CONNECTIONS], check=True)
    try:
        for mount in mounts:
            mount.start()
        for cycle in range(CYCLES):
            run_cycle(cycle, mounts, writers, chance)
            if findings >= 20:
                break
        for mount in mounts:
            if mount.end(signal.SIGTERM):
                found(CYCLES, 'a daemon did not end well')
        stacked = [line for line in open('/proc/self/mounts') if DIR in line and CONNECTIONS not in line]
        if stacked:
            found(CYCLES, 'mounts are left behind: ' + ''.join(stacked))
    finally:
        for writer in writers:
            if hasattr(writer, 'pid'):
                writer.kill()
        for mount in mounts:
            if mount.daemon and mount.daemon.poll() is None:
                mount.daemon.kill()
            mount.unmount()
        subprocess.run(['umount', CONNECTIONS], check=False)
    print(f'{CYCLES} kills with {MOUNTS} mount(s): {acknowledged} changes acknowledged, {unknown} '
          f'interrupted, {applied} of them made: {findings} findings (seed {SEED})')
    return 1 if findings else 0


sys.exit(main())
