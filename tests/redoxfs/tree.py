#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tree.py SEED FILES FOLDER: operations of chance that end in a tree of about FILES files, for redoxfs_soak replay, and what a reader must
find afterwards: FOLDER/script, FOLDER/pool (the bytes that are written are parts of it) and FOLDER/manifest (see reader.py).

Every size around a boundary of the format, deep directories, one with many names, names of all lengths, hard links, holes, files that
only far pointers reach; and on the way deletions, renames, exchanges, truncations and data written over other data."""
import hashlib
import os
import random
import sys

sys.dont_write_bytecode = True
from reader import BLOCK, SPARSE_FROM, path_text, sparse_add

RECORD = 32 * BLOCK
POOL = 3 * RECORD
SMALL = [0, 1, 2, 100, 3966, 3967, 3968, 3969, 4095, 4096, 4097]
MIDDLE = [8191, 8192, 8193, 12288, 16384, 16385]
LARGE = [65535, 65536, 65537, RECORD - 1, RECORD, RECORD + 1]
HUGE = [2 * RECORD - 1, 2 * RECORD, 2 * RECORD + 1]
# Where a record is the first or the last that a kind of pointer reaches; the last is as long as a file can be.
FAR = [128, 128 + 64 * 2 ** 8, 128 + 64 * 2 ** 8 + 32 * 2 ** 16, 128 + 64 * 2 ** 8 + 32 * 2 ** 16 + 16 * 2 ** 24, 34630287488]


class Node:
    def __init__(self, kind, mode, uid, gid, now):
        self.kind, self.mode, self.uid, self.gid, self.now = kind, mode, uid, gid, now
        self.links, self.size, self.pages, self.entries, self.target = 1, 0, {}, {}, b""

    def write(self, offset, data):
        position, end = offset, offset + len(data)
        while position < end:
            number, inside = divmod(position, BLOCK)
            count = min(BLOCK - inside, end - position)
            page = self.pages.setdefault(number, bytearray(BLOCK))
            page[inside:inside + count] = data[position - offset:position - offset + count]
            position += count
        self.size = max(self.size, end)

    def truncate(self, size):
        if size < self.size:
            self.pages = {number: page for number, page in self.pages.items() if number * BLOCK < size}
            if size // BLOCK in self.pages:
                self.pages[size // BLOCK][size % BLOCK:] = bytes(BLOCK - size % BLOCK)
        self.size = size

    def digest(self):
        digest = hashlib.sha256()
        if self.kind == "symlink":
            digest.update(self.target)
        elif self.size > SPARSE_FROM:
            for number in sorted(self.pages):
                sparse_add(digest, number * BLOCK, bytes(self.pages[number]))
            return "pages:" + digest.hexdigest()
        else:
            for number in range((self.size + BLOCK - 1) // BLOCK):
                digest.update(self.pages.get(number, bytes(BLOCK))[:self.size - number * BLOCK])
        return digest.hexdigest()


class Maker:
    def __init__(self, seed, folder):
        self.chance, self.now = random.Random(seed), 1700000000
        self.script = open(os.path.join(folder, "script"), "w")
        self.root = Node("dir", 0o755, 0, 0, self.now)
        self.directories, self.files = [b""], []  # paths
        text = b"".join(b"line %d of the text that is easy to make shorter\n" % (i // 3) for i in range(4000))
        self.pool = (self.chance.randbytes(POOL // 2) + text)[:POOL]
        with open(os.path.join(folder, "pool"), "wb") as file:
            file.write(self.pool)

    def say(self, what, path=b"", other=b"", a=0, b=0, c=0):
        self.now += 1
        self.script.write("%s %s %s %d %d %d %d\n" % (what, path.hex() or "-", other.hex() or "-", a, b, c, self.now))

    def node(self, path):
        node = self.root
        for name in path.split(b"/")[1:]:
            node = node.entries[name]
        return node

    def parent(self, path):
        above = self.node(path[:path.rindex(b"/")])
        above.now = self.now
        return above.entries, path[path.rindex(b"/") + 1:]

    def fresh_name(self, directory):
        entries = self.node(directory).entries
        while True:
            kind = self.chance.random()
            length = self.chance.randint(1, 24) if kind < 0.9 else self.chance.choice([1, 2, 100, 200, 251, 252])
            name = "".join(self.chance.choice("abcdefghijklmnop-_. :\\\tABCéß日🦀") for _ in range(length)).encode()[:length]
            name = name.decode("utf-8", "ignore").encode()
            if name and name not in (b".", b"..") and name not in entries:
                return directory + b"/" + name

    # -- operations, on the model and in the script ----------------------------------------------------------------------------------

    def make(self, kind, path, target=b""):
        mode = 0o777 if kind == "symlink" else self.chance.randint(0, 0o7777)
        uid, gid = self.chance.randint(0, 2 ** 32 - 1), self.chance.randint(0, 70000)
        self.say(kind, path, target, mode, uid, gid)
        node = Node(kind, mode, uid, gid, self.now)
        node.target, node.size = target, len(target)
        entries, name = self.parent(path)
        entries[name] = node
        if kind == "dir":
            self.directories.append(path)
        elif kind == "file":
            self.files.append(path)
        return node

    def write(self, path, offset, length):
        node = self.node(path)
        while length > 0:
            part = min(length, RECORD)
            at = self.chance.randint(0, POOL - part)
            self.say("write", path, b"", offset, part, at)
            node.write(offset, self.pool[at:at + part])
            offset, length = offset + part, length - part
        node.now = self.now

    def truncate(self, path, size):
        self.say("truncate", path, b"", size)
        node = self.node(path)
        node.truncate(size)
        node.now = self.now

    def link(self, path, other):
        self.say("link", path, other)
        node = self.node(path)
        entries, name = self.parent(other)
        entries[name] = node
        node.links += 1
        self.files.append(other)

    def unlink(self, path):
        self.say("unlink", path)
        entries, name = self.parent(path)
        entries.pop(name).links -= 1
        self.files.remove(path)

    def rename(self, path, other):
        old = self.node(other) if other in self.files else None
        if old is self.node(path):
            return  # two names of one file: nothing happens
        self.say("rename", path, other)
        entries, name = self.parent(path)
        node = entries.pop(name)
        entries, name = self.parent(other)
        entries[name] = node
        if old:
            old.links -= 1
            self.files.remove(other)
        self.files[self.files.index(path)] = other

    def exchange(self, path, other):
        if self.node(path) is self.node(other):
            return
        self.say("exchange", path, other)
        one, name = self.parent(path)
        two, other_name = self.parent(other)
        one[name], two[other_name] = two[other_name], one[name]

    # -- what happens ---------------------------------------------------------------------------------------------------------------

    def size(self):
        kind = self.chance.random()
        sizes = SMALL if kind < 0.7 else MIDDLE if kind < 0.95 else LARGE if kind < 0.985 else HUGE
        return self.chance.choice(sizes) if self.chance.random() < 0.7 else self.chance.randint(0, max(sizes))

    def change(self):
        path = self.chance.choice(self.files)
        kind = self.chance.random()
        if kind < 0.25:
            self.truncate(path, self.size())
        elif kind < 0.5:
            self.write(path, self.size(), self.chance.choice([1, 10, 5000]))
        elif kind < 0.65:
            self.link(path, self.fresh_name(self.chance.choice(self.directories)))
        elif kind < 0.8:
            self.rename(path, self.fresh_name(self.chance.choice(self.directories)))
        elif kind < 0.85:
            self.rename(path, self.chance.choice(self.files))
        elif kind < 0.9:
            self.exchange(path, self.chance.choice(self.files))
        else:
            self.unlink(path)

    def far_files(self):
        for record in FAR:
            for before in (RECORD, 1, 0):
                path = self.fresh_name(b"")
                self.make("file", path)
                if record * RECORD - before < FAR[-1] * RECORD:
                    self.write(path, record * RECORD - before, 1)
                self.truncate(path, min(record * RECORD + 5, FAR[-1] * RECORD))

    def one_file(self, directory):
        kind = self.chance.random()
        path = self.fresh_name(directory)
        if kind < 0.04:
            self.make("symlink", path, bytes(self.chance.choice(b"abc/.") for _ in range(self.chance.choice([1, 50, 3966, 3967, 3968, 4095]))))
        elif kind < 0.05:
            self.make("socket", path)
        else:
            self.make("file", path)
            size = self.size()
            if self.chance.random() < 0.9:
                self.write(path, 0, size)
            else:
                self.write(path, size, self.chance.choice([1, 4096]))  # with a hole in front
            self.change()

    def run(self, files):
        deep = b""
        for _ in range(60):
            deep = self.fresh_name(deep)
            self.make("dir", deep)
        crowd = self.fresh_name(b"")
        self.make("dir", crowd)
        self.far_files()
        while len(self.files) < files:
            if self.chance.random() < 0.02:
                self.make("dir", self.fresh_name(self.chance.choice(self.directories)))
            self.one_file(crowd if self.chance.random() < 0.2 else self.chance.choice(self.directories))
            if self.chance.random() < 0.005:
                self.say("commit" if self.chance.random() < 0.7 else "remount")
        for path in [path for path in self.directories if path and not self.node(path).entries and self.chance.random() < 0.5]:
            self.say("rmdir", path)
            entries, name = self.parent(path)
            entries.pop(name)
            self.directories.remove(path)
        self.script.close()

    def manifest(self, file):
        work, digests = [(b"", self.root)], {}
        while work:
            path, node = work.pop()
            is_directory = node.kind == "dir"
            if not is_directory and node not in digests:
                digests[node] = node.digest()
            words = [path_text(path or b"/"), "sock" if node.kind == "socket" else node.kind, "%o" % node.mode, node.uid, node.gid, node.links,
                     "-" if is_directory else node.size, "-", "-", "-", "%d.000000000" % node.now, "-", digests.get(node, "-")]
            file.write("\t".join(str(word) for word in words) + "\n")
            work += [(path + b"/" + name, child) for name, child in node.entries.items()]


def main(seed, files, folder):
    os.makedirs(folder, exist_ok=True)
    maker = Maker(int(seed), folder)
    maker.run(int(files))
    with open(os.path.join(folder, "manifest"), "w", encoding="utf-8", newline="\n") as file:
        maker.manifest(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
