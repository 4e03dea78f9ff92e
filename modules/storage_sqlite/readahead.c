/*
 * readahead: asks the system for the pages of many entries at once, before they are read one by
 * one.
 *
 * SQLite reads a page when it needs it and waits for the disk each time. Here the way to each entry
 * is looked up in the file beside SQLite, level by level
 * (https://sqlite.org/fileformat2.html#b_tree_pages): the pages of one level are all asked for,
 * then read to find those of the next; the last ones, where the entries are, are only asked for. So
 * fifty entries cost about as many waits as the tree has levels.
 *
 * All of this is a hint. What the write-ahead log holds is not seen, nor what another process does
 * meanwhile; a wrong page is read in vain, and nothing else follows from it. Page numbers and
 * offsets are checked all the same: the file may be damaged.
 */
#include "storage_sqlite-private.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define PAGE_BYTES_MAX 65536
#define DEPTH_MAX 12
#define KIND_INNER 5     /* of a table's tree: pages below, and the greatest key of each */
#define INNER_HEAD 12    /* bytes */
#define CELL_BYTES_MIN 5 /* a page number and a key */

typedef struct {
        uint64_t id;
        uint32_t page; /* where the way to it has come; 0: nowhere */
} Way;

/*
 * SQLite's own descriptor, which it does not tell. One of ours would have to be closed some day,
 * and that takes away the locks of all connections that this process has to the file (POSIX):
 * another process could then take itself for the last one and remove the log. Should it be that of
 * another connection, and closed before ours, then what is read there is of no use, and nothing is
 * ever written.
 */
static int
find_descriptor(const char *file)
{
        struct stat wanted, status;
        GDir *all = g_dir_open("/proc/self/fd", 0, NULL);
        const char *name;
        int found = -1;

        if (all == NULL)
                return -1;
        while (stat(file, &wanted) == 0 && found < 0 && (name = g_dir_read_name(all)) != NULL) {
                int fd = (int)g_ascii_strtoll(name, NULL, 10);

                if (fstat(fd, &status) == 0 && status.st_dev == wanted.st_dev &&
                    status.st_ino == wanted.st_ino)
                        found = fd;
        }
        g_dir_close(all);
        return found;
}

void
readahead_open(Readahead *readahead, const char *file)
{
        *readahead = (Readahead){.fd = find_descriptor(file)};
}

/* Pages */

