/*
 * module_status: how modules say they fare.
 */
#include <string.h>

#include "core/log_escape.h"
#include "core/module_private.h"

const char *
module_status_word(MotetStatus status)
{
        static const char *const words[] = {
                [MOTET_STATUS_OK] = "ok",
                [MOTET_STATUS_WARNING] = "warning",
                [MOTET_STATUS_ERROR] = "error",
        };

        return words[status];
}

char *
module_status_line(const MotetModule *instance)
{
        const char *text = instance->status_text;

        return g_strdup_printf("module %s on %s: %s%s%s", instance->info->name,
                               module_place(instance), module_status_word(instance->status),
                               text ? ": " : "", text ? text : "");
}

void
module_status_clear(MotetModule *instance)
{
        instance->status = MOTET_STATUS_OK;
        g_clear_pointer(&instance->status_text, g_free);
}

/* A text that counts something is another one each time: only a new status is worth a line. */
static void
log_change(const MotetModule *instance, MotetStatus former)
{
        static const MotetLogLevel levels[] = {
                [MOTET_STATUS_OK] = MOTET_LOG_INFO,
                [MOTET_STATUS_WARNING] = MOTET_LOG_WARN,
                [MOTET_STATUS_ERROR] = MOTET_LOG_ERROR,
        };
        g_autofree char *line = module_status_line(instance);

        motet_log(instance->status == former ? MOTET_LOG_DEBUG : levels[instance->status],
                  instance->info->name, "%s", line);
}

static char *G_GNUC_PRINTF(1, 0) make_text(const char *format, va_list args)
{
        char escaped[MOTET_STATUS_MAX];

        if (!format)
                return NULL;
        g_autofree char *text = g_strdup_vprintf(format, args);
        log_escape(text, strlen(text), false, escaped, sizeof escaped);
        return g_strdup(escaped);
}

void
motet_module_set_status(MotetModule *self, MotetStatus status, const char *format, ...)
{
        g_return_if_fail(self && (unsigned)status <= MOTET_STATUS_ERROR);

        MotetStatus former = self->status;
        va_list args;
        va_start(args, format);
        g_autofree char *text = make_text(format, args);
        va_end(args);
        if (status == former && g_strcmp0(text, self->status_text) == 0)
                return;
        self->status = status;
        g_free(self->status_text);
        self->status_text = g_steal_pointer(&text);
        log_change(self, former);
}

MotetStatus
motet_module_status(const MotetModule *self, const char **text_out)
{
        if (text_out)
                *text_out = self->status_text;
        return self->status;
}
