/* SPDX-License-Identifier: MIT
 * The data of a terminal: reads and writes of programs, what waits for them, what poll sees (see ttyd.h). */
#include "ttyd.h"
#include "base/string.h"
#include "heap/heap.h"
#include "sys/clock.h"
#include "sys/log.h"

#define CHUNK_BYTES 2048u
#define TENTH_NS 100000000ull

static uint8_t chunk[LINE_INPUT_BYTES]; /* what the current answer carries */

/* -- waiting -- */

struct pending *pending_add(struct list_node *queue, struct terminal *t, enum pending_kind kind, struct request *rq)
{
    struct pending *p = heap_allocate(sizeof *p);
    if (!p)
        return nullptr;
    p->terminal = t;
    p->kind = kind;
    p->request = request_defer(rq);
    list_push_back(queue, &p->link);
    return p;
}

void pending_answer(struct pending *p, int64_t result)
{
    IGNORE(server_answer(&ttyd.server, p->request, result));
    list_remove(&p->link);
    heap_free(p);
}

void pending_answer_data(struct pending *p, struct view data)
{
    IGNORE(server_answer_data(&ttyd.server, p->request, data));
    list_remove(&p->link);
    heap_free(p);
}

static struct pending *first_of(struct list_node *queue)
{
    return list_is_empty(queue) ? nullptr : list_entry(queue->next, struct pending, link);
}

/* -- time limits of reads -- */

static void arm_timer(uint64_t deadline_ns)
{
    static uint64_t armed;
    uint64_t now = clock_monotonic_ns();
    if (armed > now && armed <= deadline_ns)
        return; /* it fires before, and looks at everything then */
    armed = deadline_ns;
    IGNORE(sys_status(sys_timer_set(ttyd.timer, deadline_ns, 0)));
}

/* -- reading -- */

static uint8_t minimum(const struct terminal *t) { return t->line.settings.characters[CC_MINIMUM]; }
static uint8_t time_limit(const struct terminal *t) { return t->line.settings.characters[CC_TIME]; }

/* Would a read of `capacity` return now? Raw mode without a time limit waits for the minimum. */
static bool read_is_ready(const struct terminal *t, uint64_t capacity)
{
    if (t->is_hung)
        return true;
    if (line_is_canonical(&t->line))
        return line_has_input(&t->line);
    uint64_t available = line_available(&t->line), wanted = MAX(minimum(t), 1);
    if (minimum(t) == 0 && time_limit(t) == 0)
        return true;
    return available && available >= MIN(wanted, capacity);
}

static bool poll_sees_input(const struct terminal *t)
{
    if (line_is_canonical(&t->line))
        return line_has_input(&t->line);
    return line_available(&t->line) >= (time_limit(t) ? 1u : MAX(minimum(t), 1));
}

static struct view read_now(struct terminal *t, uint64_t capacity)
{
    size_t length = line_read(&t->line, (struct span){chunk, MIN(capacity, sizeof chunk)});
    return (struct view){chunk, length};
}

/* With a minimum the time starts with the first byte, without one with the read. */
static void start_time(struct pending *p)
{
    const struct terminal *t = p->terminal;
    if (line_is_canonical(&t->line) || time_limit(t) == 0 || (minimum(t) && line_available(&t->line) == 0))
        return;
    p->deadline_ns = clock_monotonic_ns() + time_limit(t) * TENTH_NS;
    arm_timer(p->deadline_ns);
}

enum status terminal_read(struct request *rq, uint64_t offset, uint64_t capacity, uint32_t stream_flags, struct view *out_data)
{
    (void)offset;
    struct opened *o = opened_of(rq);
    if (!o)
        return ERR_NOT_SUPPORTED;
    struct terminal *t = o->terminal;
    if (o->is_master)
        return master_read(rq, t, capacity, stream_flags, out_data);
    bool waits = false;
    TRY(job_check(rq, t, SIGNAL_TTIN, &waits));
    if (waits || capacity == 0)
        return OK;
    if (list_is_empty(&t->readers) && read_is_ready(t, capacity)) {
        if (!t->is_hung)
            *out_data = read_now(t, capacity);
        master_serve(t); /* there is room for more input */
        terminal_ready(t);
        return OK;
    }
    if (stream_flags & STREAM_NONBLOCK)
        return ERR_WOULD_BLOCK;
    struct pending *p = pending_add(&t->readers, t, PENDING_READ, rq);
    if (!p)
        return ERR_NO_MEMORY;
    p->length = capacity;
    start_time(p);
    return OK;
}

