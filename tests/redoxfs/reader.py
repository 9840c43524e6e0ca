#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""reader.py [--foreign] [--manifest FILE | --list] IMAGE

A second reader of RedoxFS volumes (version 8, not encrypted), written from the format's description and not from fs/redoxfs: what one
of the two misunderstands the other does not. Checks each checksum, each structure, that every block is free or used by exactly one,
link counts, that each name is found where a lookup looks, and contents against a manifest (path, type, mode, uid, gid, links, size,
blocks, node, three times, digest; - is not compared). Status 0: all well. --foreign: made by another implementation, of which leaked
blocks, too large block counts and records behind the end of a file are known."""
import hashlib
import mmap
import struct
import sys

BLOCK = 4096
MASK = (1 << 64) - 1
PRIME = 0x6EED0E9DA4D94A4F
SEEDS = (0x16F11FE89B0D677C, 0xB480A793D8E6C86C, 0x6FE2E5AAF078EBC9, 0x14F994A4C5259381)
HEIGHTS = ((128, 128, 0), (2176, 64, 1), (3200, 32, 2), (3712, 16, 3), (3968, 8, 4))  # place in the node, pointers, levels above records
FILE, DIRECTORY, SYMLINK, SOCKET = 0x8000, 0x4000, 0xA000, 0xC000
TYPE_NAMES = {FILE: "file", DIRECTORY: "dir", SYMLINK: "symlink", SOCKET: "sock"}
SPARSE_FROM = 64 << 20  # larger files are digested by their pages that are not zero
ZERO_PAGE = bytes(BLOCK)


def diffuse(x):
    x = x * PRIME & MASK
    x ^= (x >> 32) >> (x >> 60)
    return x * PRIME & MASK


def seahash(data):
    a, b, c, d = SEEDS
    length = len(data)
    if length % 8:
        data = bytes(data) + bytes(8 - length % 8)
    words = struct.unpack("<%dQ" % (len(data) // 8), data)
    prime, mask = PRIME, MASK
    for at in range(0, len(words) - 3, 4):
        x, y, z, t = words[at:at + 4]
        x = (a ^ x) * prime & mask
        y = (b ^ y) * prime & mask
        z = (c ^ z) * prime & mask
        t = (d ^ t) * prime & mask
        a = (x ^ (x >> 32) >> (x >> 60)) * prime & mask
        b = (y ^ (y >> 32) >> (y >> 60)) * prime & mask
        c = (z ^ (z >> 32) >> (z >> 60)) * prime & mask
        d = (t ^ (t >> 32) >> (t >> 60)) * prime & mask
    for word in words[len(words) // 4 * 4:]:
        a, b, c, d = b, c, d, diffuse(a ^ word)
    return diffuse(a ^ b ^ c ^ d ^ length)


def lz4(block, limit):
    """A raw LZ4 block; ValueError when it is none or longer than limit."""
    out, at, end = bytearray(), 0, len(block)

    def more(length):
        nonlocal at
        if length < 15:
            return length
        while True:
            byte = block[at]
            at += 1
            length += byte
            if byte != 255:
                return length

    try:
        while True:
            token = block[at]
            at += 1
            literals = more(token >> 4)
            if at + literals > end:
                raise ValueError("literals behind the end")
            out += block[at:at + literals]
            at += literals
            if len(out) > limit:
                raise ValueError("too long")
            if at == end:
                return bytes(out)
            distance = block[at] | block[at + 1] << 8
            at += 2
            length = more(token & 15) + 4
            if distance == 0 or distance > len(out) or len(out) + length > limit:
                raise ValueError("a match outside")
            start = len(out) - distance
            if distance >= length:
                out += out[start:start + length]
            else:
                out += (out[start:] * (length // distance + 1))[:length]
    except IndexError:
        raise ValueError("it ends in the middle") from None


def name_hash(name):
    h = seahash(name) & 0xFFFFFFFF
    return 0xFFFFFFFE if h == 0xFFFFFFFF else h


def pointer(block, at):
    return struct.unpack_from("<QQ", block, at)


def is_null(p):
    return p[0] >> 8 == 0


def is_marker(p):
    return p[0] | 15 == MASK and p[1] == MASK


def path_text(path):
    """As one word of a line."""
    text = path.decode("utf-8", "backslashreplace")
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


class Node:
    def __init__(self, number, block):
        self.number, self.block = number, block
        self.mode, self.uid, self.gid, self.links, self.size, self.blocks = struct.unpack_from("<HIIIQQ", block, 0)
        self.times = [struct.unpack_from("<QI", block, at) for at in (30, 42, 54)]
        self.record_level, self.flags = struct.unpack_from("<II", block, 66)
        self.type = self.mode & 0xF000
        self.names = 0
        self.digest = "-"
        self.entries = []  # of a directory


class Volume:
    def __init__(self, path, foreign):
        with open(path, "rb") as file:
            self.disk = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.foreign = foreign
        self.problems = []
        self.nodes = {}
        self.claimed = {}  # block: who

    def problem(self, what):
        self.problems.append(what)

    # -- blocks ---------------------------------------------------------------------------------------------------------------------

    def raw(self, index, count=1):
        start = (self.base + index) * BLOCK
        return self.disk[start:start + count * BLOCK]

    def claim(self, index, count, who):
        if index < 257 or index + count > self.count:
            self.problem("%s: block %d is outside" % (who, index))
            return False
        for i in range(index, index + count):
            if i in self.claimed:
                self.problem("%s: block %d is used by %s too" % (who, i, self.claimed[i]))
                return False
            self.claimed[i] = who
        return True

    def stored(self, p, who):
        """The bytes that a pointer names, or None when something is wrong with it."""
        index, level = p[0] >> 8, p[0] & 15
        if level > 5 or not self.claim(index, 1 << level, who):
            return None
        if index % (1 << level):
            self.problem("%s: block %d is not at a multiple of its length" % (who, index))
        data = self.raw(index, 1 << level)
        if seahash(data) != p[1]:
            self.problem("%s: wrong checksum of block %d" % (who, index))
            return None
        return data

    def structure(self, p, who):
        if p[0] & 0xFF:
            self.problem("%s: a structure with a level" % who)
            return None
        return self.stored(p, who)

    # -- header ---------------------------------------------------------------------------------------------------------------------

    def header_at(self, block):
        data = self.disk[block * BLOCK:(block + 1) * BLOCK]
        if len(data) < BLOCK or data[:8] != b"RedoxFS\0" or struct.unpack_from("<Q", data, 8)[0] != 8:
            return None
        return data if seahash(data[:4072]) == struct.unpack_from("<Q", data, 4088)[0] else None

    def open(self):
        for at in range(min(65536, len(self.disk) // BLOCK)):
            found = self.header_at(at)
            if found:
                self.base = at - struct.unpack_from("<Q", found, 40)[0] % 256
                break
        else:
            sys.exit("no volume")
        headers = [(slot, self.header_at(self.base + slot)) for slot in range(256)]
        headers = [(struct.unpack_from("<Q", h, 40)[0], slot, h) for slot, h in headers if h]
        self.generation, _, header = max(headers, key=lambda each: each[0])
        self.uuid = header[16:32]
        for generation, slot, other in headers:
            if generation % 256 != slot or other[16:32] != self.uuid:
                self.problem("a strange header in slot %d" % slot)
        size = struct.unpack_from("<Q", header, 32)[0]
        self.count = size // BLOCK
        if size % BLOCK or self.base * BLOCK + size > len(self.disk):
            self.problem("a size of %d bytes" % size)
        if header[4072:4080] != header[4088:4096] or any(header[4080:4088]):
            sys.exit("an encrypted volume")
        if any(header[80:3152]) or any(header[3168:4072]):
            self.problem("something in the header where nothing belongs")
        self.tree, self.log, self.release = pointer(header, 48), pointer(header, 64), pointer(header, 3152)

    # -- nodes ----------------------------------------------------------------------------------------------------------------------

    def walk_tree(self, p, level, first):
        """Answers whether the list is full."""
        who = "list %d of node %d" % (level, first)
        data = self.structure(p, who)
        if data is None:
            return False
        bits = [data[4064 + i // 8] >> i % 8 & 1 for i in range(256)]
        if bits[254] or bits[255]:
            self.problem("%s: a bit behind its end" % who)
        for i in range(254):
            child, number = pointer(data, i * 16), first | i << 8 * level
            if is_null(child):
                if bits[i] and number != 0:
                    self.problem("%s: a bit without a pointer, %d" % (who, i))
            elif level == 0:
                if not bits[i]:
                    self.problem("%s: node %d without its bit" % (who, number))
                self.read_node(child, number)
            elif self.walk_tree(child, level - 1, number) != bool(bits[i]):
                self.problem("%s: bit %d is not whether the list below is full" % (who, i))
        return all(bits[:254])

    def read_node(self, p, number):
        data = self.structure(p, "node %d" % number)
        if data is None:
            return
        node = self.nodes[number] = Node(number, data)
        if node.type not in TYPE_NAMES or node.flags & ~1 or node.record_level > 5 or any(data[74:128]):
            self.problem("node %d: mode %o, flags %x, level %d, or its padding" % (number, node.mode, node.flags, node.record_level))
        if any(ns >= 10 ** 9 for _, ns in node.times):
            self.problem("node %d: nanoseconds" % number)
        if node.record_level != (5 if node.type == FILE else 0):
            self.problem("node %d: a record level of %d" % (number, node.record_level))

    def read_nodes(self):
        self.walk_tree(self.tree, 3, 0)
        if 1 not in self.nodes or self.nodes[1].type != DIRECTORY:
            sys.exit("no root directory: %s" % self.problems[:3])
        for node in self.nodes.values():
            if node.type == DIRECTORY:
                self.read_directory(node)
            else:
                self.read_file(node)

    # -- contents -------------------------------------------------------------------------------------------------------------------

    def record(self, node, p):
        who = "node %d" % node.number
        level, expanded = p[0] & 15, p[0] >> 4 & 15
        data = self.stored(p, who)
        if data is None:
            return b"", 0
        if max(level, expanded) > node.record_level or (expanded and expanded <= level):
            self.problem("%s: a record of levels %d and %d" % (who, level, expanded))
        if not expanded:
            return data, 1 << level
        length = struct.unpack_from("<H", data)[0]
        try:
            return lz4(data[2:2 + length] if length + 2 <= len(data) else b"", BLOCK << expanded), 1 << level
        except ValueError as reason:
            self.problem("%s: a record that does not expand: %s" % (who, reason))
            return b"", 1 << level

    def records(self, node):
        """(number of the record, its bytes), in order; sets node.counted to the blocks that were met."""
        node.counted, first = 1, 0

        def below(p, levels, number):
            if is_null(p):
                return
            if levels == 0:
                data, blocks = self.record(node, p)
                node.counted += blocks
                yield number, data
                return
            block = self.structure(p, "node %d" % node.number)
            node.counted += 1
            if block is None:
                return
            if not any(block):
                self.problem("node %d: a block of pointers without any" % node.number)
            for i in range(256):
                yield from below(pointer(block, i * 16), levels - 1, number + (i << 8 * (levels - 1)))

        for at, slots, levels in HEIGHTS:
            for i in range(slots):
                yield from below(pointer(node.block, at + i * 16), levels, first + (i << 8 * levels))
            first += slots << 8 * levels

    def pieces(self, node):
        """(offset, bytes) that are stored, in order and inside the size."""
        record = BLOCK << node.record_level
        node.counted = 1
        if node.flags & 1:
            yield 0, node.block[128:128 + min(node.size, 3968)]
            return
        for number, data in self.records(node):
            if number * record >= node.size:
                if not self.foreign:
                    self.problem("node %d: record %d is behind the end" % (node.number, number))
                continue
            yield number * record, data[:node.size - number * record]

    def read_file(self, node):
        digest, at = hashlib.sha256(), 0
        is_sparse = node.size > SPARSE_FROM
        for offset, data in self.pieces(node):
            if is_sparse:
                sparse_add(digest, offset, data)
            else:
                digest.update(bytes(offset - at))
                digest.update(data)
                at = offset + len(data)
        if not is_sparse:
            digest.update(bytes(node.size - at))
        node.digest = ("pages:" if is_sparse else "") + digest.hexdigest()
        self.compare_blocks(node)

    def compare_blocks(self, node):
        if node.blocks < node.counted or (node.blocks > node.counted and not self.foreign):
            self.problem("node %d: says %d blocks and has %d" % (node.number, node.blocks, node.counted))

    # -- directories ----------------------------------------------------------------------------------------------------------------

    def leaf(self, node, p):
        data = self.structure(p, "directory %d" % node.number)
        node.leaves += 1
        if data is None:
            return []
        count, used = struct.unpack_from("<HH", data, 4092)
        at, entries = 0, []
        for _ in range(count):
            if at + 5 > min(used, 4092):
                break
            number, length = struct.unpack_from("<IB", data, at)
            name = data[at + 5:at + 5 + length]
            at += 5 + length
            entries.append((name, number))
        if at != used or used > 4092 or len(entries) != count:
            self.problem("directory %d: a leaf of %d entries and %d bytes that has %d" % (node.number, count, used, at))
        return entries

    def branch(self, node, p, levels, low, high):
        """Everything below; low and high bound the hashes. Answers the greatest hash, and the tree for lookups."""
        if levels == 0:
            entries = self.leaf(node, p)
            hashes = [name_hash(name) for name, _ in entries]
            if any(h < low or h > high for h in hashes) or not hashes:
                self.problem("directory %d: a leaf with names outside its bounds, or none" % node.number)
            node.entries += entries
            return max(hashes, default=0), {name for name, _ in entries}
        data = self.structure(p, "directory %d" % node.number)
        node.leaves += 1
        if data is None:
            return 0, []
        if any(data[4080:]):
            self.problem("directory %d: something behind its bounds" % node.number)
        used = [(struct.unpack_from("<I", data, i * 20)[0], pointer(data, i * 20 + 4)) for i in range(204)]
        filled = [each for each in used if not is_null(each[1])]
        if used[:len(filled)] != filled or any(bound != 0xFFFFFFFF for bound, _ in used[len(filled):]):
            self.problem("directory %d: unused bounds before used ones" % node.number)
        children = []
        for bound, child in filled:
            greatest, tree = self.branch(node, child, levels - 1, low, bound)
            if greatest != bound or bound > high or bound < low:
                self.problem("directory %d: a bound of %08x over a hash of %08x" % (node.number, bound, greatest))
            children.append((bound, tree))
            low = bound
        return (filled[-1][0] if filled else 0), children

    def finds(self, tree, levels, name, h):
        if levels == 0:
            return name in tree
        at = 0
        while at < len(tree) and tree[at][0] < h:
            at += 1
        while at < len(tree):
            if self.finds(tree[at][1], levels - 1, name, h):
                return True
            if tree[at][0] > h:
                break
            at += 1
        return False

    def read_directory(self, node):
        marker, root = pointer(node.block, 128), pointer(node.block, 144)
        node.leaves = 0
        if node.flags & 1 or any(node.block[160:]):
            self.problem("directory %d: is inline, or has a third pointer" % node.number)
        if is_null(root) and not is_marker(marker):
            if any(node.block[128:160]):
                self.problem("directory %d: half empty" % node.number)
        elif not is_marker(marker) or is_null(root):
            self.problem("directory %d: no marker" % node.number)
        else:
            levels = marker[0] & 15
            _, tree = self.branch(node, root, levels, 0, 0xFFFFFFFF)
            for name, _ in node.entries:
                if not self.finds(tree, levels, name, name_hash(name)):
                    self.problem("directory %d: %r is not found" % (node.number, name))
        node.counted = node.leaves + 1
        if node.size != node.leaves * BLOCK:
            self.problem("directory %d: a size of %d with %d blocks" % (node.number, node.size, node.leaves))
        self.compare_blocks(node)
        self.check_names(node)

    def check_names(self, node):
        names = set()
        for name, number in node.entries:
            try:
                name.decode("utf-8")
            except UnicodeDecodeError:
                self.problem("directory %d: %r is no UTF-8" % (node.number, name))
            if not 1 <= len(name) <= 252 or b"/" in name or b"\0" in name or name in (b".", b"..") or name in names:
                self.problem("directory %d: the name %r" % (node.number, name))
            if number not in self.nodes:
                self.problem("directory %d: %r is of node %d, which is not there" % (node.number, name, number))
            names.add(name)

    # -- counts and space -----------------------------------------------------------------------------------------------------------

    def check_links(self):
        self.nodes[1].names += 1
        for node in self.nodes.values():
            for _, number in node.entries:
                if number in self.nodes:
                    self.nodes[number].names += 1
        listed, p = set(), self.release
        while not is_null(p):
            data = self.structure(p, "the release list")
            if data is None:
                break
            for number in struct.unpack_from("<1020I", data, 16):
                if number and (number in listed or number not in self.nodes):
                    self.problem("the release list has %d twice, or without a node" % number)
                elif number:
                    listed.add(number)
                    self.nodes[number].names += 1
            p = pointer(data, 0)
        for node in self.nodes.values():
            if node.links != node.names or (node.type == DIRECTORY and node.names != 1):
                self.problem("node %d: %d links and %d names" % (node.number, node.links, node.names))

    def check_space(self):
        chain, p = [], self.log
        while not is_null(p) and len(chain) <= self.count:
            data = self.structure(p, "the log")
            if data is None:
                break
            chain.append(data)
            p = pointer(data, 0)
        free = bytearray(self.count)
        for data in reversed(chain):
            for i in range(1, 256):
                index, count = struct.unpack_from("<Qq", data, i * 16)
                if count == 0:
                    continue
                if index < 257 or index + abs(count) > self.count:
                    self.problem("the log: %d blocks at %d" % (count, index))
                    continue
                expected = b"\0" if count > 0 else b"\1"
                if free[index:index + abs(count)] != expected * abs(count):
                    self.problem("the log frees or takes %d blocks at %d twice" % (count, index))
                free[index:index + abs(count)] = (b"\1" if count > 0 else b"\0") * abs(count)
        self.free = sum(free)
        both = [i for i in self.claimed if free[i]]
        leaked = self.count - 257 - self.free - len(self.claimed) + len(both)
        if both:
            self.problem("blocks in use and free: %s" % both[:5])
        if leaked and not self.foreign:
            self.problem("%d blocks are neither in use nor free" % leaked)

    def lines(self):
        """Each path as a line of a manifest."""
        work, result, seen = [(b"", 1)], {}, set()
        while work:
            path, number = work.pop()
            node = self.nodes.get(number)
            if node is None:
                continue
            times = ["%d.%09d" % each for each in node.times]
            words = [path_text(path or b"/"), TYPE_NAMES.get(node.type, "?"), "%o" % (node.mode & 0o7777), node.uid, node.gid, node.links,
                     node.size, node.blocks, number] + times + [node.digest]
            result[words[0]] = [str(word) for word in words]
            if node.type == DIRECTORY and number not in seen:
                seen.add(number)
                work += [(path + b"/" + name, child) for name, child in node.entries]
        return result

    def read_all(self):
        self.open()
        self.read_nodes()
        self.check_links()
        self.check_space()


def sparse_add(digest, offset, data):
    """Adds the pages that are not zero, each with its number."""
    for at in range(0, len(data), BLOCK):
        page = data[at:at + BLOCK]
        page += bytes(BLOCK - len(page))
        if page != ZERO_PAGE:
            digest.update(struct.pack("<Q", (offset + at) // BLOCK))
            digest.update(page)


def compare(volume, manifest):
    found, wrong, count = volume.lines(), [], 0
    with open(manifest, encoding="utf-8", newline="\n") as file:
        for line in file:
            words = line.rstrip("\n").split("\t")
            if line.startswith("#"):
                continue
            count += 1
            other = found.pop(words[0], None)
            if other is None:
                wrong.append("%s is not there" % words[0])
            elif any(a != b and a != "-" for a, b in zip(words, other)):
                wrong.append("%s\n  should be %s\n  is        %s" % (words[0], words[1:], other[1:]))
    wrong += ["%s should not be there" % path for path in found]
    return count, wrong


def main(words):
    options = {word for word in words if word in ("--foreign", "--list")}
    manifest = words[words.index("--manifest") + 1] if "--manifest" in words else None
    image = words[-1]
    volume = Volume(image, "--foreign" in options)
    volume.read_all()
    if "--list" in options:
        for line in volume.lines().values():
            print("\t".join(line))
    count, wrong = compare(volume, manifest) if manifest else (0, [])
    for each in (volume.problems + wrong)[:50]:
        print("%s: %s" % (image, each))
    print("%s: generation %d, %d nodes, %d blocks used, %d free, %d paths compared, %d problems"
          % (image, volume.generation, len(volume.nodes), len(volume.claimed), volume.free, count, len(volume.problems) + len(wrong)),
          file=sys.stderr)
    return 1 if volume.problems or wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
