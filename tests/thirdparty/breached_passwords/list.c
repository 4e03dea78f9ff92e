/*
 * list: a binary search in a sorted file of hashes, which may be tens of gigabytes.
 *
 * Lines are "<SHA-1>:<count>", as the downloader of haveibeenpwned.com writes them ordered by hash.
 * Who changes the file in place holds an exclusive lock on it (flock) meanwhile; who replaces it
 * need not.
 */
#include "breached_passwords-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW 256 /* bytes: of two lines at least */

/* Line: where one is in the file, and its hash. */
typedef struct {
        off_t start, end; /* @end: of the line behind it */
        char hash[HASH_DIGITS + 1];
} Line;

/* Finds the first line that begins at @from or behind. Returns: false when what is there is none */
static bool
read_line(int fd, off_t from, Line *line_out)
{
        char window[WINDOW];
        off_t base = from > 0 ? from - 1 : 0;
        ssize_t n = TEMP_FAILURE_RETRY(pread(fd, window, sizeof window, base));
        if (n < 0)
                return false;

        size_t start = 0;
        if (from > 0) {
                const char *before = memchr(window, '\n', (size_t)n);
                start = before ? (size_t)(before - window) + 1 : (size_t)n;
        }
        const char *newline = memchr(window + start, '\n', (size_t)n - start);
        size_t end = newline ? (size_t)(newline - window) + 1 : (size_t)n;
        bool is_cut = !newline && (size_t)n == sizeof window;
        bool is_last = start == (size_t)n;
        if (is_cut ||
            (!is_last && (end - start <= HASH_DIGITS || window[start + HASH_DIGITS] != ':')))
                return false;

        *line_out = (Line){.start = base + (off_t)start, .end = base + (off_t)end};
        if (!is_last)
                memcpy(line_out->hash, window + start, HASH_DIGITS);
        return true;
}

static ListAnswer
search(int fd, off_t size, const char *hash, const char **problem_out)
{
        off_t low = 0, high = size;

        while (low < high) {
                off_t middle = low + (high - low) / 2;
                Line line;
                if (!read_line(fd, middle, &line)) {
                        *problem_out = "it has lines that are not \"<SHA-1>:<count>\"";
                        return LIST_UNREADABLE;
                }
                if (line.start >= high) {
                        high = middle;
                        continue;
                }
                int order = g_ascii_strncasecmp(line.hash, hash, HASH_DIGITS);
                if (order == 0)
                        return LIST_PRESENT;
                if (order < 0)
                        low = line.end;
                else
                        high = middle;
        }
        return LIST_ABSENT;
}

ListAnswer
list_search(const char *path, const char *hash, const char **problem_out)
{
        struct stat file;
        /* Not blocking: what is no file might never open. */
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) {
                *problem_out = g_strerror(errno);
                return LIST_UNREADABLE;
        }

        ListAnswer answer = LIST_UNREADABLE;
        if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
                *problem_out = "it is no file";
        else if (flock(fd, LOCK_SH | LOCK_NB) != 0)
                answer = LIST_LOCKED;
        else
                answer = search(fd, file.st_size, hash, problem_out);
        close(fd);
        return answer;
}
