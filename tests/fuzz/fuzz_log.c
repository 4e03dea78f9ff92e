/*
 * fuzz_log: any bytes in a line of the log: escaped, rendered in each style, and as an entry of the
 * journal.
 *
 * The first byte is how much room there is and the level; a zero ends each of source, host, address
 * and session, and the rest is the text.
 *
 * Source: RFC 8259 section 7, systemd.io/JOURNAL_NATIVE_PROTOCOL.
 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/log_escape.h"
#include "core/log_journal.h"
#include "core/log_render.h"
#include "fuzz/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { ROOM_MIN = 16, FIELDS = 5 };

static void
assert_harmless(const char *text, size_t n)
{
        g_assert_true(g_utf8_validate_len(text, n, NULL));
        for (size_t i = 0; i < n; i++)
                g_assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void
try_escape(const char *text, size_t n, size_t room)
{
        g_autofree char *out = g_malloc(room);

        log_escape(text, n, false, out, room);
        assert_harmless(out, strlen(out));
        g_assert_false(log_escape_is_needed(out));
        log_escape(text, n, true, out, room);
        assert_harmless(out, strlen(out));
        g_assert_true(g_str_has_suffix(out, "..."));
}

/* One line, and in JSON one object of strings: quotes are even, but for those that are escaped. */
static void
try_render(const LogRecord *record)
{
        static LogLine line;

        for (LogStyle style = LOG_STYLE_PLAIN; style <= LOG_STYLE_PRIORITY_JSON; style++) {
                log_render(record, style, &line);
                g_assert_cmpuint(line.n, <=, sizeof line.bytes);
                g_assert_true(g_utf8_validate_len(line.bytes, line.n, NULL));
                g_assert_true(memchr(line.bytes, '\n', line.n) == line.bytes + line.n - 1);
                if (style != LOG_STYLE_JSON)
                        continue;
                unsigned n_quotes = 0;
                for (size_t i = 0; i < line.n; i++) {
                        if (line.bytes[i] == '\\')
                                i++;
                        else
                                n_quotes += line.bytes[i] == '"';
                }
                g_assert_cmpuint(n_quotes % 2, ==, 0);
        }
}

typedef struct {
        int reader, writer;
        char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
} Journal;

static void
journal_open(Journal *journal)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        g_snprintf(journal->path, sizeof journal->path, "%s/journal", place_dir());
        g_strlcpy(address.sun_path, journal->path, sizeof address.sun_path);
        journal->reader = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        journal->writer = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        g_assert_true(bind(journal->reader, (struct sockaddr *)&address, sizeof address) == 0);
}

/* Each field is "NAME=value": no value adds another one. */
static void
try_journal(const LogRecord *record)
{
        static Journal journal = {-1, -1, ""};
        static char entry[LOG_RENDERED_MAX + 512];
        unsigned n_fields = 0;

        if (journal.reader < 0)
                journal_open(&journal);
        g_assert_true(log_journal_write(journal.writer, journal.path, record, 1000));
        ssize_t n = recv(journal.reader, entry, sizeof entry - 1, 0);
        g_assert_cmpint(n, >, 0);
        entry[n] = '\0';
        for (const char *at = entry; *at; n_fields++) {
                const char *end = strchr(at, '\n');
                g_assert_true(end && memchr(at, '=', (size_t)(end - at)));
                g_assert_true(g_ascii_isupper(*at));
                at = end + 1;
        }
        unsigned n_known = 4;
        n_known += record->about.host != NULL;
        n_known += record->about.jid != NULL;
        n_known += record->about.session != NULL;
        g_assert_cmpuint(n_fields, ==, n_known);
}

/* As the log does with what it is told, before anything else sees it. */
static const char *
escaped(const uint8_t *bytes, size_t n, char *out, size_t size)
{
        if (n == 0)
                return NULL;
        log_escape((const char *)bytes, n, false, out, size);
        return out;
}

static void
try_record(const uint8_t *bytes, size_t n, MotetLogLevel level)
{
        static char source[LOG_SOURCE_MAX], host[LOG_HOST_MAX], jid[LOG_JID_MAX];
        static char session[LOG_SESSION_MAX], text[LOG_LINE_MAX];
        char *const outs[FIELDS] = {source, host, jid, session, text};
        const size_t sizes[FIELDS] = {sizeof source, sizeof host, sizeof jid, sizeof session,
                                      sizeof text};
        const char *fields[FIELDS];

        for (unsigned i = 0; i < FIELDS; i++) {
                const uint8_t *end = i + 1 < FIELDS && n > 0 ? memchr(bytes, '\0', n) : NULL;
                size_t used = end ? (size_t)(end - bytes) : n;
                fields[i] = escaped(bytes, used, outs[i], sizes[i]);
                bytes += end ? used + 1 : used;
                n -= end ? used + 1 : used;
        }
        /* Of these the server makes the names, and shows a part. */
        for (char *c = session; fields[3] && *c; c++)
                *c = g_ascii_isalnum(*c) ? *c : 'x';
        const LogRecord record = {.time = G_USEC_PER_SEC * (int64_t)n,
                                  .level = level,
                                  .source = fields[0] ? fields[0] : "core",
                                  .about = {fields[1], fields[2], fields[3]},
                                  .text = fields[4] ? fields[4] : ""};
        try_render(&record);
        try_journal(&record);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        if (n == 0)
                return 0;
        try_escape((const char *)bytes + 1, n - 1, ROOM_MIN + bytes[0]);
        try_record(bytes + 1, n - 1, (MotetLogLevel)(bytes[0] % ((unsigned)MOTET_LOG_DEBUG + 1)));
        return 0;
}
