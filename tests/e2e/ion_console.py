# SPDX-License-Identifier: MIT
# The ion shell on the console of the running system: keys through the serial port, and what a terminal there shows.
import os, sys

sys.path.insert(0, "apps/ion/tests")
import screen
from screen import Failure, Terminal, run

screen.LIMIT = float(os.environ.get("ION_TEST_LIMIT", "120"))
terminal = None


def boot():
    global terminal
    terminal = Terminal(["./mh", "run", "--no-build", "--direct", "--shell", "ion", "--append", "log=0"], 80, 24, dict(os.environ, TERM="xterm"))
    terminal.wait("a prompt", lambda s: s.lines()[s.y].endswith("/ #"))


def command(text, wanted):
    """Runs it on an empty screen."""
    terminal.keys("\x0c")
    terminal.wait("an empty screen", lambda s: s.y == 0 and s.lines()[0].startswith("/") and s.x > 2)
    terminal.keys(text + "\r")
    terminal.wait("%r shows %r" % (text, wanted), lambda s: ("\n" + wanted) in s.text() and s.lines()[s.y].rstrip().startswith("/") and 2004 in s.modes)


def the_console_has_ion_as_its_login_shell():
    boot()
    command("echo $SHELL of $(id -u)", "/bin/ion of 0")
    command("for i in 1..4; echo -n $i; end; echo", "123")


def control_z_stops_and_fg_goes_on():
    t = terminal
    t.keys("\x0csh -c 'echo ready; sleep 1000'\r")
    t.shows("\nready")
    t.keys("\x1a")
    t.wait("stopped", lambda s: "Stopped" in s.text() and 2004 in s.modes)
    t.keys("jobs\r")
    t.wait("listed", lambda s: s.text().count("Stopped") == 2 and 2004 in s.modes)
    t.keys("bg\r")
    t.wait("running", lambda s: "Running" in s.text() and 2004 in s.modes)
    t.keys("fg\r")
    t.wait("in front", lambda s: 2004 not in s.modes)
    t.keys("\x03")
    t.wait("ended", lambda s: 2004 in s.modes)
    command("echo $?", "130")


def a_background_job_ends_with_a_notice():
    command("sleep 0.1 &", "ion: bg [0] ")
    terminal.shows("exited with 0")


def paths_of_the_system_are_completed():
    t = terminal
    t.keys("\x0cls /sc\t")
    t.line("/ # ls /scheme/")
    t.keys("\x15cat /pro\tself/com\t")
    t.line("/ # cat /proc/self/comm")
    t.keys("\r")
    t.shows("\ncat")


def history_is_there_and_control_d_brings_a_new_shell():
    t = terminal
    command("echo remember me", "remember me")
    t.keys("\x04")
    t.wait("another shell", lambda s: s.lines()[s.y].endswith("/ #") and "remember me" in s.text() and s.x == 4)
    t.keys("\x0c")
    t.keys("echo rem\x1b[C\r")
    t.wait("taken from the history", lambda s: "\nremember me" in s.text())


try:
    result = run([the_console_has_ion_as_its_login_shell, control_z_stops_and_fg_goes_on, a_background_job_ends_with_a_notice,
                  paths_of_the_system_are_completed, history_is_there_and_control_d_brings_a_new_shell])
finally:
    if terminal:
        terminal.close()
sys.exit(result)
