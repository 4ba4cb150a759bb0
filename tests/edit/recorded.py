#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""recorded.py KIND FILE TEXT... - save each TEXT into FILE with exactly the calls of a program.

For editors that need a screen of their own.  Prints each call that fails; exit
status 1 if one of the saves did not succeed as that program sees it.
"""
import os
import sys


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]


def write_close(fd, data, sync=None):
    """write, fsync, close; close also when the write has failed; the first error wins."""
    try:
        write_all(fd, data)
        if sync:
            sync(fd)
    except OSError:
        try:
            os.close(fd)
        except OSError:
            pass
        raise
    os.close(fd)


def quiet_sync(fd):
    try:
        os.fdatasync(fd)
    except OSError:
        pass


def create(path, mode=0o600):
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)


def vscode(path, data):
    """diskFileSystemProvider: open 'w', write, fdatasync with its error swallowed, close, stat."""
    os.stat(path)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    write_close(fd, data, quiet_sync)
    now = os.stat(path)
    with open(path, "rb") as file:
        if len(file.read()) != now.st_size:
            raise OSError(5, "size after the save")
    if os.stat(path).st_mtime_ns != now.st_mtime_ns:
        raise OSError(5, "mtime moves after the save")


def over(path, temp, data, mode=None, sync=os.fsync):
    """A new file beside it, renamed over it; removed if that fails."""
    fd = create(temp)
    try:
        write_close(fd, data, sync)
        if mode is not None:
            os.chmod(temp, mode)
        os.rename(temp, path)
    except OSError:
        os.unlink(temp)
        raise


def vscode_atomic(path, data):
    """The atomic save that VS Code uses for its own settings."""
    temp = path + ".vsctmp"
    fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        write_close(fd, data, quiet_sync)
        os.rename(temp, path)
    except OSError:
        os.unlink(temp)
        raise


def jetbrains(path, data):
    """Safe write: a temporary beside it, renamed over it."""
    over(path, path + "___jb_tmp___", data, 0o644)


def jetbrains_old(path, data):
    """Safe write of older versions: the real one steps aside and comes back on a failure."""
    temp, old = path + "___jb_tmp___", path + "___jb_old___"
    fd = create(temp, 0o644)
    try:
        write_close(fd, data, os.fsync)
        os.rename(path, old)
        try:
            os.rename(temp, path)
        except OSError:
            os.rename(old, path)
            raise
    except OSError:
        os.unlink(temp)
        raise
    os.unlink(old)


def gio(path, data):
    """GLib: .goutputstream-XXXXXX, fchmod, fsync, rename."""
    temp = os.path.join(os.path.dirname(path), ".goutputstream-QX7K2B")
    over(path, temp, data, os.stat(path).st_mode & 0o7777)


def qsavefile(path, data):
    """Qt: an unnamed file where there are such, else a template beside it."""
    try:
        os.close(os.open(os.path.dirname(path), os.O_RDWR | os.O_TMPFILE, 0o600))
    except OSError:
        pass
    over(path, path + ".Qx7k2b", data, 0o644, os.fdatasync)


def probe(path):
    """vim: may this directory be written?"""
    name = os.path.join(os.path.dirname(path), "4913")
    fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    os.fchown(fd, os.getuid(), os.getgid())
    os.close(fd)
    os.unlink(name)


def back(path, backup):
    """vim: put the backup back after a failed write."""
    os.unlink(path)
    os.rename(backup, path)


def vim_failing(path, data):
    """vim with its backup by renaming; a failed write brings the backup back."""
    backup = path + "~"
    probe(path)
    os.rename(path, backup)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        os.ftruncate(fd, 0)
        write_close(fd, data, os.fsync)
    except OSError:
        back(path, backup)
        raise
    os.chmod(path, 0o644)
    os.unlink(backup)


def emacs_failing(path, data):
    """emacs: lock, backup by renaming, many small writes, a second open without a write."""
    lock = os.path.join(os.path.dirname(path), ".#" + os.path.basename(path))
    backup = path + "~"
    os.symlink("user@host.4711:1700000000", lock)
    try:
        os.rename(path, backup)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            try:
                for at in range(0, len(data), 300):
                    write_all(fd, data[at:at + 300])
                os.fsync(fd)
            finally:
                os.close(fd)
            os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
        except OSError:
            os.rename(backup, path)
            raise
        os.chmod(path, 0o644)
        os.unlink(backup)
    finally:
        os.unlink(lock)


KINDS = {kind.__name__: kind for kind in (
    vscode, vscode_atomic, jetbrains, jetbrains_old, gio, qsavefile, vim_failing, emacs_failing)}


def main():
    kind, path = KINDS[sys.argv[1]], sys.argv[2]
    status = 0
    for name in sys.argv[3:]:
        with open(name, "rb") as file:
            data = file.read()
        try:
            kind(path, data)
        except OSError as error:
            print(f"{sys.argv[1]}: {name}: {error}", file=sys.stderr)
            status = 1
    return status


sys.exit(main())
