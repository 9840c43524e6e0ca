/* SPDX-License-Identifier: MIT
 * What completion knows of common programs: first words, options, and what their arguments are (complete.h). A line is
 * NAME[, NAME]<tab>what it does; a name with `=` at its end wants a value right there. */
#include "edit/complete.h"
#include <string.h>

static const struct {
    const char *command, *table;
} OPTIONS[] = {
    {"awk", "-F\tthe separator of fields\n-f\tthe program is in a file\n-v\tset a variable\n"},
    {"cat", "-n, --number\tnumber the lines\n-b\tnumber those that are not empty\n-s\tone empty line for several\n-A\tshow what is not printed\n"},
    {"chmod", "-R, --recursive\tfolders and all in them\n-v\tsay what is changed\n+x\tmake it a program\nu+w\tthe owner may write\n"
              "go-rwx\tfor the owner alone\n"},
    {"chown", "-R, --recursive\tfolders and all in them\n-h\tlinks themselves\n"},
    {"cp", "-r, -R, --recursive\tfolders and all in them\n-a, --archive\teverything, as it is\n-p\tkeep mode, owner and times\n"
           "-f, --force\tremove what is in the way\n"
           "-i, --interactive\task before something is lost\n-v, --verbose\tsay what is done\n-n\tnever overwrite\n"},
    {"curl", "-o\tinto this file\n-O\tinto a file of the same name\n-L\tfollow where it leads\n"
             "-s\tquietly\n-H\ta header\n-d\tdata to send\n-X\tthe method\n-I\theaders only\n"},
    {"cut", "-d\tthe separator\n-f\twhich fields\n-c\twhich characters\n-b\twhich bytes\n"},
    {"date", "-u\tuniversal time\n-d\tthis time, not now\n-s\tset the clock\n-r\twhen a file was changed\n"},
    {"df", "-h\tin units for people\n-T\twith the kind of filesystem\n-i\tnodes, not blocks\n"},
    {"diff", "-u\twith lines around\n-r\tfolders and all in them\n-q\tonly whether they differ\n-w\tblanks do not matter\n-N\twhat is missing is empty\n"},
    {"du", "-h\tin units for people\n-s\tthe sum of each\n-a\tfiles too\n-d\tso many levels\n"},
    {"echo", "-e\tunderstand \\n and the like\n-n\tno newline at the end\n-s\tno blanks between\n"},
    {"find", "-name\tby name, with patterns\n-iname\tby name, in any case\n-type\tf, d, l, ...\n-size\tby size\n-mtime\tby days since the change\n"
             "-newer\tchanged after a file\n-maxdepth\tso many levels\n-exec\trun a command for each\n-delete\tdelete it\n"
             "-print0\twith zero bytes between\n-not\twhat follows is not so\n"},
    {"git", "add\tput changes into the index\nbisect\tfind the commit that broke it\nblame\twho wrote each line\nbranch\tlist, make and delete branches\n"
            "checkout\tanother branch, or files as they were\ncherry-pick\tthe change of a commit\nclean\tdelete what is not tracked\n"
            "clone\tcopy a repository\n"
            "commit\trecord what is in the index\nconfig\tsettings\ndiff\twhat changed\nfetch\tget what others have\n"
            "grep\tsearch tracked files\ninit\ta new repository\n"
            "log\tcommits\nmerge\tjoin branches\nmv\trename\npull\tfetch and merge\npush\tsend commits\nrebase\tcommits onto another base\n"
            "reflog\twhere HEAD has been\n"
            "remote\tother repositories\nreset\tmove the branch\nrestore\tfiles as they were\nrevert\tundo a commit\n"
            "rm\tdelete, and tell the index\nshow\ta commit\n"
            "stash\tput changes aside\nstatus\twhat is changed\nswitch\tanother branch\ntag\tnames for commits\nworktree\tseveral work trees\n"
            "--help\tabout a command\n--version\twhich git\n-C\tin that folder\n"},
    {"grep", "-i, --ignore-case\tin any case\n-r, --recursive\tfolders and all in them\n-n, --line-number\twith line numbers\n"
             "-v, --invert-match\tlines without it\n"
             "-l, --files-with-matches\tonly names of files\n-c, --count\thow many\n-o, --only-matching\tonly what matched\n-w, --word-regexp\twhole words\n"
             "-E, --extended-regexp\textended expressions\n-F, --fixed-strings\tno expressions\n-q, --quiet\tonly the status\n"
             "-A\tlines after\n-B\tlines before\n-C\tlines around\n"},
    {"gzip", "-d\tdecompress\n-k\tkeep the file\n-c\tto the output\n-9\tas small as it gets\n"},
    {"head", "-n\tso many lines\n-c\tso many bytes\n"},
    {"history", "+share\tsessions see each other's lines\n-share\tthey do not\n+duplicates\tkeep equal lines\n-duplicates\tkeep the newest of equal lines\n"},
    {"huponexit", "on\thang up jobs when the shell ends\noff\tleave them\n"},
    {"ion", "-c\trun this\n-n, --no-execute\tread it, run nothing\n-x\tshow commands before they run\n-o\tvi or emacs keys\n"
            "-i, --interactive\tas at a terminal\n"
            "-l, --login\tas a login shell\n-h, --help\thelp\n-v, --version\tthe version\n"},
    {"keybindings", "emacs\temacs keys\nvi\tvi keys\n"},
    {"kill", "-l\tthe names of signals\n"},
    {"ln", "-s, --symbolic\ta symbolic link\n-f, --force\tremove what is in the way\n-n\ta link to a folder is a link\n-r, --relative\tseen from the link\n"},
    {"ls", "-a, --all\tnames with a dot too\n-A\tthose, but not . and ..\n-l\twith mode, owner, size and time\n-h\tsizes for people\n"
           "-R, --recursive\tfolders in folders\n"
           "-t\tnewest first\n-S\tlargest first\n-r, --reverse\tthe other way round\n-d\tfolders themselves\n-1\tone in a line\n"
           "-i\tnode numbers\n--color=\tcolours: auto, always, never\n"},
    {"make", "-j\tso many at a time\n-k\tgo on after errors\n-n\tonly say what would be done\n-B\teverything anew\n-C\tin that folder\n"
             "-f\tthis makefile\n-s\tquietly\n"},
    {"mkdir", "-p, --parents\tfolders on the way too\n-m\twith this mode\n-v\tsay what is done\n"},
    {"mount", "-t\tthe kind of filesystem\n-o\toptions\n-r\tread only\n-a\tall that are listed\n"},
    {"mv", "-f, --force\tdo not ask\n-i, --interactive\task before something is lost\n-n\tnever overwrite\n-v, --verbose\tsay what is done\n"},
    {"ps", "aux\tall processes, in full\n-e\tall processes\n-f\tin full\n-o\twhich columns\n"},
    {"python3", "-c\trun this\n-m\trun a module\n-i\tinteractive afterwards\n-u\tunbuffered output\n"},
    {"rm", "-r, -R, --recursive\tfolders and all in them\n-f, --force\tdo not ask, do not complain\n-i\task for each\n"
           "-v, --verbose\tsay what is done\n-d\tempty folders too\n"},
    {"rsync", "-a\teverything, as it is\n-v\tsay what is done\n-n\tonly say what would be done\n-z\tcompress\n"
              "--delete\tdelete what is not in the source\n--progress\tshow how far it is\n"},
    {"sed", "-n\tprint only what is told to\n-i\tchange the file\n-e\ta command\n-E, -r\textended expressions\n-f\tcommands from a file\n"},
    {"set", "-e\tend at the first failure\n+e\tgo on after failures\n-p\ta pipeline fails when a part fails\n+p\tits last part counts\n"
            "--\tset the arguments\n"},
    {"sort", "-n\tby number\n-r, --reverse\tthe other way round\n-u, --unique\teach once\n-k\tby this field\n-t\tthe separator of fields\n"
             "-h\tby sizes for people\n-f\tin any case\n"},
    {"ssh", "-p\tthe port\n-i\tthe key\n-L\tforward a port\n-N\trun nothing\n-v\tsay what is done\n"},
    {"stty", "-a\tall settings\nsane\tas it should be\nraw\tbytes as they come\n-echo\tdo not show what is typed\necho\tshow it\nsize\trows and columns\n"},
    {"systemctl", "status\thow it is\nstart\tstart it\nstop\tstop it\nrestart\tstop and start it\nenable\tat boot\ndisable\tnot at boot\n"
                  "list-units\tall of them\n"},
    {"tail", "-n\tso many lines\n-c\tso many bytes\n-f\tgo on as it grows\n"},
    {"tar", "-x\ttake out\n-c\tmake\n-t\tlist\n-f\tthis archive\n-v\tsay what is done\n-z\tgzip\n-J\txz\n-C\tin that folder\n"
            "xf\ttake out of\nczf\tmake one with gzip\ntf\tlist\n"},
    {"test", "-d\tis a folder\n-f\tis a file\n-e\tis there\n-n\tis not empty\n-z\tis empty\n-r\tmay be read\n-w\tmay be written\n"
             "-x\tmay be run\n-s\tis larger than nothing\n-L\tis a link\n"},
    {"touch", "-c\tmake nothing\n-d\tthis time\n-r\tthe times of that file\n"},
    {"tr", "-d\tdelete these\n-s\tone for several\n-c\tall others\n"},
    {"umount", "-l\tlater, when nobody uses it\n-f\tin any case\n-a\tall\n"},
    {"uname", "-a\teverything\n-r\tthe release\n-m\tthe machine\n-s\tthe system\n-n\tthe name\n"},
    {"uniq", "-c\thow often\n-d\tonly repeated ones\n-u\tonly those that are not repeated\n-i\tin any case\n"},
    {"wc", "-l\tlines\n-w\twords\n-c\tbytes\n-m\tcharacters\n"},
    {"wget", "-O\tinto this file\n-q\tquietly\n-c\tgo on with a part\n"},
    {"xargs", "-0\tzero bytes between\n-n\tso many at once\n-I\tthis is replaced\n-P\tso many side by side\n-r\tnothing for nothing\n"},
};

const char *options_of(const char *command)
{
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++)
        if (!strcmp(OPTIONS[i].command, command)) return OPTIONS[i].table;
    return nullptr;
}

enum argument_kind argument_kind_of(const char *command)
{
    static const struct { const char *names; enum argument_kind kind; } KINDS[] = {
        {" cd pushd rmdir mkdir ", ARGUMENT_FOLDERS}, {" which type sudo env nohup nice time exec command xargs strace watch timeout man ", ARGUMENT_COMMANDS},
        {" fg bg wait disown ", ARGUMENT_JOBS}, {" drop read export mapfile ", ARGUMENT_VARIABLES}, {" unalias ", ARGUMENT_ALIASES},
        {" su chown passwd id ", ARGUMENT_USERS}, {" kill ", ARGUMENT_SIGNALS}, {" help ", ARGUMENT_BUILTINS},
        {" git keybindings huponexit systemctl ", ARGUMENT_WORDS}, {" jobs true false history ", ARGUMENT_NONE},
    };
    size_t size = strlen(command);
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        for (const char *at = KINDS[i].names; (at = strstr(at, command)); at++)
            if (at[-1] == ' ' && at[size] == ' ' && size) return KINDS[i].kind;
    return ARGUMENT_FILES;
}
