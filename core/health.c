/*
 * health: looks at what is kept anyway, and asks nobody.
 */
#include "core/health.h"

#include <inttypes.h>

#include "core/process.h"
#include "core/server_private.h"

#define CERTIFICATE_WARNING (7 * INT64_C(86400)) /* s */
#define SLOW_STORE (1 * G_TIME_SPAN_SECOND)
#define DESCRIPTORS_WARNING 80 /* of a hundred */

static void G_GNUC_PRINTF(2, 3) add(GPtrArray *troubles, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_ptr_array_add(troubles, g_strdup_vprintf(format, args));
        va_end(args);
}

static void
look_at_certificates(Server *server, GPtrArray *troubles)
{
        const MotetServer *base = server_base(server);
        int64_t now = loop_wall_now(base->loop) / G_USEC_PER_SEC;

        for (guint i = 0; i < base->hosts->len; i++) {
                const MotetHost *host = g_ptr_array_index(base->hosts, i);
                const char *trouble = certificates_trouble(server_certificates(server), host->name);
                int64_t expiry = tls_server_expiry(base->tls, host->name);
                g_autofree char *left = certificate_days_text(MAX(expiry - now, 0));
                if (trouble)
                        add(troubles, "the certificate of %s is not renewed: %s", host->name,
                            trouble);
                if (expiry > 0 && expiry <= now)
                        add(troubles, "the certificate of %s has expired", host->name);
                else if (expiry > 0 && expiry - now <= CERTIFICATE_WARNING)
                        add(troubles, "the certificate of %s ends in %s", host->name, left);
        }
}

static void
look_at_module(MotetModule *instance, void *data)
{
        if (instance->status == MOTET_STATUS_ERROR)
                g_ptr_array_add(data, module_status_line(instance));
}

static void
look_at_store(const MinuteCounts *minute, GPtrArray *troubles)
{
        int64_t slowest = histogram_quantile(&minute->store, 99);

        if (minute->store_failures > 0)
                add(troubles, "the storage failed %" PRIu64 " times in the last minute",
                    minute->store_failures);
        if (slowest > SLOW_STORE)
                add(troubles, "the storage is slow: more than one in a hundred requests takes over "
                              "a second");
}

static void
look_at_process(GPtrArray *troubles)
{
        ProcessUsage usage = process_usage();

        if (usage.descriptors_max > 0 &&
            usage.descriptors / DESCRIPTORS_WARNING >= usage.descriptors_max / 100)
                add(troubles,
                    "%" PRIu64 " of %" PRIu64 " file descriptors are in use: raise LimitNOFILE",
                    usage.descriptors, usage.descriptors_max);
}

GPtrArray *
health_troubles(Server *server)
{
        GPtrArray *troubles = g_ptr_array_new_with_free_func(g_free);
        MinuteCounts minute = {0};

        if (server->minute)
                minute = minute_counts(server->minute);
        if (server_base(server)->stopping)
                add(troubles, "the server is stopping");
        if (server->reload.when > 0 && !server->reload.is_done)
                add(troubles, "the last reload was refused: what runs is not what is configured");
        look_at_certificates(server, troubles);
        modules_foreach(server_modules(server), look_at_module, troubles);
        look_at_store(&minute, troubles);
        if (minute.log_lost > 0)
                add(troubles, "%" PRIu64 " lines of the log were lost in the last minute",
                    minute.log_lost);
        look_at_process(troubles);
        return troubles;
}

char *
health_line(const GPtrArray *troubles)
{
        g_autoptr(GString) line = g_string_new(troubles->len > 0 ? "degraded: " : "healthy");

        for (guint i = 0; i < troubles->len; i++)
                g_string_append_printf(line, "%s%s", i > 0 ? "; " : "",
                                       (const char *)g_ptr_array_index(troubles, i));
        return g_string_free(g_steal_pointer(&line), FALSE);
}
