/*
 * check_child: a forked process gives up root and sends its findings back through a pipe.
 *
 * Only for a program of one thread.
 */
#include "core/check_child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/descriptor.h"
#include "core/privileges.h"

#define FORMAT "a(usuusms)"

enum { ANSWER_MAX = 16 * 1024 * 1024 };

static GVariant *
pack(const ConfigFindings *findings)
{
        GVariantBuilder list;

        g_variant_builder_init(&list, G_VARIANT_TYPE(FORMAT));
        for (guint i = 0; i < findings->list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(findings->list, i);
                g_variant_builder_add(&list, "(usuusms)", (guint32)finding->id, finding->file,
                                      (guint32)finding->line, (guint32)finding->column,
                                      finding->text, finding->hint);
        }
        return g_variant_ref_sink(g_variant_builder_end(&list));
}

static void
unpack(GVariant *packed, ConfigFindings *findings)
{
        const char *file, *text, *hint;
        guint32 id, line, column;
        GVariantIter iter;

        g_variant_iter_init(&iter, packed);
        while (g_variant_iter_next(&iter, "(u&suu&sm&s)", &id, &file, &line, &column, &text,
                                   &hint)) {
                if (id >= N_FINDINGS)
                        continue;
                config_findings_add(findings, (FindingId)id, file, line, column, "%s", text);
                if (hint)
                        config_findings_hint(findings, "%s", hint);
        }
}

/* Returns: an exit code */
static int
answer(CheckContext *context, void (*run)(CheckContext *context), int fd)
{
        const Config *config = context->config;
        ConfigFindings findings;

        if (!(config->user ? privileges_become(config->user, NULL)
                           : privileges_become_owner(config->data_dir, NULL)))
                return 1;
        config_findings_init(&findings);
        context->findings = &findings;
        context->is_user = true;
        run(context);
        g_autoptr(GVariant) packed = pack(&findings);
        config_findings_clear(&findings);
        return descriptor_write_all(fd, g_variant_get_data(packed), g_variant_get_size(packed)) ? 0
                                                                                                : 1;
}

static GByteArray *
read_all(int fd)
{
        GByteArray *bytes = g_byte_array_new();
        guint8 buffer[4096];

        while (bytes->len < ANSWER_MAX) {
                ssize_t n = read(fd, buffer, sizeof buffer);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                g_byte_array_append(bytes, buffer, (guint)n);
        }
        return bytes;
}

static bool
has_succeeded(pid_t pid)
{
        int status;

        while (waitpid(pid, &status, 0) < 0) {
                if (errno != EINTR)
                        return false;
        }
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
run_in_child(CheckContext *context, void (*run)(CheckContext *context))
{
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return false;
        pid_t pid = fork();
        if (pid == 0) {
                close(ends[0]);
                _exit(answer(context, run, ends[1]));
        }
        close(ends[1]);
        g_autoptr(GByteArray) bytes = pid > 0 ? read_all(ends[0]) : NULL;
        close(ends[0]);
        if (pid < 0 || !has_succeeded(pid))
                return false;

        g_autoptr(GBytes) whole = g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
        g_autoptr(GVariant) packed =
                g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(FORMAT), whole, FALSE));
        unpack(packed, context->findings);
        return true;
}

void
check_as_user(CheckContext *context, void (*run)(CheckContext *context))
{
        if (!context->as_user || !privileges_are_root() || !run_in_child(context, run))
                run(context);
}
