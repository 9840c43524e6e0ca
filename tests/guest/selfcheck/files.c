/* SPDX-License-Identifier: MIT
 * What paged files promise, against a server of pages in another context: each page's first word is its number, until written. */
#include "abi/memory.h"
#include "base/string.h"
#include "check.h"
#include "sys/clock.h"
#include "sys/context.h"
#include "sys/message.h"

#define FILE_BYTES (1ull << 30)
#define FAILING_PAGE 77777u        /* the server has no such page */
#define SUPPLY_BYTES (128u << 10)

static handle_t endpoint = HANDLE_NONE, file = HANDLE_NONE, stream = HANDLE_NONE;
static volatile uint32_t page_ins, page_outs, file_idles, file_cuts, file_commits;
static volatile uint64_t last_cut;
static volatile uint64_t last_written_page, last_written_word;
static volatile enum status answer_writes_with, answer_commits_with;

static bool supply(uint64_t offset, uint64_t length)
{
    handle_t memory;
    uint64_t address;
    if (offset <= FAILING_PAGE * 4096ull && FAILING_PAGE * 4096ull < offset + length)
        return sys_file_supply(file, offset, ERR_IO, HANDLE_NONE, 0) == OK;
    EXPECT_STATUS(sys_memory_create(length, 0, PLACE_HIGH, &memory), OK);
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, length, PROT_READ_ | PROT_WRITE_ | MAP_SHARED_, memory, 0, &address), OK);
    for (uint64_t at = 0; at < length; at += 4096)
        *(uint64_t *)(address + at) = (offset + at) / 4096;
    EXPECT_STATUS(sys_file_supply(file, offset, (int64_t)length, memory, 0), OK);
    EXPECT(*(uint64_t *)address == 0); /* the frames are gone to the file */
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, address, length), OK);
    EXPECT_STATUS(sys_handle_close(memory), OK);
    return true;
}

static bool write_out(uint64_t offset, uint64_t length)
{
    for (uint64_t at = offset; at < offset + length; at += 4096) {
        uint64_t word;
        EXPECT_STATUS(sys_file_read(file, at, SPAN_OF_STRUCT(&word)), sizeof word);
        last_written_page = at / 4096;
        last_written_word = word;
    }
    EXPECT_STATUS(sys_file_written(file, offset, length, answer_writes_with), OK);
    return true;
}

static void serve_pages(void *argument)
{
    (void)argument;
    struct message m;
    while (sys_receive(endpoint, RECEIVE_WAIT, &m) == OK) {
        if (m.kind == KIND_PAGE_IN) {
            page_ins++;
            if (!supply(m.words[0], m.words[1]))
                return;
        } else if (m.kind == KIND_PAGE_OUT) {
            page_outs++;
            if (!write_out(m.words[0], m.words[1]))
                return;
        } else if (m.kind == KIND_FILE_IDLE) {
            file_idles++;
        } else if (m.kind == KIND_FILE_CUT) {
            file_cuts++;
            last_cut = m.words[0];
        } else if (m.kind == KIND_FILE_COMMIT) {
            file_commits++;
            if (sys_file_written(file, m.words[0], 0, answer_commits_with) != OK)
                return;
        }
    }
}

static bool paged_file(void)
{
    if (stream != HANDLE_NONE)
        return true;
    handle_t context;
    struct file_attributes a = {.type = FILE_REGULAR, .mode = 0600, .links = 1, .size_bytes = FILE_BYTES};
    EXPECT_STATUS(sys_endpoint_create(0, PLACE_HIGH, &endpoint), OK);
    EXPECT_STATUS(sys_file_create(endpoint, 7, &a, PLACE_HIGH, &file), OK);
    EXPECT_STATUS(sys_stream_create(file, STREAM_READ | STREAM_WRITE, RIGHT_READ | RIGHT_WRITE, PLACE_HIGH, &stream), OK);
    EXPECT_STATUS(context_start(serve_pages, nullptr, 0, &context), OK);
    return true;
}

static bool page_reads(uint64_t page)
{
    uint64_t word;
    EXPECT_STATUS(sys_read(stream, &word, sizeof word, page * 4096), sizeof word);
    EXPECT(word == page);
    return true;
}

static bool missing_pages_come_from_the_server(void)
{
    EXPECT(paged_file());
    EXPECT(page_reads(5) && page_reads(5) && page_reads(200000));
    uint32_t asked = page_ins;
    EXPECT(page_reads(6)); /* came along with page 5 */
    EXPECT(page_ins == asked);
    for (uint64_t page = 1000; page < 1256; page++)
        EXPECT(page_reads(page));
    EXPECT(page_ins - asked <= 16); /* a sequential reader gets up to 32 pages at once */
    EXPECT_STATUS(sys_read(stream, &asked, sizeof asked, FILE_BYTES), 0);
    return true;
}

/* More pages than a machine of 64 MiB has memory: clean ones must have been given up on the way. */
static bool many_pages_pass_through_little_memory(void)
{
    EXPECT(paged_file());
    for (uint64_t page = 2000; page < 2000 + 24 * 1024; page++)
        EXPECT(page_reads(page));
    EXPECT(page_reads(2000));
    return true;
}

static bool failed_page_is_an_error(void)
{
    uint64_t word;
    EXPECT(paged_file());
    EXPECT_STATUS(sys_read(stream, &word, sizeof word, FAILING_PAGE * 4096ull), ERR_IO);
    EXPECT(page_reads(FAILING_PAGE + 100));
    return true;
}

