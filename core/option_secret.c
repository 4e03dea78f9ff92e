/*
 * option_secret: passwords and keys in the configuration: as text, in a file of their own, or as a
 * credential of the service.
 */
#include "core/option_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config_value.h"
#include "core/denial.h"

#define EXPECTED "a secret: text, {file: PATH} or {credential: NAME}"

enum {
        SECRET_MAX = 4096,         /* bytes, where the option has no range */
        CREDENTIAL_NAME_MAX = 255, /* as systemd has it */
};

static const char *const keys[] = {"file", "credential", NULL};

/* What is being read, and for whom. */
typedef struct {
        const MotetOption *option;
        const Config *config;
        const ConfigNode *node; /* whose place findings have */
        bool is_inline;
        ConfigFindings *findings;
} Reader;

/* A growing buffer would leave parts of the secret behind: this one never grows. */
typedef struct {
        char *bytes;
        size_t room, len;
} Buffer;

void
option_secret_free(char *secret)
{
        if (secret)
                explicit_bzero(secret, strlen(secret));
        g_free(secret);
}

static void
buffer_clear(Buffer *buffer)
{
        if (buffer->bytes)
                explicit_bzero(buffer->bytes, buffer->room);
        g_free(buffer->bytes);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Buffer, buffer_clear)

G_GNUC_PRINTF(3, 4)
static bool
fail(const Reader *reader, FindingId id, const char *format, ...)
{
        const ConfigNode *node = reader->node;
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        config_findings_add(reader->findings, id, node->file, node->line, node->column, "%s", text);
        if (reader->is_inline)
                config_findings_hide(reader->findings);
        return false;
}

static size_t
longest(const MotetOption *option)
{
        return option->max > 0 ? (size_t)option->max : SECRET_MAX;
}

/* Takes over what is good. */
static bool
take_text(const Reader *reader, const char *text, size_t len, char **secret_out)
{
        size_t least = (size_t)MAX(reader->option->min, 1);

        if (len < least || len > longest(reader->option))
                return fail(reader, FINDING_CONFIG_OUT_OF_RANGE,
                            "a secret of %s bytes, expected from %zu to %zu",
                            len < least ? "too few" : "too many", least, longest(reader->option));
        if (!g_utf8_validate_len(text, len, NULL))
                return fail(reader, FINDING_CONFIG_SECRET, "the secret is not text in UTF-8");
        *secret_out = g_strndup(text, len);
        return true;
}

static void
refuse_open(const Reader *reader, const char *path, mode_t mode)
{
        if ((mode & 07) != 0)
                fail(reader, FINDING_CONFIG_OPEN_SECRET,
                     "%s, which holds a secret, is open to everybody", path);
}

/* Reads all there is, up to the room there is. Returns: whether it could */
static bool
read_all(int fd, Buffer *buffer)
{
        while (buffer->len < buffer->room) {
                ssize_t n = read(fd, buffer->bytes + buffer->len, buffer->room - buffer->len);
                if (n < 0 && errno != EINTR)
                        return false;
                if (n == 0)
                        return true;
                buffer->len += n > 0 ? (size_t)n : 0;
        }
        return true;
}

static bool
read_descriptor(const Reader *reader, const char *path, int fd, Buffer *buffer)
{
        struct stat status;

        if (fd < 0 || fstat(fd, &status) < 0) {
                g_autofree char *why = denial_text(path, R_OK, errno);
                return fail(reader, FINDING_CONFIG_SECRET, "%s cannot be read: %s", path, why);
        }
        if (!S_ISREG(status.st_mode))
                return fail(reader, FINDING_CONFIG_SECRET, "%s is no regular file", path);
        if (!read_all(fd, buffer))
                return fail(reader, FINDING_CONFIG_SECRET, "%s cannot be read: %s", path,
                            g_strerror(errno));
        refuse_open(reader, path, status.st_mode);
        return true;
}

/* One line feed at the end is the editor's; with a carriage return before it, as well. */
static size_t
trimmed(const Buffer *buffer)
{
        size_t len = buffer->len;

        if (len == 0 || buffer->bytes[len - 1] != '\n')
                return len;
        len--;
        return len > 0 && buffer->bytes[len - 1] == '\r' ? len - 1 : len;
}

static bool
read_file(const Reader *reader, const char *path, char **secret_out)
{
        /* Room for the end of a line, and for a byte that is too much. */
        const size_t room = longest(reader->option) + 3;
        g_auto(Buffer) buffer = {g_malloc(room), room, 0};
        /* O_NONBLOCK: opening a pipe must not wait for its other end. */
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        bool good = read_descriptor(reader, path, fd, &buffer);

        if (fd >= 0)
                close(fd);
        return good && take_text(reader, buffer.bytes, trimmed(&buffer), secret_out);
}

static bool
is_credential_name(const char *name)
{
        size_t n = strlen(name);

        for (const char *p = name; *p; p++)
                if (!g_ascii_isgraph(*p) || *p == '/' || *p == ':')
                        return false;
        return n > 0 && n <= CREDENTIAL_NAME_MAX && strcmp(name, ".") != 0 &&
               strcmp(name, "..") != 0;
}

static bool
read_credential(const Reader *reader, char **secret_out)
{
        const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");
        const char *name;

        if (!config_value_text(reader->node, "the name of a credential", &name, reader->findings))
                return false;
        if (!is_credential_name(name)) {
                config_value_unexpected(reader->node, "the name of a credential", reader->findings);
                return false;
        }
        if (dir) {
                g_autofree char *path = g_build_filename(dir, name, NULL);
                return read_file(reader, path, secret_out);
        }
        bool serve = reader->config->serve;
        fail(reader, serve ? FINDING_CONFIG_SECRET : FINDING_CONFIG_CREDENTIAL,
             serve ? "the service has no credentials, so none named \"%s\""
                   : "only the service itself can read the credential \"%s\"",
             name);
        if (serve)
                config_findings_hint(reader->findings, "set LoadCredential=%s:PATH in the unit",
                                     name);
        return !serve;
}

static bool
read_inline(Reader *reader, char **secret_out)
{
        struct stat status;
        const char *text;

        reader->is_inline = true;
        if (!config_value_text(reader->node, EXPECTED, &text, reader->findings)) {
                config_findings_hide(reader->findings);
                return false;
        }
        if (stat(reader->node->file, &status) == 0)
                refuse_open(reader, reader->node->file, status.st_mode);
        return take_text(reader, text, strlen(text), secret_out);
}

static bool
read_map(Reader *reader, const ConfigNode *map, char **secret_out)
{
        const ConfigNode *file = config_node_entry(map, "file");
        const ConfigNode *credential = config_node_entry(map, "credential");
        g_autofree char *path = NULL;

        config_value_keys(map, keys, FINDING_CONFIG_UNKNOWN_KEY, reader->findings);
        if (!file == !credential)
                return fail(reader, FINDING_CONFIG_WRONG_TYPE,
                            "expected one of file and credential, found %s",
                            file ? "both" : "neither");
        reader->node = file ? file : credential;
        if (credential)
                return read_credential(reader, secret_out);
        return config_value_path(file, reader->config->dir, &path, reader->findings) &&
               read_file(reader, path, secret_out);
}

bool
option_secret_read(const MotetOption *option, const ConfigNode *node, const Config *config,
                   char **secret_out, ConfigFindings *findings)
{
        Reader reader = {option, config, node, false, findings};

        *secret_out = NULL;
        return node->kind == CONFIG_MAP ? read_map(&reader, node, secret_out)
                                        : read_inline(&reader, secret_out);
}
