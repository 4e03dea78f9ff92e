/* meter: see meter.h. */
#include "meter.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define STAT_UTIME 11 /* fields behind the name, which may hold anything, and the ")" after it */
#define STAT_STIME 12

bool
meter_parse_cpu(const char *text, int64_t ticks, MeterCpu *cpu_out)
{
        const char *behind = strrchr(text, ')');
        if (!behind || behind[1] != ' ')
                return false;
        g_auto(GStrv) fields = g_strsplit(behind + 2, " ", -1);
        guint64 user, system;
        if (g_strv_length(fields) <= STAT_STIME ||
            !g_ascii_string_to_unsigned(fields[STAT_UTIME], 10, 0, G_MAXINT64, &user, NULL) ||
            !g_ascii_string_to_unsigned(fields[STAT_STIME], 10, 0, G_MAXINT64, &system, NULL))
                return false;

        cpu_out->user = (int64_t)user * G_USEC_PER_SEC / ticks;
        cpu_out->system = (int64_t)system * G_USEC_PER_SEC / ticks;
        return true;
}

static bool
parse_kib(const char *text, const char *name, int64_t *kib_out)
{
        const char *line = strstr(text, name);
        if (!line)
                return false;
        *kib_out = g_ascii_strtoll(line + strlen(name), NULL, 10);
        return true;
}

bool
meter_parse_memory(const char *text, MeterMemory *memory_out)
{
        int64_t rss, dirty;
        if (!parse_kib(text, "\nRss:", &rss) || !parse_kib(text, "\nPrivate_Dirty:", &dirty))
                return false;
        *memory_out = (MeterMemory){.rss = rss, .private_kib = dirty};
        return true;
}

static bool
read_proc(int pid, const char *name, char **text_out, GError **error)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, name);
        return g_file_get_contents(path, text_out, NULL, error);
}

static bool
refuse(int pid, const char *name, GError **error)
{
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "/proc/%d/%s cannot be understood",
                    pid, name);
        return false;
}

bool
meter_cpu(int pid, MeterCpu *cpu_out, GError **error)
{
        g_autofree char *text = NULL;
        if (!read_proc(pid, "stat", &text, error))
                return false;
        return meter_parse_cpu(text, sysconf(_SC_CLK_TCK), cpu_out) || refuse(pid, "stat", error);
}

bool
meter_memory(int pid, MeterMemory *memory_out, GError **error)
{
        g_autofree char *text = NULL;
        if (!read_proc(pid, "smaps_rollup", &text, error))
                return false;
        return meter_parse_memory(text, memory_out) || refuse(pid, "smaps_rollup", error);
}

static int64_t
own_cpu(void)
{
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC +
               usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

bool
meter_span_open(MeterSpan *span, int pid, GError **error)
{
        *span = (MeterSpan){.pid = pid};
        if (pid > 0 && !meter_cpu(pid, &span->cpu, error))
                return false;
        span->own_us = own_cpu();
        span->begin_us = g_get_monotonic_time();
        return true;
}

bool
meter_span_close(MeterSpan *span, GError **error)
{
        MeterCpu now = {0};
        span->seconds = (double)(g_get_monotonic_time() - span->begin_us) / G_USEC_PER_SEC;
        span->own_us = own_cpu() - span->own_us;
        if (span->pid > 0 && !meter_cpu(span->pid, &now, error))
                return false;
        span->cpu.user = now.user - span->cpu.user;
        span->cpu.system = now.system - span->cpu.system;
        return true;
}
