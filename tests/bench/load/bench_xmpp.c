/*
 * bench_xmpp: puts load on an XMPP server and prints what it took, as one JSON object on one line.
 *
 * Exits 0 when the work went as it should; 1 when a server closed or refused something, something
 * timed out, or a message was lost or reordered; 64 when the options make no sense.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "works.h"

#define EXIT_USAGE 64

static const struct {
        const char *name;
        RunWork work;
} works[] = {
        {"login", work_login},   {"idle", work_idle},         {"message", work_message},
        {"rate", work_rate},     {"pipeline", work_pipeline}, {"presence", work_presence},
        {"iq", work_iq},         {"churn", work_churn},       {"storm", work_storm},
        {"arrive", work_arrive},
};

static void
raise_descriptors(void)
{
        struct rlimit files;
        if (getrlimit(RLIMIT_NOFILE, &files) < 0)
                return;
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
}

static RunWork
work_of(const char *name)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(works); i++) {
                if (g_str_equal(works[i].name, name))
                        return works[i].work;
        }
        g_assert_not_reached();
}

static bool
run_work(const Options *options)
{
        Run run;

        run_init(&run, options);
        bool is_good = work_of(options->work)(&run);
        bool is_measured = run.report.span.seconds > 0;
        is_good = is_good && crowd_leave(&run.crowd);
        if (is_measured) {
                g_autofree char *json = report_json(&run.report, options);
                puts(json);
        }
        if (!is_good)
                (void)fprintf(stderr, "bench_xmpp: %s: %s\n", options->work,
                              run.crowd.clients.failure);
        run_clear(&run);
        return is_good;
}

int
main(int argc, char **argv)
{
        Options options;
        g_autoptr(GError) error = NULL;

        if (!options_parse(&options, argc, argv, &error)) {
                (void)fprintf(stderr, "bench_xmpp: %s\n", error->message);
                options_clear(&options);
                return EXIT_USAGE;
        }
        raise_descriptors();
        bool is_good = run_work(&options);
        options_clear(&options);
        return is_good ? 0 : 1;
}
