/* SPDX-License-Identifier: MIT
 * The tty protocol: settings, size, groups. A master speaks for its slave. Changes by background processes are asked for by
 * job_check first. */
#include "ttyd.h"
#include "base/fmt.h"
#include "base/string.h"

/* The terminal behind the request's handle, or the operation ends here. */
#define TERMINAL(name)                      \
    struct opened *opened = opened_of(rq);  \
    if (!opened)                            \
        return ERR_NOT_TERMINAL;            \
    struct terminal *name = opened->terminal

/* A background process changes nothing: it is stopped, or (waits) its request answered later. */
#define FOREGROUND_ONLY(t)                                        \
    do {                                                          \
        bool waits_ = false;                                      \
        if (!opened->is_master)                                   \
            TRY(job_check(rq, (t), SIGNAL_TTOU, &waits_));        \
        if (waits_)                                               \
            return OK;                                            \
    } while (0)

static struct tty_settings to_wire(const struct line_settings *s)
{
    struct tty_settings w = {.input = s->input, .output = s->output, .control = s->control, .local = s->local, .line = s->discipline,
                             .input_speed = s->input_speed, .output_speed = s->output_speed};
    uint32_t *characters[] = {&w.characters_0, &w.characters_1, &w.characters_2, &w.characters_3, &w.characters_4};
    for (size_t i = 0; i < ARRAY_LENGTH(characters); i++)
        memcpy(characters[i], s->characters + 4 * i, 4);
    return w;
}

static struct line_settings from_wire(const struct tty_settings *w)
{
    struct line_settings s = {.input = w->input, .output = w->output, .control = w->control, .local = w->local, .discipline = w->line,
                              .input_speed = w->input_speed, .output_speed = w->output_speed};
    const uint32_t characters[] = {w->characters_0, w->characters_1, w->characters_2, w->characters_3, w->characters_4};
    memcpy(s.characters, characters, sizeof s.characters);
    return s;
}

static enum status op_get(struct request *rq, const struct tty_get_in *in, struct tty_get_out *out)
{
    (void)in;
    TERMINAL(t);
    out->settings = to_wire(&t->line.settings);
    return OK;
}

static enum status op_set(struct request *rq, const struct tty_set_in *in, struct tty_set_out *out)
{
    (void)out;
    TERMINAL(t);
    struct line_settings settings = from_wire(in->settings);
    FOREGROUND_ONLY(t);
    if (in->how & TTY_DRAIN)
        return terminal_drain(rq, t, &settings, in->how & TTY_FLUSH);
    terminal_set(t, &settings, in->how & TTY_FLUSH);
    return OK;
}

static enum status op_get_size(struct request *rq, const struct tty_get_size_in *in, struct tty_get_size_out *out)
{
    (void)in;
    TERMINAL(t);
    *out = (struct tty_get_size_out){t->rows, t->columns, t->width, t->height};
    return OK;
}

static enum status op_set_size(struct request *rq, const struct tty_set_size_in *in, struct tty_set_size_out *out)
{
    (void)out;
    TERMINAL(t);
    bool changed = t->rows != in->rows || t->columns != in->columns || t->width != in->width || t->height != in->height;
    t->rows = in->rows;
    t->columns = in->columns;
    t->width = in->width;
    t->height = in->height;
    if (changed)
        job_signal(t, SIGNAL_WINCH);
    return OK;
}

static enum status op_get_group(struct request *rq, const struct tty_get_group_in *in, struct tty_get_group_out *out)
{
    (void)in;
    TERMINAL(t);
    struct caller c = caller_of(rq);
    if (!opened->is_master && !c.is_system && !caller_controls(&c, t))
        return ERR_NOT_TERMINAL;
    out->pgid = t->foreground;
    return OK;
}

static enum status op_set_group(struct request *rq, const struct tty_set_group_in *in, struct tty_set_group_out *out)
{
    (void)out;
    TERMINAL(t);
    struct caller c = caller_of(rq);
    if (!c.is_system && !caller_controls(&c, t))
        return ERR_NOT_TERMINAL;
    if (in->pgid <= 0)
        return ERR_INVALID;
    FOREGROUND_ONLY(t);
    TRY(job_group_in(in->pgid, t->session));
    job_set_foreground(t, in->pgid);
    return OK;
}

