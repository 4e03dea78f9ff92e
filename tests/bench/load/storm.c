/* storm: see storm.h. */
#include "storm.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire.h"

#define REFUSED_MAX 1000 /* without one that went through, there is no point in going on */

/* One of those under way. */
typedef struct {
        Wire wire;
        bool is_connected;
} Gust;

static void
begin(Gust *gust)
{
        gust->is_connected = false;
        while (!wire_open(&gust->wire)) {
                wire_close(&gust->wire, true);
                (void)sched_yield();
        }
}

static void
handle(Gust *gust, ReportStorm *counts, char *scratch)
{
        WireStatus status;
        size_t n;

        if (!gust->is_connected) {
                gust->is_connected = true;
                status = wire_connected(&gust->wire);
                if (status == WIRE_OK)
                        status = wire_secure(&gust->wire, "xmpp-client");
        } else {
                status = wire_read(&gust->wire, scratch, WIRE_READ_MIN, &n);
        }
        if (status == WIRE_OK && !gust->wire.is_secured)
                return;

        if (gust->wire.is_secured)
                counts->n_done++;
        else
                counts->n_refused++;
        wire_close(&gust->wire, false);
        begin(gust);
}

static void
blow(const Options *options, ReportStorm *counts)
{
        Wires wires;
        g_autofree char *scratch = g_malloc(WIRE_READ_MIN);
        g_autofree Gust *gusts = g_new(Gust, (gsize)options->storm);
        struct epoll_event events[64];

        wires_init(&wires, options->address, options->storm_port, options->host);
        for (int i = 0; i < options->storm; i++) {
                wire_init(&gusts[i].wire, &wires, &gusts[i]);
                begin(&gusts[i]);
        }
        while (counts->n_done > 0 || counts->n_refused < REFUSED_MAX) {
                int n = epoll_wait(wires.epoll, events, G_N_ELEMENTS(events), -1);
                for (int i = 0; i < n; i++)
                        handle(events[i].data.ptr, counts, scratch);
        }
        wires_clear(&wires);
}

bool
storm_start(Storm *storm, const Options *options)
{
        void *shared = mmap(NULL, sizeof *storm->counts, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
                return false;
        *storm = (Storm){.counts = shared};

        storm->pid = fork();
        if (storm->pid > 0)
                return true;
        if (storm->pid < 0) {
                munmap(shared, sizeof *storm->counts);
                return false;
        }

        struct sched_param idle = {0};
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)sched_setscheduler(0, SCHED_IDLE, &idle);
        (void)close_range(STDERR_FILENO + 1, ~0u, 0);
        blow(options, storm->counts);
        _exit(0);
}

void
storm_stop(Storm *storm, ReportStorm *counts_out)
{
        kill(storm->pid, SIGKILL);
        while (waitpid(storm->pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        *counts_out = *storm->counts;
        munmap(storm->counts, sizeof *storm->counts);
}
