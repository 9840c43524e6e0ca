/* SPDX-License-Identifier: MIT
 * Sockets of the local machine: pairs, names, descriptors that travel. */
#include "posixcheck.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

static char buffer[300000];

static void check_stream_pair(void)
{
    int s[2];
    PROMISE("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    PROMISE("a stream carries bytes", write(s[0], "hello", 5) == 5 && send(s[0], " you", 4, 0) == 4);
    int waiting = 0;
    PROMISE("FIONREAD", ioctl(s[1], FIONREAD, &waiting) == 0 && waiting == 9);
    PROMISE("peek leaves them", recv(s[1], buffer, 3, MSG_PEEK) == 3 && !memcmp(buffer, "hel", 3));
    PROMISE("and joins them", read(s[1], buffer, sizeof buffer) == 9 && !memcmp(buffer, "hello you", 9));
    PROMISE("MSG_DONTWAIT", recv(s[1], buffer, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    struct stat st;
    PROMISE("it is a socket", fstat(s[0], &st) == 0 && S_ISSOCK(st.st_mode));
    PROMISE("no position", lseek(s[0], 0, SEEK_CUR) == -1 && errno == ESPIPE);
    PROMISE("no pipe", send(1, "", 0, 0) == -1 && errno == ENOTSOCK);
    struct pollfd p = {s[1], POLLIN | POLLOUT | POLLRDHUP, 0};
    PROMISE("writable, not readable", poll(&p, 1, 0) == 1 && p.revents == POLLOUT);
    PROMISE("shutdown", shutdown(s[0], SHUT_WR) == 0);
    PROMISE("end of file", read(s[1], buffer, 1) == 0);
    PROMISE("poll tells", poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLOUT | POLLRDHUP));
    PROMISE("the other way goes on", write(s[1], "x", 1) == 1 && read(s[0], buffer, 8) == 1);
    handle(SIGPIPE, SIG_IGN, 0);
    PROMISE("nobody reads", close(s[0]) == 0 && write(s[1], "x", 1) == -1 && errno == EPIPE);
    handle(SIGPIPE, SIG_DFL, 0);
    p.revents = 0;
    PROMISE("hangup", poll(&p, 1, 0) == 1 && p.revents & POLLHUP);
    close(s[1]);
}

static void check_full(void)
{
    int s[2];
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s);
    long sent = 0, got = 0, n;
    while ((n = write(s[0], buffer, 10000)) > 0)
        sent += n;
    PROMISE("a full one says so", n == -1 && errno == EAGAIN && sent > 100000);
    struct pollfd p = {s[0], POLLOUT, 0};
    PROMISE("not writable", poll(&p, 1, 0) == 0);
    while ((n = read(s[1], buffer, sizeof buffer)) > 0)
        got += n;
    PROMISE("all came", got == sent);
    PROMISE("writable again", poll(&p, 1, 0) == 1);
    pid_t child = fork();
    if (child == 0) {
        fcntl(s[0], F_SETFL, 0);
        for (int i = 0; i < 300000; i++)
            buffer[i] = (char)(i * 7);
        _exit(write(s[0], buffer, 300000) == 300000 ? 0 : 1);
    }
    close(s[0]);
    fcntl(s[1], F_SETFL, 0);
    bool same = true;
    for (got = 0; (n = read(s[1], buffer, 7777)) > 0; got += n)
        for (long i = 0; i < n; i++)
            same &= buffer[i] == (char)((got + i) * 7);
    PROMISE("more than fits, in order", got == 300000 && same && status_of(child) == 0);
    close(s[1]);
}

static void check_messages(int type, const char *name)
{
    int s[2];
    char text[64];
    PROMISE(name, socketpair(AF_UNIX, type, 0, s) == 0);
    PROMISE("boundaries", send(s[0], "one", 3, 0) == 3 && send(s[0], "", 0, 0) == 0 && send(s[0], "three", 5, 0) == 5);
    PROMISE("first", recv(s[1], text, sizeof text, 0) == 3);
    PROMISE("empty", recv(s[1], text, sizeof text, 0) == 0);
    struct iovec v[2] = {{text, 2}, {text + 10, 1}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    PROMISE("cut", recvmsg(s[1], &m, 0) == 3 && m.msg_flags & MSG_TRUNC && !memcmp(text, "th", 2) && text[10] == 'r');
    send(s[0], "12345", 5, 0);
    PROMISE("whole length", recv(s[1], text, 2, MSG_TRUNC) == 5);
    PROMISE("too long", send(s[0], buffer, sizeof buffer, 0) == -1 && errno == EMSGSIZE);
    close(s[0]);
    close(s[1]);
}

static int send_descriptors(int s, const int *fds, int count, const char *text)
{
    union { struct cmsghdr align; char room[CMSG_SPACE(sizeof(int) * 16)]; } control;
    struct iovec v = {(void *)text, strlen(text)};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(c), fds, sizeof(int) * count);
    return sendmsg(s, &m, 0);
}

static int take_descriptors(int s, int *fds, int room, int *out_count, int flags)
{
    union { struct cmsghdr align; char room[CMSG_SPACE(sizeof(int) * 16)]; } control;
    char text[64];
    struct iovec v = {text, sizeof text};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room ? &control : NULL,
                       .msg_controllen = room ? CMSG_LEN(sizeof(int) * room) : 0};
    int n = recvmsg(s, &m, flags);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *out_count = 0;
    if (n >= 0 && c && c->cmsg_type == SCM_RIGHTS) {
        *out_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(c), *out_count * sizeof(int));
    }
    return m.msg_flags & MSG_CTRUNC ? -2 : n;
}