static uint32_t
read_u16(const uint8_t *bytes)
{
        return (uint32_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t
read_u32(const uint8_t *bytes)
{
        return read_u16(bytes) << 16 | read_u16(bytes + 2);
}

/* SQLite's numbers: 7 bits a byte, the high ones first; a ninth byte has 8. */
static uint64_t
read_key(const uint8_t *bytes, const uint8_t *end)
{
        uint64_t key = 0;

        for (unsigned i = 0; i < 9 && bytes < end; i++, bytes++) {
                if (i == 8)
                        return key << 8 | *bytes;
                key = key << 7 | (*bytes & 0x7f);
                if (*bytes < 0x80)
                        break;
        }
        return key;
}

/* The cell with this number: 0 where there cannot be one. */
static uint32_t
cell_at(const uint8_t *page, uint32_t n_bytes, uint32_t index)
{
        uint32_t at = read_u16(page + INNER_HEAD + 2 * index);

        return at <= n_bytes - CELL_BYTES_MIN ? at : 0;
}

/* Returns: the page below @page on the way to @id; 0 when @page has none below */
static uint32_t
page_below(const uint8_t *page, uint32_t n_bytes, uint64_t id)
{
        uint32_t low = 0, high = read_u16(page + 3);

        if (page[0] != KIND_INNER || INNER_HEAD + 2 * high > n_bytes)
                return 0;

        uint32_t below = read_u32(page + 8);

        /* The first whose greatest key is not less. */
        while (low < high) {
                uint32_t middle = (low + high) / 2;
                uint32_t cell = cell_at(page, n_bytes, middle);

                if (cell == 0)
                        return 0;
                if (id <= read_key(page + cell + 4, page + n_bytes)) {
                        below = read_u32(page + cell);
                        high = middle;
                } else {
                        low = middle + 1;
                }
        }
        return below;
}

/* @flags: RWF_NOWAIT: only when the system has it in memory */
static bool
read_page(const Readahead *readahead, uint32_t page, uint8_t *bytes, int flags)
{
        const struct iovec part = {bytes, readahead->page_bytes};
        off_t at = (off_t)(page - 1) * readahead->page_bytes;

        return preadv2(readahead->fd, &part, 1, at, flags) == (ssize_t)readahead->page_bytes;
}

static void
ask_for(const Readahead *readahead, uint32_t page)
{
        off_t at = (off_t)(page - 1) * readahead->page_bytes;

        posix_fadvise(readahead->fd, at, readahead->page_bytes, POSIX_FADV_WILLNEED);
}

/* Ways */

/* Whether all of the way to @id is in memory, and so there is nothing to gain. */
static bool
is_in_memory(const Readahead *readahead, uint64_t id, uint8_t *bytes)
{
        uint32_t page = readahead->root;

        for (unsigned depth = 0; page != 0; depth++) {
                if (depth == DEPTH_MAX || !read_page(readahead, page, bytes, RWF_NOWAIT))
                        return false;
                page = page_below(bytes, readahead->page_bytes, id);
        }
        return true;
}

/* One level down. Returns: whether there was one */
static bool
descend(const Readahead *readahead, Way *ways, unsigned n, uint8_t *bytes)
{
        uint32_t last = 0;
        bool deeper = false, readable = false;

        for (unsigned i = 0; i < n; i++) {
                uint32_t page = ways[i].page;

                /* Neighbours are often on the same page. */
                if (page != 0 && page != last)
                        readable = read_page(readahead, page, bytes, 0);
                last = page;
                ways[i].page = page != 0 && readable
                                       ? page_below(bytes, readahead->page_bytes, ways[i].id)
                                       : 0;
                deeper |= ways[i].page != 0;
                /* All ways are equally long: without a page below, the first is at its end. */
                if (!deeper)
                        return false;
        }
        return deeper;
}

static void
ask_for_all(const Readahead *readahead, const Way *ways, unsigned n)
{
        for (unsigned i = 0; i < n; i++) {
                if (ways[i].page != 0 && (i == 0 || ways[i].page != ways[i - 1].page))
                        ask_for(readahead, ways[i].page);
        }
}

/* 0 when it cannot be read, which is nobody's trouble here. */
static uint32_t
read_number(Database *database, Statement statement)
{
        bool failed = database->failed;
        g_autoptr(Cursor) cursor = database_cursor(database, statement, NULL);
        bool found = cursor != NULL && database_step(database, cursor, NULL) > 0;

        database->failed = failed;
        return found ? (uint32_t)sqlite3_column_int64(cursor, 0) : 0;
}

/* Where the tree begins, which another program may change. */
static bool
find_root(Database *database)
{
        Readahead *readahead = &database->readahead;

        if (readahead->root != 0)
                return true;
        readahead->page_bytes = read_number(database, STATEMENT_PAGE_SIZE);
        if (readahead->page_bytes >= 512 && readahead->page_bytes <= PAGE_BYTES_MAX)
                readahead->root = read_number(database, STATEMENT_ENTRIES_ROOT);
        return readahead->root != 0;
}

void
readahead_entries(Database *database, const uint64_t *ids, unsigned n)
{
        Readahead *readahead = &database->readahead;

        if (n < READAHEAD_MIN || readahead->fd < 0 || !find_root(database))
                return;

        g_autofree uint8_t *bytes = g_malloc(readahead->page_bytes);
        g_autofree Way *ways = g_new(Way, n);

        if (is_in_memory(readahead, ids[n - 1], bytes))
                return;
        for (unsigned i = 0; i < n; i++)
                ways[i] = (Way){ids[i], readahead->root};
        for (unsigned depth = 0; depth < DEPTH_MAX && descend(readahead, ways, n, bytes); depth++)
                ask_for_all(readahead, ways, n);
}
