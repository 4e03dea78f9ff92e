/*
 * bench_sessions: what a message costs while many sessions are connected.
 *
 * Logs in SESSIONS sessions over plain TCP (accounts user0, user1, … with 20 sessions each), keeps PAIRS of them chatting in
 * closed loop for SECONDS and prints messages, latency and the CPU time of the server per message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load.h"

#define PER_ACCOUNT 20
#define LOGINS_AT_ONCE 64
#define LOGIN_MAX_S 300

typedef struct {
        Load load;
        LoadClient *clients;
        unsigned n_clients, n_ready, n_opened;
        int epoll;
        int pid;
} Bench;

/* CPU time of the server so far, µs: utime and stime of /proc/PID/stat. */
static int64_t
server_cpu(const Bench *bench)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", bench->pid);
        g_autofree char *text = NULL;
        if (!g_file_get_contents(path, &text, NULL, NULL))
                return 0;
        g_auto(GStrv) fields = g_strsplit(strrchr(text, ')') + 2, " ", 0);
        int64_t ticks =
                g_ascii_strtoll(fields[11], NULL, 10) + g_ascii_strtoll(fields[12], NULL, 10);
        return ticks * (G_USEC_PER_SEC / sysconf(_SC_CLK_TCK));
}

static int64_t
server_memory_kib(const Bench *bench)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/status", bench->pid);
        g_autofree char *text = NULL;
        if (!g_file_get_contents(path, &text, NULL, NULL))
                return 0;
        const char *rss = strstr(text, "VmRSS:");
        return rss ? g_ascii_strtoll(rss + strlen("VmRSS:"), NULL, 10) : 0;
}

static bool
open_more(Bench *bench)
{
        while (bench->n_opened < bench->n_clients &&
               bench->n_opened - bench->n_ready < LOGINS_AT_ONCE) {
                LoadClient *client = &bench->clients[bench->n_opened];
                client->user = bench->n_opened / PER_ACCOUNT;
                client->resource = bench->n_opened % PER_ACCOUNT;
                struct epoll_event event = {.events = EPOLLOUT, .data.ptr = client};
                if (!load_open(&bench->load, client, bench->n_opened) ||
                    epoll_ctl(bench->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
                        return false;
                bench->n_opened++;
        }
        return true;
}

static bool
turn(Bench *bench)
{
        struct epoll_event events[256];
        int n = epoll_wait(bench->epoll, events, G_N_ELEMENTS(events), 100);

        for (int i = 0; i < n; i++) {
                LoadClient *client = events[i].data.ptr;
                LoadState before = client->state;
                load_readable(&bench->load, client);
                if (client->state == LOAD_DEAD)
                        return false;
                if (before == LOAD_CONNECTING) {
                        struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
                        epoll_ctl(bench->epoll, EPOLL_CTL_MOD, client->fd, &event);
                }
                if (before != LOAD_READY && client->state == LOAD_READY)
                        bench->n_ready++;
        }
        return true;
}

static bool
log_in_all(Bench *bench)
{
        int64_t deadline = g_get_monotonic_time() + LOGIN_MAX_S * G_USEC_PER_SEC;
        while (bench->n_ready < bench->n_clients) {
                if (!open_more(bench) || !turn(bench) || g_get_monotonic_time() > deadline)
                        return false;
        }
        return true;
}

static int
compare_latencies(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
        return (x > y) - (x < y);
}

static int64_t
percentile(const GArray *latencies, unsigned percent)
{
        return latencies->len
                       ? g_array_index(latencies, int64_t, (latencies->len - 1) * percent / 100)
                       : 0;
}

/* PAIRS pairs spread over all sessions chat in closed loop: each message received is answered with the next. */
static bool
chat(Bench *bench, unsigned pairs, int seconds)
{
        unsigned stride = MAX(bench->n_clients / (2 * pairs), 1);
        for (unsigned i = 0; i < pairs; i++) {
                LoadClient *a = &bench->clients[(2 * i * stride) % bench->n_clients];
                LoadClient *b = &bench->clients[((2 * i + 1) * stride) % bench->n_clients];
                a->peer = b;
                b->peer = a;
        }
        for (unsigned i = 0; i < pairs; i++)
                load_send_message(&bench->load,
                                  &bench->clients[(2 * i * stride) % bench->n_clients]);

        int64_t cpu = server_cpu(bench);
        int64_t end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
        while (g_get_monotonic_time() < end) {
                if (!turn(bench))
                        return false;
        }
        cpu = server_cpu(bench) - cpu;

        GArray *latencies = bench->load.latencies;
        g_array_sort(latencies, compare_latencies);
        printf("sessions %u  pairs %u  messages %" G_GUINT64_FORMAT
               "  per_s %.0f  server_cpu_us_per_message %.2f  "
               "latency_us p50 %" G_GINT64_FORMAT " p99 %" G_GINT64_FORMAT
               "  server_rss_kib %" G_GINT64_FORMAT "\n",
               bench->n_clients, pairs, bench->load.n_received,
               (double)bench->load.n_received / seconds,
               (double)cpu / (double)MAX(bench->load.n_received, 1), percentile(latencies, 50),
               percentile(latencies, 99), server_memory_kib(bench));
        return bench->load.n_received > 0;
}

static void
bench_clear(Bench *bench)
{
        for (unsigned i = 0; i < bench->n_opened; i++)
                load_close(&bench->clients[i]);
        g_free(bench->clients);
        g_hash_table_unref(bench->load.salted);
        g_array_unref(bench->load.latencies);
        close(bench->epoll);
}

int
main(int argc, char **argv)
{
        if (argc != 8) {
                (void)fputs("usage: bench_sessions HOST PORT SERVER_PID PASSWORD SESSIONS PAIRS "
                            "SECONDS\n",
                            stderr);
                return 64;
        }

        struct rlimit files;
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);

        Bench bench = {.epoll = epoll_create1(EPOLL_CLOEXEC),
                       .pid = (int)g_ascii_strtoll(argv[3], NULL, 10)};
        bench.load = (Load){.host = argv[1], .address = "127.0.0.1", .password = argv[4]};
        bench.load.port = (uint16_t)g_ascii_strtoull(argv[2], NULL, 10);
        bench.load.salted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        bench.load.latencies = g_array_new(FALSE, FALSE, sizeof(int64_t));
        bench.n_clients = (unsigned)g_ascii_strtoull(argv[5], NULL, 10);
        bench.clients = g_new0(LoadClient, bench.n_clients);

        int64_t start = g_get_monotonic_time();
        int64_t cpu = server_cpu(&bench);
        bool ok = log_in_all(&bench);
        if (ok) {
                printf("logged in %u sessions in %.1f s  server_cpu_us_per_login %.0f\n",
                       bench.n_ready, (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC,
                       (double)(server_cpu(&bench) - cpu) / MAX(bench.n_ready, 1));
                ok = chat(&bench, (unsigned)g_ascii_strtoull(argv[6], NULL, 10),
                          (int)g_ascii_strtoll(argv[7], NULL, 10));
        }
        if (!ok)
                (void)fprintf(stderr, "failed with %u sessions ready: %s\n", bench.n_ready,
                              bench.load.failure ? bench.load.failure
                                                 : "timed out or out of descriptors");
        bench_clear(&bench);
        return ok ? 0 : 1;
}
