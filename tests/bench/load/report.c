/* report: see report.h. Words are known ones (options_parse() looked), so that nothing needs
 * escaping. */
#include "report.h"

static double
per(double amount, uint64_t n)
{
        return n > 0 ? amount / (double)n : 0;
}

static void
add_latency(GString *json, const char *name, const Latency *latency)
{
        g_string_append_printf(json,
                               ",\"%s\":{\"n\":%" G_GUINT64_FORMAT ",\"p50\":%" G_GINT64_FORMAT
                               ",\"p95\":%" G_GINT64_FORMAT ",\"p99\":%" G_GINT64_FORMAT
                               ",\"max\":%" G_GINT64_FORMAT "}",
                               name, latency->n, latency_percentile(latency, 50),
                               latency_percentile(latency, 95), latency_percentile(latency, 99),
                               latency->max);
}

static void
add_cpu(GString *json, const Report *report)
{
        const MeterCpu *cpu = &report->span.cpu;
        g_string_append_printf(json, ",\"cpu_us\":{\"total\":%.3f,\"user\":%.3f,\"system\":%.3f}",
                               per((double)(cpu->user + cpu->system), report->operations),
                               per((double)cpu->user, report->operations),
                               per((double)cpu->system, report->operations));
}

static void
add_memory(GString *json, const Report *report, unsigned sessions)
{
        const MeterMemory *before = &report->before, *after = &report->after;
        g_string_append_printf(json,
                               ",\"memory_kib\":{\"rss_before\":%" G_GINT64_FORMAT
                               ",\"rss_after\":%" G_GINT64_FORMAT
                               ",\"private_before\":%" G_GINT64_FORMAT
                               ",\"private_after\":%" G_GINT64_FORMAT
                               ",\"per_session\":%.3f,\"rss_per_session\":%.3f}",
                               before->rss, after->rss, before->private_kib, after->private_kib,
                               per((double)(after->private_kib - before->private_kib), sessions),
                               per((double)(after->rss - before->rss), sessions));
}

static void
add_messages(GString *json, const Report *report)
{
        g_string_append_printf(json,
                               ",\"sent\":%" G_GUINT64_FORMAT ",\"received\":%" G_GUINT64_FORMAT
                               ",\"lost\":%" G_GUINT64_FORMAT ",\"reordered\":%" G_GUINT64_FORMAT
                               ",\"duplicated\":%" G_GUINT64_FORMAT,
                               report->sent, report->received, report->sent - report->received,
                               report->reordered, report->duplicated);
}

static void
add_login(GString *json, const ReportLogin *login, bool has_cpu)
{
        g_string_append_printf(json, ",\"login\":{\"n\":%" G_GUINT64_FORMAT ",\"seconds\":%.3f",
                               login->n, login->seconds);
        if (has_cpu)
                g_string_append_printf(json, ",\"per_login_cpu_us\":%.1f",
                                       per((double)login->cpu_us, login->n));
        g_string_append(json, "}");
}

static void
add_arrivals(GString *json, const ReportArrivals *counts)
{
        const struct {
                const char *name;
                uint64_t n;
        } rows[] = {
                {"n", counts->n},
                {"in", counts->n_in},
                {"told", counts->n_told},
                {"limited", counts->n_limited},
                {"closed", counts->n_closed},
                {"late", counts->n_late},
                {"crowded", counts->n_crowded},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
                g_string_append_printf(json, "%s\"%s\":%" G_GUINT64_FORMAT,
                                       i == 0 ? ",\"arrivals\":{" : ",", rows[i].name, rows[i].n);
        g_string_append_c(json, '}');
}

char *
report_json(const Report *report, const Options *options)
{
        const MeterSpan *span = &report->span;
        GString *json = g_string_new(NULL);

        g_string_append_printf(json,
                               "{\"work\":\"%s\",\"security\":\"%s\",\"mechanism\":\"%s\","
                               "\"sessions\":%d,\"operations\":%" G_GUINT64_FORMAT
                               ",\"seconds\":%.3f,\"per_s\":%.1f",
                               options->work, options->security_word, options->mechanism,
                               options->sessions, report->operations, span->seconds,
                               span->seconds > 0 ? (double)report->operations / span->seconds : 0);
        if (span->pid > 0)
                add_cpu(json, report);
        if (report->latency.n > 0)
                add_latency(json, "latency_us", &report->latency);
        if (report->calm)
                add_latency(json, "latency_calm_us", report->calm);
        if (report->calm)
                g_string_append_printf(json,
                                       ",\"storm\":{\"handshakes\":%" G_GUINT64_FORMAT
                                       ",\"refused\":%" G_GUINT64_FORMAT "}",
                                       report->storm.n_done, report->storm.n_refused);
        if (report->has_arrivals)
                add_arrivals(json, &report->arrivals);
        if (report->has_messages)
                add_messages(json, report);
        if (report->behind_max_us > 0)
                g_string_append_printf(json, ",\"behind_max_us\":%" G_GINT64_FORMAT,
                                       report->behind_max_us);
        if (span->pid > 0)
                add_memory(json, report, (unsigned)options->sessions);
        if (report->login.n > 0)
                add_login(json, &report->login, span->pid > 0);
        g_string_append_printf(
                json, ",\"generator_cpu\":%.3f}",
                span->seconds > 0 ? (double)span->own_us / G_USEC_PER_SEC / span->seconds : 0);
        return g_string_free(json, FALSE);
}
