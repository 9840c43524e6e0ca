#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# tests/bench/profile.py COST SYMBOL [ROUNDS]: where the instructions of one native primitive go. Boots with unit=costs,loop=COST, lets QEMU
# write down every instruction for two seconds, and prints the functions that ran, in order, from one entry of the kernel's SYMBOL to the
# one ROUNDS (1) later; then the sums. A scheme call: profile.py scheme-call door_call. User code is one line a page.
import bisect, collections, os, socket, subprocess, sys, tempfile, time

STEADY = 20  # entries that are passed over first


def symbols():
    lines = subprocess.run(["llvm-nm-19", "-n", "build/kernel.elf"], capture_output=True, text=True, check=True).stdout.splitlines()
    found = [line.split() for line in lines]
    return [(int(f[0], 16), f[2]) for f in found if len(f) == 3 and f[1] in "tTwW"]


def tell(monitor, command):
    monitor.send((command + "\n").encode())
    time.sleep(0.4)
    monitor.recv(1 << 16)


def record(cost, folder):
    log, trace, door = (os.path.join(folder, name) for name in ("log", "trace", "monitor"))
    machine = subprocess.Popen(
        ["./mh", "exec", "--no-build", "--icount", "--timeout", "120", "--append", f"unit=costs,loop={cost}", "--log", log,
         "--qemu-arg", "-monitor", "--qemu-arg", f"unix:{door},server=on,wait=off", "--", "/bin/sleep", "100000"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.time() + 100
    while not os.path.exists(log) or b"looping" not in open(log, "rb").read():
        if time.time() > limit or machine.poll() is not None:
            sys.exit(f"profile: {cost} does not loop (its name is in tests/bench/limits.tsv)")
        time.sleep(0.2)
    monitor = socket.socket(socket.AF_UNIX)
    monitor.connect(door)
    for command in ("stop", "singlestep on", f"logfile {trace}", "log exec,nochain", "cont"):
        tell(monitor, command)
    time.sleep(2)
    monitor.send(b"quit\n")
    machine.wait()
    first = next(line for line in open(log, errors="replace") if "slide" in line)
    return trace, int(first.split("slide ")[1].split(",")[0], 16)


def between(trace, start, rounds):
    entries, addresses = 0, []
    for line in open(trace):
        if not line.startswith("Trace"):
            continue
        at = line.index("[")
        address = int(line[at + 18:at + 34], 16)
        entries += address == start
        if entries >= STEADY + rounds:
            return addresses
        if entries >= STEADY:
            addresses.append(address)
    sys.exit(f"profile: the symbol was entered {entries} times only")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__ or "usage: profile.py COST SYMBOL [ROUNDS]")
    table = symbols()
    starts, by_name = [start for start, _ in table], {name: start for start, name in table}
    with tempfile.TemporaryDirectory() as folder:
        trace, slide = record(sys.argv[1], folder)
        ran = between(trace, by_name[sys.argv[2]] + slide, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    runs, sums = [], collections.Counter()
    for address in ran:
        name = f"user page {address >> 12:x}" if address < 1 << 63 else table[bisect.bisect_right(starts, address - slide) - 1][1]
        sums[name] += 1
        if runs and runs[-1][0] == name:
            runs[-1][1] += 1
        else:
            runs.append([name, 1])
    for name, count in runs:
        print(f"{count:6} {name}")
    print(f"\n{len(ran):6} in all")
    for name, count in sums.most_common():
        print(f"{count:6} {name}")


os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
main()
