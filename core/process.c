/*
 * process: /proc/self and getrusage(2).
 */
#include "core/process.h"

#include <motet/error.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void
read_memory(ProcessUsage *usage)
{
        g_autofree char *text = NULL;
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        char *rest;

        if (!g_file_get_contents("/proc/self/statm", &text, NULL, NULL))
                return;
        usage->virtual = g_ascii_strtoull(text, &rest, 10) * page;
        usage->resident = g_ascii_strtoull(rest, NULL, 10) * page;
}

static uint64_t
count_entries(const char *path)
{
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        uint64_t n = 0;

        while (dir && g_dir_read_name(dir))
                n++;
        /* The folder itself is open while it is read. */
        return n > 0 ? n - 1 : 0;
}

/* Linux 6.2: the size of the folder is the number of descriptors. Before, they must be counted. */
static void
read_descriptors(ProcessUsage *usage)
{
        struct rlimit limit;
        struct stat folder;

        if (stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0)
                usage->descriptors = (uint64_t)folder.st_size;
        else
                usage->descriptors = count_entries("/proc/self/fd");
        if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
                usage->descriptors_max = limit.rlim_cur;
}

static int64_t
micros(const struct timeval *time)
{
        return (int64_t)time->tv_sec * G_USEC_PER_SEC + time->tv_usec;
}

ProcessUsage
process_usage(void)
{
        ProcessUsage usage = {0};
        struct rusage used;

        read_memory(&usage);
        read_descriptors(&usage);
        if (getrusage(RUSAGE_SELF, &used) == 0)
                usage.cpu = micros(&used.ru_utime) + micros(&used.ru_stime);
        return usage;
}

static gpointer
end_at_once(gpointer data)
{
        return data;
}

bool
process_can_make_threads(GError **error)
{
        g_autoptr(GError) reason = NULL;
        GThread *thread = g_thread_try_new("first", end_at_once, NULL, &reason);

        if (thread) {
                g_thread_join(thread);
                return true;
        }
        g_set_error(
                error, MOTET_ERROR, MOTET_ERROR_IO,
                "no thread can be made: %s: raise TasksMax= of the unit, or how many processes the "
                "user may have (ulimit -u)",
                reason->message);
        return false;
}
