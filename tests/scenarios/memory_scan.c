/*
 * memory_scan: looks for pieces of secrets in all memory that another process may write to.
 *
 *     memory_scan PID < PIECES
 *
 * A piece is eight bytes, written as sixteen hexadecimal digits on a line of its own. Printed is a
 * line for each place: the number of the piece, the address, the bytes around it in hexadecimal and
 * what the memory belongs to; at last how many bytes were read. Exit code 77: the process's memory
 * may not be read.
 *
 * Source: proc(5), maps and mem.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES 8u
#define CHUNK_BYTES (4u << 20)
#define AROUND_BYTES 64u
/* What is larger is the shadow of a sanitizer, which has no bytes of the program. */
#define REGION_MAX (UINT64_C(1) << 36)
#define EXIT_MAY_NOT 77

typedef struct {
        uint64_t bytes;
        unsigned number;
} Piece;

typedef struct {
        GArray *pieces;      /* of Piece, sorted */
        uint8_t first[8192]; /* a bit for each pair of bytes that a piece begins with */
        int memory;
        uint8_t *chunk; /* (own) CHUNK_BYTES */
        uint64_t n_read;
} Scan;

static int
compare_pieces(const void *a, const void *b)
{
        uint64_t left = ((const Piece *)a)->bytes, right = ((const Piece *)b)->bytes;

        return left < right ? -1 : left > right;
}

static uint64_t
load(const uint8_t *at)
{
        uint64_t bytes;

        memcpy(&bytes, at, sizeof bytes);
        return bytes;
}

/* Returns: false when a line is no piece, which was told */
static bool
read_pieces(Scan *scan)
{
        char line[64];

        while (fgets(line, sizeof line, stdin)) {
                uint8_t bytes[PIECE_BYTES];
                for (size_t i = 0; i < PIECE_BYTES; i++) {
                        int high = g_ascii_xdigit_value(line[2 * i]);
                        int low = high < 0 ? -1 : g_ascii_xdigit_value(line[2 * i + 1]);
                        if (low < 0) {
                                fprintf(stderr, "no sixteen hexadecimal digits: %s", line);
                                return false;
                        }
                        bytes[i] = (uint8_t)(high << 4 | low);
                }
                Piece piece = {load(bytes), scan->pieces->len};
                scan->first[piece.bytes % 65536 / 8] |= (uint8_t)(1u << piece.bytes % 8);
                g_array_append_val(scan->pieces, piece);
        }
        g_array_sort(scan->pieces, compare_pieces);
        return true;
}

static void
tell(const Scan *scan, const Piece *piece, uint64_t address, size_t at, size_t n, const char *name)
{
        size_t from = at > AROUND_BYTES ? at - AROUND_BYTES : 0;
        size_t to = MIN(at + PIECE_BYTES + AROUND_BYTES, n);

        printf("%u %" PRIx64 " ", piece->number, address + at);
        for (size_t i = from; i < to; i++)
                printf("%02x", scan->chunk[i]);
        printf(" %s\n", *name ? name : "anonymous");
}

static void
look_into(Scan *scan, uint64_t address, size_t n, const char *name)
{
        for (size_t at = 0; at + PIECE_BYTES <= n; at++) {
                Piece wanted = {load(scan->chunk + at), 0};
                if (!(scan->first[wanted.bytes % 65536 / 8] & 1u << wanted.bytes % 8))
                        continue;
                const Piece *found = bsearch(&wanted, scan->pieces->data, scan->pieces->len,
                                             sizeof wanted, compare_pieces);
                if (found)
                        tell(scan, found, address, at, n, name);
        }
}

/* What is gone meanwhile, or belongs to a device, is left out. */
static void
scan_region(Scan *scan, uint64_t start, uint64_t end, const char *name)
{
        while (start < end) {
                size_t wanted = MIN(CHUNK_BYTES, end - start);
                ssize_t n = pread(scan->memory, scan->chunk, wanted, (off_t)start);
                if (n <= 0)
                        return;
                scan->n_read += (uint64_t)n;
                look_into(scan, start, (size_t)n, name);
                if ((uint64_t)n == end - start || n < (ssize_t)PIECE_BYTES)
                        return;
                /* A piece may lie across. */
                start += (uint64_t)n - (PIECE_BYTES - 1);
        }
}

/* A line of maps: "START-END MODES OFFSET DEVICE INODE      NAME". */
static void
scan_line(Scan *scan, const char *line)
{
        char *after;
        uint64_t start = g_ascii_strtoull(line, &after, 16);
        if (*after != '-')
                return;
        uint64_t end = g_ascii_strtoull(after + 1, &after, 16);
        bool is_writable = *after == ' ' && strlen(after) > 4 && after[2] == 'w';
        if (!is_writable || end - start > REGION_MAX)
                return;

        const char *name = after;
        for (int field = 0; field < 4; field++) {
                name += strspn(name, " ");
                name += strcspn(name, " ");
        }
        scan_region(scan, start, end, name + strspn(name, " "));
}

static bool
scan_regions(Scan *scan, const char *path)
{
        g_autofree char *text = NULL;
        if (!g_file_get_contents(path, &text, NULL, NULL))
                return false;

        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                scan_line(scan, *line);
        return true;
}

int
main(int argc, char **argv)
{
        Scan scan = {.pieces = g_array_new(FALSE, FALSE, sizeof(Piece))};

        if (argc != 2 || !read_pieces(&scan)) {
                fprintf(stderr, "usage: memory_scan PID < PIECES\n");
                return 64;
        }
        g_autofree char *memory = g_strdup_printf("/proc/%s/mem", argv[1]);
        g_autofree char *maps = g_strdup_printf("/proc/%s/maps", argv[1]);
        scan.memory = open(memory, O_RDONLY | O_CLOEXEC);
        if (scan.memory < 0) {
                fprintf(stderr, "%s: %s\n", memory, g_strerror(errno));
                return errno == EACCES || errno == EPERM ? EXIT_MAY_NOT : 1;
        }
        scan.chunk = g_malloc(CHUNK_BYTES);
        bool is_done = scan_regions(&scan, maps);
        printf("%" PRIu64 "\n", scan.n_read);
        g_free(scan.chunk);
        g_array_unref(scan.pieces);
        close(scan.memory);
        return is_done && scan.n_read > 0 ? 0 : 1;
}