static void check_passing(void)
{
    int s[2], pipe_ends[2], got[16], count;
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    pipe(pipe_ends);
    PROMISE("a descriptor travels", send_descriptors(s[0], &pipe_ends[1], 1, "take") == 4);
    close(pipe_ends[1]);
    struct pollfd p = {pipe_ends[0], POLLIN, 0};
    PROMISE("open on its way", poll(&p, 1, 0) == 0);
    PROMISE("and arrives", take_descriptors(s[1], got, 4, &count, MSG_CMSG_CLOEXEC) == 4 && count == 1);
    PROMISE("closed by exec", fcntl(got[0], F_GETFD) == FD_CLOEXEC);
    PROMISE("it works", write(got[0], "ok", 2) == 2 && read(pipe_ends[0], buffer, 9) == 2);
    int three[3] = {pipe_ends[0], 1, 2};
    send_descriptors(s[0], three, 3, "abc");
    PROMISE("room for one", take_descriptors(s[1], got, 1, &count, 0) == -2 && count == 1);
    close(got[0]);
    send_descriptors(s[0], three, 1, "x");
    send_descriptors(s[0], three, 1, "y");
    PROMISE("each with its bytes", take_descriptors(s[1], got, 4, &count, 0) == 1 && count == 1 && take_descriptors(s[1], got + 1, 4, &count, 0) == 1 && count == 1);
    int bad = 12345;
    PROMISE("none that is not there", send_descriptors(s[0], &bad, 1, "z") == -1 && errno == EBADF);
    send_descriptors(s[0], three, 1, "q");
    PROMISE("read drops it", read(s[1], buffer, 9) == 1);
    int other[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, other);
    send_descriptors(s[0], other, 1, "s");
    close(other[0]);
    PROMISE("a socket travels too", take_descriptors(s[1], got + 2, 4, &count, 0) == 1 && write(got[2], "deep", 4) == 4 && read(other[1], buffer, 9) == 4);
    send_descriptors(s[0], &pipe_ends[0], 1, "lost"); /* nobody ever takes it */
    close(s[0]);
    close(s[1]);
}

