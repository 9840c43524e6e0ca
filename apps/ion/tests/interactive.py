# SPDX-License-Identifier: MIT
# interactive.py ION [WORD...]: the shell at a terminal, on the build machine. Each function is a promise.
import os, shutil, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screen import Failure, Terminal, run

ION = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/host/bin/ion")
WORK = tempfile.mkdtemp(prefix="ion-test.")
UP, DOWN, RIGHT, LEFT, HOME, END, DELETE = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[3~"
number = 0


class Shell:
    """A session in a folder of its own, with a prompt that is `> `."""

    def __init__(self, columns=80, rows=24, home=None, arguments=(), initrc='let PROMPT = "> "\n', reflows=False, environment=None, sized=True):
        global number
        number += 1
        self.home = home or os.path.join(WORK, "home%d" % number)
        os.makedirs(os.path.join(self.home, ".config/ion"), exist_ok=True)
        with open(os.path.join(self.home, ".config/ion/initrc"), "w") as file:
            file.write(initrc)
        settings = {"HOME": self.home, "TERM": "xterm", "PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0"}
        if reflows:
            settings["VTE_VERSION"] = "7000"
        settings.update(environment or {})
        self.terminal = Terminal([ION, *arguments], columns, rows, settings, reflows, self.home, sized)

    def __enter__(self):
        return self.terminal

    def __exit__(self, *_):
        self.terminal.close()


def prompt(t):
    t.line(">")


def a_command_runs_and_the_prompt_comes_back():
    with Shell() as t:
        prompt(t)
        t.keys("echo one two\r")
        t.wait("output and prompt", lambda s: s.lines()[:3] == ["> echo one two", "one two", ">"])
        t.keys("\x04")
        assert t.ends() == 0


def the_exit_status_is_that_of_the_last_command():
    with Shell() as t:
        prompt(t)
        t.keys("exit 7\r")
        assert t.ends() == 7


def editing_keys_move_and_delete():
    with Shell() as t:
        prompt(t)
        t.keys("echo abd" + LEFT + "c" + "\x01" + "\x1bd" + "printf" + "\x05" + " x\x7f y")
        t.line("> printf abcd  y")
        t.keys("\x17\x17")
        t.line("> printf")
        t.keys("\x19")
        t.line("> printf abcd  y")
        t.keys("\x01\x0b")
        t.line(">")
        t.keys("\x19\x18")
        t.line(">")
        t.keys("\x03")
        t.shows("^C")


def wide_and_combining_characters_take_their_columns():
    with Shell(columns=20) as t:
        prompt(t)
        t.keys("echo 日本e\u0301x")
        t.wait("cursor", lambda s: s.x == 2 + 5 + 4 + 2 and "日本" in s.text())
        t.keys(LEFT + LEFT + "\x7f")
        t.wait("the wide one before the cursor is gone", lambda s: s.lines()[0] == "> echo 日e\u0301x" and s.x == 2 + 5 + 2)


def a_line_wraps_and_comes_back():
    with Shell(columns=20, rows=6) as t:
        prompt(t)
        t.keys("echo " + "a" * 30)
        t.wait("two rows", lambda s: s.lines()[:2] == ["> echo " + "a" * 13, "a" * 17] and (s.x, s.y) == (17, 1))
        t.keys("\x01" + "x")
        t.wait("inserted in front", lambda s: s.lines()[:2] == ["> xecho " + "a" * 12, "a" * 18] and s.y == 0)
        t.keys("\x05" + "\x7f" * 25)
        t.wait("one row", lambda s: s.lines()[:2] == ["> xecho aaaaa", ""])
        t.keys("b" * 7)
        t.wait("the cursor is in the next row when the row is full", lambda s: (s.x, s.y) == (0, 1))


def a_block_is_edited_as_a_whole():
    with Shell() as t:
        prompt(t)
        t.keys("for i in 1..4\recho n$i\rend")
        t.wait("three rows, end below for", lambda s: s.lines()[:3] == ["> for i in 1..4", "      echo n$i", "      end"])
        t.keys(UP + "\x05" + " x" + DOWN + "\x05\r")
        t.shows("n1 x\nn2 x\nn3 x\n>")
        t.keys(UP)
        t.wait("the block comes back whole", lambda s: [r for r in s.lines() if r][-3:] == ["> for i in 1..4", "      echo n$i x", "  end"])
        t.keys(UP + UP + UP + UP)
        t.wait("still there", lambda s: [r for r in s.lines() if r][-1] == "  end")


def an_open_quote_goes_on_in_the_next_row():
    with Shell() as t:
        prompt(t)
        t.keys("echo 'a\rb'\r")
        t.shows("a\nb\n>")


def a_resize_in_the_middle_of_a_line_draws_it_anew():
    for reflows in False, True:
        with Shell(columns=40, rows=10, reflows=reflows) as t:
            prompt(t)
            t.keys("echo first\r")
            t.shows("first\n>")
            text = "echo " + "".join(chr(97 + i % 26) for i in range(60))
            t.keys(text + LEFT * 10)
            t.wait("drawn", lambda s: (s.x, s.y) == ((2 + 65 - 10) % 40, 3))
            for columns in 25, 70, 33:
                t.resize(columns, 10)
                wanted = "> " + text
                rows = [wanted[i : i + columns] for i in range(0, len(wanted), columns)]
                t.wait("at %d columns" % columns, lambda s: [r for r in s.lines() if r][-len(rows) :] == rows
                       and s.x == 57 % columns and s.lines().count(rows[0]) == 1)
                # A terminal that changes while a drawing is on its way shows it wrong: what was asked of the shell is over after two keys.
                t.keys("\x05")
                t.wait("at the end", lambda s: s.x == 67 % columns)
                t.keys(LEFT * 10)
                t.wait("and back", lambda s: s.x == 57 % columns)
            assert any("first" in r for r in t.screen.lines() + t.screen.history), t.screen.text()
            t.keys("\x05\r")
            t.shows(text[5:30])


def a_paste_of_ten_thousand_characters_goes_in_at_once():
    with Shell() as t:
        prompt(t)
        t.wait("bracketed paste is on", lambda s: 2004 in s.modes)
        lines = ["let x = %06d" % i for i in range(680)]
        text = "\n".join(lines) + "\nlet x = abcd"
        assert len(text) >= 10000
        t.keys("\x1b[200~" + text + "\x1b[201~")
        t.wait("its end is on the screen", lambda s: s.lines()[s.y].endswith("let x = abcd"))
        assert "000000" not in t.screen.text(), t.screen.text()
        t.keys("\r")
        prompt(t)
        t.keys("echo $x\r")
        t.shows("\nabcd\n>")
        one = "y" * 9990
        t.keys("echo \x1b[200~" + one + "\x1b[201~ | wc -c\r")
        t.shows("\n9991\n>")


def history_is_walked_searched_and_suggested():
    with Shell() as t:
        prompt(t)
        for command in "echo alpha", "echo beta", "true gamma", "echo beta":
            t.keys(command + "\r")
        t.wait("all ran", lambda s: s.text().count("beta") == 4 and s.lines()[s.y] == ">")
        t.keys(UP)
        t.line("> echo beta")
        t.keys(UP)
        t.line("> true gamma")
        t.keys(UP)
        t.line("> echo alpha")
        t.keys(DOWN * 3)
        t.line(">")
        t.keys("echo a" + UP)
        t.line("> echo alpha")
        t.keys("\x03")
        prompt(t)
        t.keys("tr")
        t.line("> true gamma")
        assert t.screen.x == 4, "the suggestion is behind the cursor"
        t.keys(RIGHT)
        t.wait("taken", lambda s: s.x == 12)
        t.keys("\x03")
        prompt(t)
        t.keys("\x12alph")
        t.shows("(search)'alph' (1/1)\necho alpha")
        t.keys("\r")
        t.wait("what was found runs", lambda s: s.text().endswith("> echo alpha\nalpha\n>"))


def history_is_shared_between_sessions_and_kept():
    home = os.path.join(WORK, "shared")
    with Shell(home=home) as a, Shell(home=home) as b:
        prompt(a)
        prompt(b)
        a.keys("echo from a\r")
        a.shows("from a\n>")
        b.keys("true\r")
        b.wait("ran", lambda s: s.text() == "> true\n>")
        b.keys(UP + UP)
        b.line("> echo from a")
        a.keys("\x04")
        assert a.ends() == 0
    with Shell(home=home) as t:
        prompt(t)
        t.keys(UP)
        t.line("> true")


def jobs_stop_and_go_on():
    with Shell() as t:
        prompt(t)
        t.keys("cat\r")
        t.wait("cat runs", lambda s: s.y == 1 and 2004 not in s.modes)
        t.keys("hello\r")
        t.shows("hello\nhello")
        t.keys("\x1a")
        t.shows("Stopped")
        prompt(t)
        t.keys("jobs\r")
        t.wait("listed", lambda s: s.text().count("Stopped") == 2)
        t.keys("fg\r")
        t.wait("in front", lambda s: s.y > 1 and 2004 not in s.modes and s.lines()[s.y - 1] == "cat")
        t.keys("again\r")
        t.shows("again\nagain")
        t.keys("\x04")
        prompt(t)
        t.keys("jobs\r")
        t.wait("none is left", lambda s: s.text().endswith("> jobs\n>"))


def a_background_job_is_announced_and_waited_for():
    with Shell() as t:
        prompt(t)
        t.keys("sleep 0.2 &\r")
        t.shows("ion: bg [0] ")
        t.shows("exited with 0")
        prompt(t)
        t.keys("sh -c 'exit 5' &\rwait\recho waited\r")
        t.shows("\nwaited\n")


def leaving_with_stopped_jobs_asks_again_and_hangs_them_up():
    with Shell() as t:
        prompt(t)
        # Not a shell that starts programs by vfork: stopped between that and exec, it would not stop itself.
        t.keys("python3 -c 'import signal\rsignal.signal(signal.SIGHUP, lambda *_: (open(\"hung\", \"w\"), exit()))\r"
               "print(\"ready\", flush=True)\rwhile True: signal.pause()'\r")
        t.shows("\nready")
        t.keys("\x1a")
        t.wait("stopped", lambda s: "Stopped" in s.text() and 2004 in s.modes)
        t.keys("exit\r")
        t.shows("there are stopped jobs")
        prompt(t)
        home = os.path.join(WORK, "home%d" % number)
        t.keys("exit\r")
        t.ends()
        t.wait_for_file(os.path.join(home, "hung"))


def a_disowned_job_is_nobodys():
    with Shell() as t:
        prompt(t)
        t.keys("sleep 3 &\rdisown 0\rjobs\recho none\r")
        t.wait("no job is listed", lambda s: s.text().endswith("> disown 0\n> jobs\n> echo none\nnone\n>"))


def control_c_ends_the_program_and_not_the_shell():
    with Shell() as t:
        prompt(t)
        t.keys("sleep 1000\r")
        t.wait("it runs", lambda s: s.y == 1 and 2004 not in s.modes)
        t.keys("\x03")
        prompt(t)
        t.keys("for i in 1..1000000000; let j = 1; end\r")
        t.wait("it runs", lambda s: 2004 not in s.modes)
        t.keys("\x03")
        prompt(t)
        t.keys("echo alive\r")
        t.shows("\nalive\n>")


def vi_keys():
    with Shell(arguments=("-o", "vi")) as t:
        prompt(t)
        t.keys("echo one two three")
        t.line("> echo one two three")
        t.keys("\x1b")
        t.wait("normal mode", lambda s: s.x == 2 + 17)
        t.keys("2b" + "dw")
        t.line("> echo one three")
        t.keys("0wcwuno\x1b")
        t.line("> echo uno three")
        t.keys("$p")
        t.line("> echo uno threeone")
        t.keys("uu")
        t.wait("undone", lambda s: s.lines()[s.y] in ("> echo one three", "> echo uno three"))
        t.keys("dd")
        t.line(">")
        t.keys("P")
        t.wait("a row again", lambda s: "three" in s.text())
        t.keys("ddiecho abc\x1b0fbx.\r")
        t.shows("\na\n>")


def files_are_completed():
    with Shell() as t:
        prompt(t)
        t.keys("mkdir -p one/two; touch one/two/three.txt 'one/with blank' one/four\r")
        t.wait("made", lambda s: s.y == 1 and s.lines()[1] == ">")
        t.keys("ls on\t")
        t.line("> ls one/")
        t.keys("w\t")
        t.line("> ls one/with\\ blank")
        t.keys("\x15ls 'one/w\t")
        t.line("> ls 'one/with blank'")
        t.keys("\x15ls o/t/th\t")
        t.line("> ls one/two/three.txt")
        t.keys("\x15ls on\ttw\tth\t")
        t.line("> ls one/two/three.txt")
        t.keys("\x15ls one/\t")
        t.wait("the menu", lambda s: all(w in s.lines()[2] for w in ("four", "two/", "with blank")))
        t.keys("\t")
        t.line("> ls one/four")
        t.keys("\t")
        t.line("> ls one/two/")
        t.keys("\x1b")
        t.wait("the menu is gone, the word as it was", lambda s: (s.x, s.y) == (9, 1) and s.lines()[1].startswith("> ls one/") and not any(s.lines()[2:]))


def commands_options_and_variables_are_completed_with_descriptions():
    with Shell() as t:
        prompt(t)
        t.keys("fn greet name -- says hello\rend\r")
        t.wait("defined", lambda s: s.y == 2 and s.lines()[2] == ">")
        t.keys("gree\t")
        t.line("> greet")
        t.keys("\x15ls --re\t")
        t.wait("two options", lambda s: "folders in folders" in s.text() and "the other way round" in s.text())
        t.keys("c\t")
        t.line("> ls --recursive")
        t.keys("\x15let colour = blue\r")
        t.wait("set", lambda s: s.lines()[s.y] == ">")
        t.keys("echo $colo\t")
        t.line("> echo $colour")
        t.keys("\x15echo $to_upperc\t")
        t.line("> echo $to_uppercase(")
        t.keys("\x15git chec\t")
        t.line("> git checkout")
        t.keys("\x15cat ~roo\t")
        t.line("> cat ~root/")


def jobs_are_completed():
    with Shell() as t:
        prompt(t)
        t.keys("sleep 1000 &\rsleep 2000 &\r")
        t.shows("bg [1]")
        prompt(t)
        t.keys("fg \t")
        t.shows("sleep 2000")
        t.keys("\x07\x15exit\r")
        assert t.ends() == 0


def the_line_is_coloured_as_it_is_typed():
    with Shell() as t:
        prompt(t)
        t.keys("echo 'text' $HOME --option nosuchcommand; nosuchcommand # note")
        t.wait("colours", lambda s: (s.style_of("echo"), s.style_of("'text'"), s.style_of("$HOME"), s.style_of("# note")) == ("32", "33", "34", "90"))
        t.wait("unknown in red", lambda s: s.style_of("nosuchcommand;") == "" and s.style_of("nosuchcommand #") == "31")
        t.keys("\x15if tru")
        t.wait("a keyword", lambda s: s.style_of("if") == "1;35")
        t.keys("e")
        t.wait("known", lambda s: s.style_of("true") == "32")


def the_path_is_suggested_when_history_knows_nothing():
    with Shell() as t:
        prompt(t)
        t.keys("mkdir longfoldername\r")
        t.wait("made", lambda s: s.y == 1 and s.lines()[1] == ">")
        t.keys("ls long")
        t.wait("suggested behind the cursor", lambda s: s.lines()[s.y].startswith("> ls longfoldername") and s.x == 9 and s.style_of("foldername") == "90")
        t.keys("\x1bf")
        t.wait("taken", lambda s: s.x >= 19)


def our_prompt_shows_folder_branch_status_and_duration():
    with Shell(initrc="") as t:
        t.wait("the folder", lambda s: s.lines()[0].startswith("~ "))
        t.keys("mkdir -p repo/.git repo/deep; echo 'ref: refs/heads/topic' > repo/.git/HEAD; cd repo/deep\r")
        t.wait("the branch", lambda s: s.lines()[s.y].startswith("~/repo/deep topic "))
        t.keys("false\r")
        t.wait("the status", lambda s: s.lines()[s.y].rstrip().endswith("[1]"))
        t.keys("sleep 2.1\r")
        t.wait("the duration", lambda s: s.lines()[s.y].rstrip().endswith("s") and "2." in s.lines()[s.y])


def a_prompt_of_the_user_knows_branch_duration_and_status():
    with Shell(initrc='fn PROMPT\n  echo -n "$GIT_BRANCH:$CMD_DURATION_MS:$? "\nend\nlet RPROMPT = \'at $SWD\'\n') as t:
        t.wait("nothing yet", lambda s: s.lines()[0].startswith(":0:0 ") and s.lines()[0].endswith("at ~"))
        t.keys("mkdir .git; echo 'ref: refs/heads/topic/x' > .git/HEAD; sleep 0.2; false\r")
        t.wait("all three", lambda s: s.lines()[s.y].startswith("topic/x:") and int(s.lines()[s.y].split(":")[1]) >= 200 and ":1 " in s.lines()[s.y])


def a_folder_is_entered_by_its_name_and_a_missing_command_said():
    with Shell() as t:
        prompt(t)
        t.keys("mkdir sub\rsub\rpwd\r")
        t.shows("/sub\n>")
        t.keys("nosuchcommand\r")
        t.shows("ion: command not found: nosuchcommand\n>")
        t.keys("echo $?\r")
        t.shows("127\n>")


def output_without_a_newline_is_marked_and_kept():
    with Shell() as t:
        prompt(t)
        t.keys("printf abc\r")
        t.wait("the mark and a prompt of its own", lambda s: s.lines()[1:3] == ["abc\u23ce", ">"])


def history_designators_and_ignored_lines():
    with Shell() as t:
        prompt(t)
        t.keys("echo one two\recho x!$ '!!'\r")
        t.shows("echo xtwo '!!'\nxtwo !!\n>")
        t.keys("!!\r")
        t.wait("again", lambda s: s.text().endswith("> !!\necho xtwo '!!'\nxtwo !!\n>"))
        t.keys(" echo secret\rnosuchcommand\r")
        t.shows("not found: nosuchcommand\n>")
        t.keys(UP)
        t.line("> echo xtwo '!!'")


def the_last_argument_comes_back():
    with Shell() as t:
        prompt(t)
        t.keys("true a b\rtrue c 'd e'\r")
        t.wait("ran", lambda s: s.y == 2 and s.lines()[2] == ">")
        t.keys("echo \x1b.")
        t.line("> echo 'd e'")
        t.keys("\x1b.")
        t.line("> echo b")


def keys_are_bound_by_the_user():
    with Shell() as t:
        prompt(t)
        t.keys("keybindings Ctrl-g insert ' | wc -l'\rkeybindings F5 run 'echo ran $LINE; let LINE = \"echo $LINE\"'\r")
        t.keys("keybindings Alt-q delete-to-start\rkeybindings Ctrl-k nothing\r")
        t.wait("four prompts", lambda s: s.text().count(">") >= 5 and s.lines()[s.y] == ">")
        t.keys("seq 3\x07")
        t.line("> seq 3 | wc -l")
        t.keys("\r")
        t.shows("\n3\n>")
        t.keys("word\x1b[15~")
        t.wait("it ran, and changed the line", lambda s: "ran word" in s.text() and s.lines()[s.y] == "> echo word")
        t.keys("\x01\x0b")
        t.wait("Ctrl-K does nothing now", lambda s: s.lines()[s.y] == "> echo word" and s.x == 2)
        t.keys("\x05\x1bq")
        t.line(">")
        t.keys("keybindings Ctrl-k default\rkeybindings a nothing\r")
        t.shows("keybindings: a is no key that can be bound\n>")
        t.keys("gone\x01\x0b")
        t.line(">")
        t.keys("keybindings\r")
        t.wait("listed", lambda s: any("F5" in r and "run" in r for r in s.history + s.lines()) and s.lines()[s.y] == ">")


def abbreviations_are_written_out():
    with Shell(initrc='let PROMPT = "> "\nlet ABBREVIATIONS:hmap[str] = [e3="echo one two three" up="tr a-z A-Z"]\n') as t:
        prompt(t)
        t.keys("e3 ")
        t.line("> echo one two three ")
        t.keys("e3 | up")
        t.line("> echo one two three e3 | up")
        t.keys("\r")
        t.shows("> echo one two three e3 | tr a-z A-Z\nONE TWO THREE E3\n>")
        t.keys("e3\x16 \x18")
        t.line("> e3")


def a_function_of_the_user_completes_a_command():
    initrc = ('let PROMPT = "> "\nfn COMPLETE_my_tool\n  if test $len(@WORDS) -eq 2\n    echo -e "start\\tbegins it\\nstop\\tends it"\n'
              '  else\n    printf "%s-file\\n" @WORDS[1]\n  end\nend\n')
    with Shell(initrc=initrc) as t:
        prompt(t)
        t.keys("my-tool st\t")
        t.wait("both, with what they do", lambda s: "begins it" in s.text() and "ends it" in s.text())
        t.keys("o\t")
        t.line("> my-tool stop")
        t.keys("\t")
        t.line("> my-tool stop stop-file")
        t.keys("\x15echo still here\r")
        t.shows("\nstill here\n>")


def history_follows_its_variables():
    home = os.path.join(WORK, "variables")
    initrc = 'let PROMPT = "> "\nlet HISTFILE = "%s/mine"\nlet HISTORY_TIMESTAMP = 1\nlet HISTORY_SIZE = 3\nlet HISTFILE_SIZE = 4\n' % home
    with Shell(home=home, initrc=initrc) as t:
        prompt(t)
        for i in range(12):
            t.keys("true %d\r" % i)
        t.keys("let HISTFILE_ENABLED = 0\rtrue unwritten\rhistory\r")
        t.shows("> history\ntrue 11\nlet HISTFILE_ENABLED = 0\ntrue unwritten\n>")
        with open(os.path.join(home, "mine")) as file:
            text = file.read()
        assert "true 0\n" in text and "unwritten" not in text and text.startswith("#1"), text
        t.keys("let HISTFILE_ENABLED = 1\recho back\r")
        t.shows("\nback\n>")
        t.keys("exit\r")
        t.ends()
    with open(os.path.join(home, "mine")) as file:
        lines = [r for r in file.read().split("\n") if r and r[0] != "#"]
    assert len(lines) <= 5 and lines[-1] == "exit", lines
    assert not os.path.exists(os.path.join(home, ".local/share/ion/history"))


def duplicates_are_kept_when_they_are_wanted():
    with Shell(initrc='let PROMPT = "> "\nlet HISTORY_IGNORE = [whitespace]\n') as t:
        prompt(t)
        for command in "true a", "true b", "true a", "true a":
            t.keys(command + "\r")
        t.keys("\x0chistory\r")
        t.wait("a, b, a, and not a twice in a row", lambda s: s.text() == "> history\ntrue a\ntrue b\ntrue a\n>")


def a_terminal_without_a_size_is_asked():
    with Shell(columns=50, rows=12, sized=False) as t:
        prompt(t)
        t.keys("stty size\r")
        t.shows("\n12 50\n>")
        t.keys("echo " + "x" * 60)
        t.wait("wraps where the screen ends", lambda s: s.lines()[s.y] == "x" * 17 and s.x == 17)


def a_summary_is_recorded_when_it_is_wanted():
    home = os.path.join(WORK, "summary")
    with Shell(home=home, initrc='let PROMPT = "> "\nlet RECORD_SUMMARY = 1\n') as t:
        prompt(t)
        t.keys("true\r")
        t.shows("#summary# elapsed real time: 0.")
        prompt(t)
        with open(os.path.join(home, ".local/share/ion/history")) as file:
            assert "#summary# " in file.read()


TESTS = [f for n, f in list(globals().items()) if callable(f) and getattr(f, "__module__", "") == "__main__" and not n[0].isupper() and n not in ("prompt", "run")]
try:
    result = run(TESTS)
finally:
    shutil.rmtree(WORK, ignore_errors=True)
sys.exit(result)