static bool stores_reach_the_server_at_sync(void)
{
    EXPECT(paged_file());
    uint64_t address, word = 0xabcdef;
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 8 * 4096, PROT_READ_ | PROT_WRITE_ | MAP_SHARED_, stream, 300 * 4096, &address), OK);
    EXPECT(*(volatile uint64_t *)(address + 4096) == 301);
    *(volatile uint64_t *)(address + 4096) = 4242;
    EXPECT_STATUS(sys_read(stream, &word, sizeof word, 301 * 4096), sizeof word);
    EXPECT(word == 4242);
    uint32_t outs = page_outs;
    EXPECT_STATUS(sys_sync(stream, SYNC_ALL), OK);
    EXPECT(page_outs > outs && last_written_page == 301 && last_written_word == 4242);
    outs = page_outs;
    EXPECT_STATUS(sys_sync(stream, SYNC_ALL), OK);
    EXPECT(page_outs == outs); /* nothing was dirty */
    *(volatile uint64_t *)(address + 4096) = 4343; /* clean pages are write-protected: this is noticed */
    EXPECT_STATUS(sys_sync(stream, SYNC_ALL), OK);
    EXPECT(page_outs > outs && last_written_word == 4343);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, address, 8 * 4096), OK);
    return true;
}

static bool failed_write_is_reported_once(void)
{
    EXPECT(paged_file());
    uint64_t word = 1;
    answer_writes_with = ERR_IO;
    EXPECT_STATUS(sys_write(stream, &word, sizeof word, 400 * 4096), sizeof word);
    EXPECT_STATUS(sys_sync(stream, SYNC_ALL), ERR_IO);
    answer_writes_with = OK;
    EXPECT_STATUS(sys_sync(stream, SYNC_ALL), OK);
    EXPECT(last_written_page == 400 && last_written_word == 1);
    return true;
}

static bool sync_ends_with_the_servers_commit(void)
{
    EXPECT(paged_file());
    uint64_t word = 5;
    uint32_t commits = file_commits;
    EXPECT_STATUS(sys_write(stream, &word, sizeof word, 410 * 4096), sizeof word);
    EXPECT_STATUS(sys_sync(file, SYNC_ALL), OK);
    EXPECT(last_written_page == 410 && file_commits == commits); /* the file object's own: pages alone */
    EXPECT_STATUS(sys_sync(stream, SYNC_DATA), OK);
    EXPECT(file_commits == commits + 1);
    answer_commits_with = ERR_IO;
    EXPECT_STATUS(sys_sync(stream, SYNC_ALL), ERR_IO);
    answer_commits_with = OK;
    EXPECT_STATUS(sys_sync(stream, SYNC_ALL), OK);
    return true;
}

static bool server_hears_of_a_cut(void)
{
    EXPECT(paged_file());
    uint32_t cuts = file_cuts;
    EXPECT_STATUS(sys_truncate(stream, 450 * 4096), OK);
    EXPECT_STATUS(sys_truncate(stream, FILE_BYTES), OK);
    EXPECT_STATUS(sys_sync(stream, SYNC_ALL), OK); /* commits come after cuts */
    EXPECT(file_cuts == cuts + 1 && last_cut == 450 * 4096);
    return true;
}

static bool truncation_takes_pages_away(void)
{
    EXPECT(paged_file());
    uint64_t address, word = 77;
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 4096, PROT_READ_, stream, 500 * 4096, &address), OK);
    EXPECT(*(volatile uint64_t *)address == 500);
    EXPECT_STATUS(sys_truncate(stream, 400 * 4096 + 4), OK);
    EXPECT_STATUS(sys_read(stream, &word, sizeof word, 400 * 4096), 4);
    EXPECT_STATUS(sys_write(stream, (void *)address, 4, 0), ERR_BAD_ADDRESS); /* the mapping shows nothing any more */
    EXPECT_STATUS(sys_truncate(stream, FILE_BYTES), OK);
    EXPECT_STATUS(sys_read(stream, &word, sizeof word, 400 * 4096), sizeof word);
    EXPECT(word >> 32 == 0);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, address, 4096), OK);
    return true;
}

static bool closed_file_is_written_and_told_idle(void)
{
    EXPECT(paged_file());
    uint64_t word = 99;
    uint32_t idles = file_idles;
    EXPECT_STATUS(sys_write(stream, &word, sizeof word, 600 * 4096), sizeof word);
    EXPECT_STATUS(sys_handle_close(stream), OK);
    for (uint32_t i = 0; i < 400 && file_idles == idles; i++)
        EXPECT_STATUS(sys_sleep(clock_monotonic_ns() + 5000000), OK);
    /* Twice when the close and the answer to the last page meet: both see that all is done. */
    EXPECT(file_idles > idles && last_written_page == 600 && last_written_word == 99);
    EXPECT_STATUS(sys_stream_create(file, STREAM_READ | STREAM_WRITE, RIGHT_READ | RIGHT_WRITE, PLACE_HIGH, &stream), OK);
    return true;
}

const struct check file_checks[] = {
    {"missing pages of a file come from its server, a sequential reader's in large parts", missing_pages_come_from_the_server},
    {"a failed page is an error for its reader alone", failed_page_is_an_error},
    {"stores to a mapped file reach its server at sync, each time", stores_reach_the_server_at_sync},
    {"a failed write is reported once, and tried again", failed_write_is_reported_once},
    {"more pages than there is memory pass through a file of a gibibyte", many_pages_pass_through_little_memory},
    {"truncation takes pages away, also from mappings", truncation_takes_pages_away},
    {"a sync ends with the server's commit, and says when that failed", sync_ends_with_the_servers_commit},
    {"a file's server hears that it was cut, and longer again is no cut", server_hears_of_a_cut},
    {"what a closed file has dirty is written, then its server hears that it is idle", closed_file_is_written_and_told_idle},
    {}};