static void serve_readers(struct terminal *t)
{
    for (struct pending *p; (p = first_of(&t->readers)) != nullptr && read_is_ready(t, p->length);)
        pending_answer_data(p, t->is_hung ? (struct view){0} : read_now(t, p->length));
    if (line_is_canonical(&t->line) || time_limit(t) == 0)
        return;
    list_for_each(node, &t->readers) /* each byte starts the time anew */
        start_time(list_entry(node, struct pending, link));
}

static void expire_readers(struct terminal *t, uint64_t now)
{
    list_for_each_safe(node, &t->readers) {
        struct pending *p = list_entry(node, struct pending, link);
        if (p->deadline_ns && p->deadline_ns <= now)
            pending_answer_data(p, read_now(t, p->length));
        else if (p->deadline_ns)
            arm_timer(p->deadline_ns);
    }
    master_serve(t);
}

void on_read_timer(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)s, (void)self, (void)count, (void)value;
    uint64_t now = clock_monotonic_ns();
    expire_readers(&ttyd.console, now);
    for (size_t i = 0; i < PSEUDO_MAX; i++)
        if (ttyd.pseudos[i])
            expire_readers(ttyd.pseudos[i], now);
}

/* -- writing -- */

enum status terminal_write(struct request *rq, uint64_t offset, struct view data, uint32_t stream_flags, uint64_t *out_taken)
{
    (void)offset;
    struct opened *o = opened_of(rq);
    if (!o)
        return ERR_NOT_SUPPORTED;
    struct terminal *t = o->terminal;
    if (o->is_master)
        return master_write(rq, t, data, stream_flags, out_taken);
    if (t->is_hung)
        return ERR_IO;
    bool waits = false;
    if (t->line.settings.local & LOCAL_STOP_WRITERS)
        TRY(job_check(rq, t, SIGNAL_TTOU, &waits));
    if (waits)
        return OK;
    size_t taken = 0;
    while (taken < data.length && list_is_empty(&t->writers)) {
        size_t now = line_write(&t->line, (struct view){data.data + taken, data.length - taken});
        t->push(t);
        if (now == 0)
            break;
        taken += now;
    }
    *out_taken = taken;
    terminal_ready(t);
    if (taken == rq->data_length)
        return OK;
    if (stream_flags & STREAM_NONBLOCK)
        return taken ? OK : ERR_WOULD_BLOCK;
    struct pending *p = pending_add(&t->writers, t, PENDING_WRITE, rq);
    if (!p)
        return taken ? OK : ERR_NO_MEMORY;
    p->length = rq->data_length;
    p->done = taken;
    return OK;
}

/* Moves a waiting write on; false: it still waits. */
static bool continue_write(struct terminal *t, struct pending *p)
{
    static uint8_t piece[CHUNK_BYTES];
    while (p->done < p->length && line_can_write(&t->line)) {
        size_t wanted = MIN(p->length - p->done, sizeof piece);
        int64_t got = sys_request_read(ttyd.server.endpoint, p->request, p->done, (struct span){piece, wanted});
        if (got <= 0) { /* its buffer is gone: what was taken is taken */
            pending_answer(p, p->done ? (int64_t)p->done : got < 0 ? got : ERR_BAD_ADDRESS);
            return true;
        }
        p->done += line_write(&t->line, (struct view){piece, (size_t)got});
        t->push(t);
    }
    if (p->done < p->length)
        return false;
    pending_answer(p, (int64_t)p->done);
    return true;
}

static void serve_writers(struct terminal *t)
{
    for (struct pending *p; (p = first_of(&t->writers)) != nullptr && line_can_write(&t->line);)
        if (!continue_write(t, p))
            return;
}

/* -- settings, and waiting for output -- */

void terminal_set(struct terminal *t, const struct line_settings *settings, bool flush)
{
    if (flush)
        line_flush_input(&t->line);
    bool flowed = settings->input & INPUT_FLOW;
    line_set(&t->line, settings);
    if (!flowed)
        t->line.stopped = false; /* nobody could start it again */
    terminal_input_done(t);
    master_serve(t);
}

