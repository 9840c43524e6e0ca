# SPDX-License-Identifier: MIT
# A terminal for tests: a shell in a pseudo-terminal, keys in, and what stands on its screen. Nothing waits for time: a test waits for
# a state of the screen, with a generous limit. A sequence that the terminal does not know is an error of the one who sent it.
import errno, fcntl, os, pty, re, select, signal, struct, sys, termios, time, unicodedata

LIMIT = float(os.environ.get("ION_TEST_LIMIT", "60"))


def width(char):
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me") or char in "\u200d\u200b" or 0x1F3FB <= ord(char) <= 0x1F3FF:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Screen:
    """Cells are (text, colours); rows that went on by themselves are known, so that a terminal that wraps anew can be played."""

    def __init__(self, columns, rows, reflows=False):
        self.columns, self.rows, self.reflows = columns, rows, reflows
        self.cells = [self.blank_row() for _ in range(rows)]
        self.wrapped = [False] * rows
        self.history = []
        self.x = self.y = 0
        self.pending = False
        self.style = ""
        self.rest = b""
        self.unknown = []
        self.modes = set()
        self.bytes = 0
        self.kept = (0, 0)
        self.answer = b""

    def blank_row(self):
        return [(" ", "")] * self.columns

    def feed(self, data):
        self.bytes += len(data)
        data = self.rest + data
        self.rest = b""
        i = 0
        while i < len(data):
            byte = data[i]
            if byte == 0x1B:
                size = self.escape(data, i)
                if size == 0:
                    self.rest = data[i:]
                    return
                i += size
            elif byte < 0x20:
                self.control(byte)
                i += 1
            else:
                size = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
                if i + size > len(data):
                    self.rest = data[i:]
                    return
                self.put(data[i : i + size].decode("utf-8", "replace"))
                i += size

    def escape(self, data, i):
        if i + 1 >= len(data):
            return 0
        if data[i + 1 : i + 2] == b"]":
            end = re.compile(rb"\x07|\x1b\\").search(data, i)
            return end.end() - i if end else 0
        if data[i + 1 : i + 2] in b"78":
            if data[i + 1 : i + 2] == b"7":
                self.kept = (self.x, self.y)
            else:
                (self.x, self.y), self.pending = self.kept, False
            return 2
        found = re.compile(rb"\x1b\[([?>=]?)([0-9;:]*)([@-~])").match(data, i)
        if not found:
            if re.compile(rb"\x1b\[[?>=]?[0-9;:]*$").match(data[i:]):
                return 0
            self.unknown.append(data[i : i + 8])
            return 2
        self.sequence(found.group(1).decode(), found.group(2).decode(), found.group(3).decode())
        return found.end() - i

    def sequence(self, private, numbers, final):
        first = int(numbers.split(";")[0] or 0) if numbers.replace(";", "").isdigit() or not numbers else 0
        count = max(first, 1)
        if private == "?":
            self.modes.add(first) if final == "h" else self.modes.discard(first)
            return
        if final != "m":
            self.pending = False
        if final == "A":
            self.y = max(0, self.y - count)
        elif final == "B":
            self.y = min(self.rows - 1, self.y + count)
        elif final == "C":
            self.x = min(self.columns - 1, self.x + count)
        elif final == "D":
            self.x = max(0, self.x - count)
        elif final == "H":
            row, column = (int(n or 1) for n in (numbers + ";").split(";")[:2])
            self.x, self.y = min(column, self.columns) - 1, min(row, self.rows) - 1
        elif final == "n" and first == 6:
            self.answer += b"\x1b[%d;%dR" % (self.y + 1, self.x + 1)
        elif final == "K":
            self.cells[self.y][self.x :] = [(" ", "")] * (self.columns - self.x)
            self.wrapped[self.y] = False
        elif final == "J":
            if first == 2:
                self.cells = [self.blank_row() for _ in range(self.rows)]
            else:
                self.cells[self.y][self.x :] = [(" ", "")] * (self.columns - self.x)
                for y in range(self.y + 1, self.rows):
                    self.cells[y] = self.blank_row()
        elif final == "m":
            codes = (numbers or "0").split(";")
            self.style = ";".join(codes[1:] if codes[0] in ("0", "") else codes)
        else:
            self.unknown.append((private, numbers, final))

    def control(self, byte):
        if byte == 13:
            self.x, self.pending = 0, False
        elif byte == 10:
            self.pending = False
            self.down()
        elif byte == 8:
            self.x, self.pending = max(0, self.x - 1), False
        elif byte == 9:
            self.x = min(self.columns - 1, self.x // 8 * 8 + 8)

    def down(self):
        if self.y + 1 < self.rows:
            self.y += 1
            return
        self.history.append("".join(c for c, _ in self.cells.pop(0)).rstrip())
        self.cells.append(self.blank_row())
        self.wrapped = self.wrapped[1:] + [False]

    def put(self, char):
        columns = width(char)
        if columns == 0:
            x = self.x if self.pending else max(0, self.x - 1)
            if self.cells[self.y][x][0] == "" and x:
                x -= 1
            self.cells[self.y][x] = (self.cells[self.y][x][0] + char, self.cells[self.y][x][1])
            return
        if self.pending or self.x + columns > self.columns:
            self.wrapped[self.y] = True
            self.x, self.pending = 0, False
            self.down()
        self.cells[self.y][self.x] = (char, self.style)
        if columns == 2:
            self.cells[self.y][self.x + 1] = ("", self.style)
        self.x += columns
        if self.x == self.columns:
            self.x, self.pending = self.columns - 1, True

    def resize(self, columns, rows):
        lines, at, cursor = [], [], (0, 0)
        for y in range(self.rows):
            if y == self.y:
                cursor = (len(lines), len(at) + self.x)
            at += self.cells[y]
            if self.reflows and self.wrapped[y]:
                continue
            lines.append(at)
            at = []
        lines.append(at)
        self.columns = columns
        cells, wrapped, where = [], [], (0, 0)
        for number, line in enumerate(lines):
            size = len(line)
            while size and line[size - 1] == (" ", ""):
                size -= 1
            line = line[:size] if self.reflows else line[:columns]
            pieces = [line[i : i + columns] for i in range(0, len(line), columns)] or [[]]
            if number == cursor[0]:
                row = cursor[1] // columns if self.reflows else 0
                while row >= len(pieces):
                    pieces.append([])
                where = (len(cells) + row, cursor[1] % columns if self.reflows else min(cursor[1], columns - 1))
            for i, piece in enumerate(pieces):
                cells.append(piece + [(" ", "")] * (columns - len(piece)))
                wrapped.append(i + 1 < len(pieces))
        while len(cells) > rows and where[0] < len(cells) - 1 and all(c == (" ", "") for c in cells[-1]):
            cells.pop(), wrapped.pop()
        gone = max(0, len(cells) - rows)
        self.history += ["".join(c for c, _ in row).rstrip() for row in cells[:gone]]
        cells, wrapped = cells[gone:], wrapped[gone:]
        while len(cells) < rows:
            cells.append([(" ", "")] * columns), wrapped.append(False)
        self.cells, self.wrapped, self.rows = cells, wrapped, rows
        self.y, self.x, self.pending = max(0, where[0] - gone), where[1], False

    def lines(self):
        return ["".join(c for c, _ in row).rstrip() for row in self.cells]

    def before_cursor(self):
        return "".join(c for c, _ in self.cells[self.y][: self.x])

    def text(self):
        return "\n".join(self.lines()).rstrip("\n")

    def style_of(self, word):
        """The colours of the last place where the word stands."""
        for row in reversed(self.cells):
            line = "".join(c or "\0" for c, _ in row)
            if word in line:
                return row[line.rindex(word)][1]
        return None


class Failure(Exception):
    pass


class Terminal:
    def __init__(self, command, columns=80, rows=24, environment=None, reflows=False, folder=None, sized=True):
        self.screen = Screen(columns, rows, reflows)
        self.log = b""
        self.process, self.file = pty.fork()
        if self.process == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if folder:
                os.chdir(folder)
            os.execvpe(command[0], command, environment if environment is not None else os.environ)
        self.set_size(columns, rows) if sized else self.set_size(0, 0)

    def set_size(self, columns, rows):
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.read(0)
        self.screen.resize(columns, rows)
        self.set_size(columns, rows)

    def read(self, seconds):
        """False at the end of the program."""
        if not select.select([self.file], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.file, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.log += data
        self.screen.feed(data)
        if self.screen.answer:
            os.write(self.file, self.screen.answer)
            self.screen.answer = b""
        return bool(data)

    def keys(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        while data:
            _, writable, _ = select.select([self.file], [self.file], [], LIMIT)
            self.read(0)
            if writable:
                data = data[os.write(self.file, data[:1024]) :]

    def wait(self, what, condition):
        end = time.monotonic() + LIMIT
        while not condition(self.screen):
            if not self.read(0.2) and not condition(self.screen):
                raise Failure("%s: the program ended; the screen:\n%s" % (what, self.screen.text()))
            if time.monotonic() > end:
                raise Failure("%s: still not after %d s; cursor %d,%d; the screen:\n%s" % (what, LIMIT, self.screen.x, self.screen.y, self.screen.text()))
        if self.screen.unknown:
            raise Failure("%s: unknown sequences %r" % (what, self.screen.unknown))

    def shows(self, text):
        self.wait("shows %r" % text, lambda s: text in s.text())

    def line(self, text):
        """The row with the cursor is this, or what stands before the cursor is: behind it may be a suggestion."""
        self.wait("the line %r" % text, lambda s: s.lines()[s.y] == text.rstrip() or s.before_cursor().rstrip() == text.rstrip())

    def wait_for_file(self, path):
        end = time.monotonic() + LIMIT
        while not os.path.exists(path):
            if time.monotonic() > end:
                raise Failure("there is no " + path)
            time.sleep(0.02)

    def ends(self):
        end = time.monotonic() + LIMIT
        while self.read(0.2):
            if time.monotonic() > end:
                raise Failure("it does not end; the screen:\n" + self.screen.text())
        _, how = os.waitpid(self.process, 0)
        os.close(self.file)
        self.process = 0
        return os.waitstatus_to_exitcode(how)

    def close(self):
        if self.process:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            os.close(self.file)
            self.process = 0


def run(tests):
    """Each is one check; words on the command line choose."""
    failed = 0
    chosen = [t for t in tests if len(sys.argv) < 3 or any(w in t.__name__ for w in sys.argv[2:])]
    for test in chosen:
        name = "ion " + test.__name__.replace("_", " ")
        try:
            test()
            print("ok " + name, flush=True)
        except (Failure, AssertionError) as error:
            failed += 1
            print("not ok %s: %s" % (name, str(error).replace("\n", "\n    ")), flush=True)
    return 1 if failed else 0