static enum status op_get_session(struct request *rq, const struct tty_get_session_in *in, struct tty_get_session_out *out)
{
    (void)in;
    TERMINAL(t);
    struct caller c = caller_of(rq);
    if (t->session == 0 || (!opened->is_master && !c.is_system && !caller_controls(&c, t)))
        return ERR_NOT_TERMINAL;
    out->sid = t->session;
    return OK;
}

static enum status op_attach(struct request *rq, const struct tty_attach_in *in, struct tty_attach_out *out)
{
    (void)out;
    TERMINAL(t);
    struct caller c = caller_of(rq);
    if (caller_controls(&c, t) && c.pid == c.sid)
        return OK;
    if (c.pid == 0 || c.pid != c.sid || c.terminal >= 0)
        return ERR_NOT_PERMITTED;
    bool taken = t->session && job_session_lives(t->session);
    if (taken && !(in->force && c.euid == 0))
        return ERR_NOT_PERMITTED;
    if (taken) /* from a session that has none any more then */
        TRY(job_detach(t, &(struct caller){.pid = t->session, .sid = t->session}));
    TRY(job_attach(t, &c, rq->id, HANDLE_NONE));
    request_defer(rq);
    return OK;
}

static enum status op_detach(struct request *rq, const struct tty_detach_in *in, struct tty_detach_out *out)
{
    (void)in, (void)out;
    TERMINAL(t);
    struct caller c = caller_of(rq);
    return caller_controls(&c, t) ? job_detach(t, &c) : ERR_NOT_TERMINAL;
}

static enum status op_discard(struct request *rq, const struct tty_discard_in *in, struct tty_discard_out *out)
{
    (void)out;
    TERMINAL(t);
    if (in->what & ~(TTY_FLUSH_INPUT | TTY_FLUSH_OUTPUT))
        return ERR_INVALID;
    FOREGROUND_ONLY(t);
    if (in->what & TTY_FLUSH_INPUT)
        line_flush_input(&t->line);
    if (in->what & TTY_FLUSH_OUTPUT)
        line_flush_output(&t->line);
    master_serve(t);
    terminal_output_done(t);
    return OK;
}

static enum status op_available(struct request *rq, const struct tty_available_in *in, struct tty_available_out *out)
{
    (void)in;
    TERMINAL(t);
    out->bytes = opened->is_master ? t->line.output_head - t->line.output_tail : line_available(&t->line);
    return OK;
}

static enum status op_number(struct request *rq, const struct tty_number_in *in, struct tty_number_out *out)
{
    TERMINAL(t);
    if (!opened->is_master)
        return ERR_NOT_TERMINAL;
    if (in->lock < 2)
        t->is_locked = in->lock;
    out->number = (uint32_t)t->number & 0xff;
    return OK;
}

static enum status op_send_break(struct request *rq, const struct tty_send_break_in *in, struct tty_send_break_out *out)
{
    (void)in, (void)out;
    TERMINAL(t);
    FOREGROUND_ONLY(t);
    if (opened->is_master) {
        line_break(&t->line);
        terminal_input_done(t);
    }
    return OK; /* on a pseudo-terminal's slave it means nothing; on the console nobody listens for one */
}

static enum status op_name(struct request *rq, const struct tty_name_in *in, struct tty_name_out *out)
{
    (void)in;
    TERMINAL(t);
    static char path[64];
    const char *fixed = opened->is_master ? "/dev/ptmx" : opened->is_console ? "/dev/console" : "/dev/ttyS0";
    size_t length = t->is_pseudo && !opened->is_master ? fmt(path, sizeof path, "/dev/pts/%d", t->number & 0xff)
                                                       : fmt(path, sizeof path, "%s", fixed);
    out->path = (struct view){(const uint8_t *)path, length};
    out->special = (uint64_t)(opened->is_master ? NUMBER_MASTER : opened->is_console ? NUMBER_CONSOLE : t->number);
    return OK;
}

static const struct tty_ops operations = {
    .get = op_get, .set = op_set, .get_size = op_get_size, .set_size = op_set_size, .get_group = op_get_group,
    .set_group = op_set_group, .attach = op_attach, .detach = op_detach, .discard = op_discard, .available = op_available,
    .number = op_number, .get_session = op_get_session, .send_break = op_send_break, .name = op_name,
};

bool ttyd_protocol(struct request *rq) { return tty_dispatch(&operations, rq); }