static bool is_drained(const struct terminal *t)
{
    return list_is_empty(&t->writers) && line_output_empty(&t->line) && t->is_idle(t);
}

enum status terminal_drain(struct request *rq, struct terminal *t, const struct line_settings *settings, bool flush)
{
    if (is_drained(t) || t->is_hung) {
        terminal_set(t, settings, flush);
        return OK;
    }
    struct pending *p = pending_add(&t->drains, t, PENDING_DRAIN, rq);
    if (!p)
        return ERR_NO_MEMORY;
    p->applies = true;
    p->flushes = flush;
    p->settings = *settings;
    t->push(t); /* so that the device says when it has sent all */
    return OK;
}

static void serve_drains(struct terminal *t)
{
    for (struct pending *p; (p = first_of(&t->drains)) != nullptr && is_drained(t);) {
        struct line_settings settings = p->settings;
        bool flush = p->flushes;
        pending_answer(p, OK);
        terminal_set(t, &settings, flush);
    }
}

/* -- what happened -- */

static void tell_poll(struct opened *o, uint32_t ready, bool news)
{
    if (o->ready == ready && !news)
        return;
    IGNORE(server_ready(&ttyd.server, o->token, ready, ~ready & (EVENT_READ | EVENT_WRITE | EVENT_HANGUP)));
    o->ready = ready;
}

static void ready_slaves(struct terminal *t, bool news)
{
    uint32_t ready = (poll_sees_input(t) ? EVENT_READ : 0) | (line_can_write(&t->line) ? EVENT_WRITE : 0);
    if (t->is_hung)
        ready = EVENT_READ | EVENT_WRITE | EVENT_HANGUP;
    list_for_each(node, &t->slaves)
        tell_poll(list_entry(node, struct opened, link), ready, news && ready & EVENT_READ);
}

void terminal_ready(struct terminal *t)
{
    ready_slaves(t, false);
    bool slave_gone = t->was_opened && list_is_empty(&t->slaves);
    bool output = !line_output_empty(&t->line) && !t->line.stopped;
    uint32_t ready = EVENT_WRITE | (output ? EVENT_READ : 0) | (slave_gone ? EVENT_HANGUP : 0);
    list_for_each(node, &t->masters)
        tell_poll(list_entry(node, struct opened, link), ready, output);
}

static void deliver_signals(struct terminal *t)
{
    static const struct { uint32_t raised, signal; } signals[] = {
        {RAISE_INTERRUPT, SIGNAL_INT}, {RAISE_QUIT, SIGNAL_QUIT}, {RAISE_SUSPEND, SIGNAL_TSTP}};
    uint32_t raised = t->line.raised;
    t->line.raised = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(signals); i++)
        if (raised & signals[i].raised)
            job_signal(t, signals[i].signal);
}

void terminal_input_done(struct terminal *t)
{
    deliver_signals(t);
    serve_readers(t);
    ready_slaves(t, true);
    t->push(t); /* echoes */
    terminal_output_done(t);
}

void terminal_output_done(struct terminal *t)
{
    serve_writers(t);
    serve_drains(t);
    terminal_ready(t);
}

void terminal_hang_up(struct terminal *t)
{
    t->is_hung = true;
    job_signal(t, SIGNAL_HUP);
    job_signal(t, SIGNAL_CONT);
    for (struct pending *p; (p = first_of(&t->readers)) != nullptr;)
        pending_answer(p, 0);
    for (struct pending *p; (p = first_of(&t->writers)) != nullptr;)
        pending_answer(p, ERR_IO);
    for (struct pending *p; (p = first_of(&t->drains)) != nullptr;)
        pending_answer(p, ERR_IO);
    terminal_ready(t);
}

static bool cancel_in(struct list_node *queue, uint64_t request)
{
    list_for_each(node, queue) {
        struct pending *p = list_entry(node, struct pending, link);
        if (p->request != request)
            continue;
        pending_answer(p, p->kind == PENDING_WRITE && p->done ? (int64_t)p->done : ERR_INTERRUPTED);
        return true;
    }
    return false;
}

static bool cancel_at(struct terminal *t, uint64_t request)
{
    return cancel_in(&t->readers, request) || cancel_in(&t->writers, request) || cancel_in(&t->drains, request) ||
           cancel_in(&t->master_readers, request) || cancel_in(&t->master_writers, request);
}