static void check_names(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/tmp/check.socket"}, who;
    socklen_t length = sizeof who;
    unlink(a.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    PROMISE("not connected", write(client, "x", 1) == -1 && errno == ENOTCONN);
    PROMISE("nobody there", connect(client, (void *)&a, sizeof a) == -1 && errno == ENOENT);
    PROMISE("bind", bind(listener, (void *)&a, sizeof a) == 0);
    struct stat st;
    PROMISE("its name is a socket", stat(a.sun_path, &st) == 0 && S_ISSOCK(st.st_mode));
    PROMISE("nobody listens", connect(client, (void *)&a, sizeof a) == -1 && errno == ECONNREFUSED);
    PROMISE("listen", listen(listener, 2) == 0);
    PROMISE("getsockname", getsockname(listener, (void *)&who, &length) == 0 && !strcmp(who.sun_path, a.sun_path));
    int again = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_DGRAM, 0);
    PROMISE("in use", bind(again, (void *)&a, sizeof a) == -1 && errno == EADDRINUSE);
    PROMISE("another kind", connect(other, (void *)&a, sizeof a) == -1 && errno == EPROTOTYPE);
    struct pollfd p = {listener, POLLIN, 0};
    PROMISE("nobody knocks", poll(&p, 1, 0) == 0);
    PROMISE("connect", connect(client, (void *)&a, sizeof a) == 0);
    PROMISE("once", connect(client, (void *)&a, sizeof a) == -1 && errno == EISCONN);
    PROMISE("somebody knocks", poll(&p, 1, 0) == 1 && p.revents == POLLIN);
    PROMISE("bytes before accept", write(client, "early", 5) == 5);
    int server = accept(listener, NULL, NULL);
    PROMISE("accept", server >= 0 && read(server, buffer, 9) == 5);
    struct ucred cred;
    length = sizeof cred;
    PROMISE("who it is", getsockopt(server, SOL_SOCKET, SO_PEERCRED, &cred, &length) == 0 && cred.pid == getpid() && cred.uid == geteuid());
    int on;
    length = sizeof on;
    PROMISE("it listens", getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &on, &length) == 0 && on == 1);
    length = sizeof who;
    PROMISE("getpeername", getpeername(client, (void *)&who, &length) == 0 && !strcmp(who.sun_path, a.sun_path));
    pid_t child = fork();
    if (child == 0) {
        int c = socket(AF_UNIX, SOCK_STREAM, 0);
        char answer[8] = "";
        _exit(connect(c, (void *)&a, sizeof a) == 0 && write(c, "ping", 4) == 4 && read(c, answer, 8) == 4 && !strcmp(answer, "pong") ? 0 : 1);
    }
    int second = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    PROMISE("from another process", second >= 0 && read(second, buffer, 9) == 4 && write(second, "pong", 4) == 4 && status_of(child) == 0);
    PROMISE("its end", read(second, buffer, 9) == 0);
    close(second);
    close(listener);
    int late = socket(AF_UNIX, SOCK_STREAM, 0);
    PROMISE("the listener is gone", connect(late, (void *)&a, sizeof a) == -1 && errno == ECONNREFUSED);
    PROMISE("unlink", unlink(a.sun_path) == 0 && connect(late, (void *)&a, sizeof a) == -1 && errno == ENOENT);
    PROMISE("those that met go on", write(client, "x", 1) == 1 && read(server, buffer, 9) == 1);
    close(client), close(server), close(again), close(other), close(late);
}

static void check_datagrams(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/tmp/check.datagrams"};
    unlink(a.sun_path);
    int to = socket(AF_UNIX, SOCK_DGRAM, 0), from = socket(AF_UNIX, SOCK_DGRAM, 0);
    PROMISE("bind datagrams", bind(to, (void *)&a, sizeof a) == 0);
    PROMISE("sendto", sendto(from, "one", 3, 0, (void *)&a, sizeof a) == 3);
    PROMISE("no destination", send(from, "x", 1, 0) == -1 && errno == ENOTCONN);
    PROMISE("connect says where", connect(from, (void *)&a, sizeof a) == 0 && send(from, "two", 3, 0) == 3);
    PROMISE("both arrive", recv(to, buffer, 99, 0) == 3 && recv(to, buffer, 99, 0) == 3 && !memcmp(buffer, "two", 3));
    close(from);
    PROMISE("a sender's end ends nothing", recv(to, buffer, 99, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    close(to);
    unlink(a.sun_path);
}

void check_sockets(void)
{
    check_stream_pair();
    check_full();
    check_messages(SOCK_DGRAM, "datagrams");
    check_messages(SOCK_SEQPACKET, "packets");
    check_passing();
    check_names();
    check_datagrams();
}