void terminal_cancel(struct server *s, uint64_t request)
{
    (void)s;
    if (job_cancel(request) || cancel_at(&ttyd.console, request))
        return;
    for (size_t i = 0; i < PSEUDO_MAX; i++)
        if (ttyd.pseudos[i] && cancel_at(ttyd.pseudos[i], request))
            return;
}

/* -- birth -- */

void terminal_init(struct terminal *t, int32_t number, void (*push)(struct terminal *), bool (*is_idle)(const struct terminal *))
{
    *t = (struct terminal){.number = number, .rows = 24, .columns = 80, .push = push, .is_idle = is_idle};
    line_init(&t->line);
    struct list_node *lists[] = {&t->slaves, &t->masters, &t->readers, &t->writers, &t->drains, &t->master_readers, &t->master_writers};
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
        list_init(lists[i]);
}

static struct opened *console_opens[CONSOLE_OPENS];

struct opened *opened_by_token(uint64_t token, void *object)
{
    if (object || token & TOKEN_OPEN || !(token & TOKEN_CONSOLE))
        return object;
    return (uint16_t)token < CONSOLE_OPENS ? console_opens[(uint16_t)token] : nullptr;
}

struct opened *opened_of(const struct request *rq) { return opened_by_token(rq->token, rq->object); }

static enum status open_console(struct opened *o, uint32_t rights, uint32_t stream, handle_t *out_handle)
{
    uint32_t index = 0;
    while (index < CONSOLE_OPENS && console_opens[index])
        index++;
    if (index == CONSOLE_OPENS)
        return ERR_LIMIT;
    o->token = TOKEN_CONSOLE | (o->is_console ? TOKEN_IS_CONSOLE : 0) | index;
    TRY(server_resource(&ttyd.server, o->token, rights, RESOURCE_RESTARTABLE | RESOURCE_REPLAYED, stream, out_handle));
    console_opens[index] = o;
    return OK;
}

static bool adopt(uint64_t token)
{
    struct opened *o;
    if (sys_readiness_set(ttyd.server.endpoint, token, 0, EVENT_READ) != OK || HEAP_NEW(&o) != OK)
        return false;
    *o = (struct opened){.terminal = &ttyd.console, .token = token, .is_console = token & TOKEN_IS_CONSOLE};
    console_opens[(uint16_t)token] = o;
    list_push_back(&ttyd.console.slaves, &o->link);
    return true;
}

/* Those that were open when the instance before this one died. */
void console_adopt(void)
{
    uint32_t count = 0;
    for (uint64_t index = 0; index < CONSOLE_OPENS; index++)
        count += adopt(TOKEN_CONSOLE | index) || adopt(TOKEN_CONSOLE | TOKEN_IS_CONSOLE | index);
    if (count == 0)
        return;
    job_recover(&ttyd.console);
    terminal_ready(&ttyd.console);
    log_info("%u open files of the console live on; its settings are the first ones again", count);
}

void terminal_closed(struct opened *o)
{
    if (o->token & TOKEN_CONSOLE && !(o->token & TOKEN_OPEN))
        console_opens[(uint16_t)o->token] = nullptr;
    list_remove(&o->link);
    heap_free(o);
}

enum status terminal_open(struct terminal *t, bool is_master, bool is_console, uint32_t open_flags, handle_t *out_handle)
{
    struct opened *o;
    TRY(HEAP_NEW(&o));
    *o = (struct opened){.terminal = t, .is_master = is_master, .is_console = is_console};
    uint32_t rights = RIGHT_GRANT | (open_flags & OPEN_READ ? RIGHT_READ : 0) | (open_flags & OPEN_WRITE ? RIGHT_WRITE : 0);
    uint32_t stream = (open_flags & OPEN_READ ? STREAM_READ : 0) | (open_flags & OPEN_WRITE ? STREAM_WRITE : 0) |
                      (open_flags & OPEN_NONBLOCK ? STREAM_NONBLOCK : 0);
    enum status s = t->is_pseudo ? server_open_token(&ttyd.server, o, rights, 0, stream, out_handle, &o->token)
                                 : open_console(o, rights, stream, out_handle);
    if (s != OK) {
        heap_free(o);
        return s;
    }
    list_push_back(is_master ? &t->masters : &t->slaves, &o->link);
    t->was_opened |= !is_master;
    terminal_ready(t);
    return OK;
}
