/* options: see options.h. */
#include "options.h"

#include <arpa/inet.h>
#include <string.h>

#define SESSIONS_MAX 1000000
#define ACCOUNT_MAX 256

typedef struct {
        const char *work;
        int per_pair;  /* sessions that a pair takes; 0: the work has no pairs */
        bool is_fixed; /* the number of sessions follows from other options */
} Work;

static const Work works[] = {
        {"login", 0, false},    {"idle", 0, false},    {"message", 2, false}, {"rate", 2, false},
        {"pipeline", 2, false}, {"presence", 0, true}, {"iq", 1, false},      {"churn", 1, true},
        {"storm", 2, false},    {"arrive", 0, false},
};

static bool
refuse(GError **error, const char *what, const char *rule)
{
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s must be %s", what, rule);
        return false;
}

static bool
is_between(const char *name, double value, double min, double max, GError **error)
{
        if (value >= min && value <= max)
                return true;
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s must be from %g to %g",
                    name, min, max);
        return false;
}

/* What needs escaping neither in XML nor in SCRAM nor in a JID (RFC 7622 section 3.3). */
static bool
is_plain_name(const char *name)
{
        return name[0] != '\0' && strlen(name) < ACCOUNT_MAX &&
               strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(name);
}

static bool
is_pattern(const char *name, const char *pattern, GError **error)
{
        const char *mark = strstr(pattern, "%u");
        if (mark) {
                g_autofree char *sample = options_account(pattern, 0);
                if (is_plain_name(sample))
                        return true;
        }
        return refuse(error, name, "lower-case letters, digits, '.', '_', '-' and one %u");
}

static bool
check_words(Options *options, GError **error)
{
        static const char *const security[] = {"plain", "starttls", "direct", NULL};
        static const char *const mechanisms[] = {"SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN", NULL};
        struct in_addr address;

        if (!g_strv_contains(security, options->security_word))
                return refuse(error, "--security", "plain, starttls or direct");
        if (!g_strv_contains(mechanisms, options->mechanism))
                return refuse(error, "--mechanism", "SCRAM-SHA-1, SCRAM-SHA-256 or PLAIN");
        if (!g_str_equal(options->roster_word, "yes") && !g_str_equal(options->roster_word, "no"))
                return refuse(error, "--roster", "yes or no");
        if (inet_pton(AF_INET, options->address, &address) != 1)
                return refuse(error, "--address", "an IPv4 address");
        if (!is_plain_name(options->host))
                return refuse(error, "--host", "a domain in lower-case ASCII");
        if (!is_plain_name(options->hub))
                return refuse(error, "--hub", "an account name without the domain");

        options->roster = g_str_equal(options->roster_word, "yes");
        for (Security s = SECURITY_PLAIN; s <= SECURITY_DIRECT; s++) {
                if (g_str_equal(security[s], options->security_word))
                        options->security = s;
        }
        return is_pattern("--user", options->user, error) &&
               is_pattern("--fan", options->fan, error);
}

static bool
check_numbers(const Options *options, GError **error)
{
        bool is_storm = g_str_equal(options->work, "storm");

        return is_between("port", options->port, 1, 65535, error) &&
               is_between("storm-port", options->storm_port, is_storm ? 1 : 0, 65535, error) &&
               is_between("pid", options->server_pid, 0, G_MAXINT, error) &&
               is_between("sessions", options->sessions, 0, SESSIONS_MAX, error) &&
               is_between("per-account", options->per_account, 1, 1000, error) &&
               is_between("per-address", options->per_address, 1, 20000, error) &&
               is_between("logins-at-once", options->logins_at_once, 1, 10000, error) &&
               is_between("pairs", options->pairs, 1, SESSIONS_MAX / 2, error) &&
               is_between("rate", options->rate, 1, 1000000, error) &&
               is_between("depth", options->depth, 10, 1000, error) &&
               is_between("contacts", options->contacts, 1, 100000, error) &&
               is_between("storm", options->storm, 1, 1000, error) &&
               is_between("warmup", options->warmup, 0, 600, error) &&
               is_between("seconds", options->seconds, 0.1, 3600, error);
}

static bool
settle_sessions(Options *options, GError **error)
{
        const Work *work = NULL;
        for (unsigned i = 0; i < G_N_ELEMENTS(works); i++) {
                if (g_str_equal(works[i].work, options->work))
                        work = &works[i];
        }
        if (!work) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "no work is called '%s': there are login, idle, message, rate, "
                            "pipeline, presence, iq, churn, storm, arrive",
                            options->work);
                return false;
        }

        int needed = work->per_pair * options->pairs;
        if (work->is_fixed)
                options->sessions = needed > 0 ? needed : options->contacts + 1;
        else if (options->sessions == 0)
                options->sessions = needed > 0 ? needed : 100;
        if (options->sessions >= needed)
                return true;
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--sessions must be at least %d for %d pairs", needed, options->pairs);
        return false;
}

static void
set_default(char **option, const char *value)
{
        if (!*option)
                *option = g_strdup(value);
}

static GOptionContext *
context_new(Options *o)
{
        const GOptionEntry entries[] = {
                {"port", 0, 0, G_OPTION_ARG_INT, &o->port, "The server's port", "N"},
                {"host", 0, 0, G_OPTION_ARG_STRING, &o->host, "Its domain", "localhost"},
                {"address", 0, 0, G_OPTION_ARG_STRING, &o->address, "Its address", "127.0.0.1"},
                {"security", 0, 0, G_OPTION_ARG_STRING, &o->security_word,
                 "How the stream is secured", "plain|starttls|direct"},
                {"mechanism", 0, 0, G_OPTION_ARG_STRING, &o->mechanism, "How to log in",
                 "SCRAM-SHA-1|SCRAM-SHA-256|PLAIN"},
                {"password", 0, 0, G_OPTION_ARG_STRING, &o->password, "Of all accounts", "bench"},
                {"user", 0, 0, G_OPTION_ARG_STRING, &o->user, "Account names", "user%u"},
                {"sessions", 0, 0, G_OPTION_ARG_INT, &o->sessions,
                 "Sessions logged in (arrive: under way at most; presence, churn: it follows from "
                 "the "
                 "other options)",
                 "N"},
                {"per-account", 0, 0, G_OPTION_ARG_INT, &o->per_account, "Sessions an account",
                 "1"},
                {"per-address", 0, 0, G_OPTION_ARG_INT, &o->per_address,
                 "Connections from one address of 127/8", "20000"},
                {"logins-at-once", 0, 0, G_OPTION_ARG_INT, &o->logins_at_once,
                 "Logins under way at once", "64"},
                {"pid", 0, 0, G_OPTION_ARG_INT, &o->server_pid,
                 "The server's process, to measure its CPU time and memory", "PID"},
                {"warmup", 0, 0, G_OPTION_ARG_DOUBLE, &o->warmup, "Before measuring", "1"},
                {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &o->seconds, "Measured", "10"},
                {"pairs", 0, 0, G_OPTION_ARG_INT, &o->pairs,
                 "Pairs that chat (iq, churn: sessions that work)", "50"},
                {"rate", 0, 0, G_OPTION_ARG_INT, &o->rate,
                 "Messages, or newcomers, a second in all", "1000"},
                {"depth", 0, 0, G_OPTION_ARG_INT, &o->depth, "Messages in flight a flow", "32"},
                {"contacts", 0, 0, G_OPTION_ARG_INT, &o->contacts, "Contacts of the hub", "100"},
                {"hub", 0, 0, G_OPTION_ARG_STRING, &o->hub, "Whose presence is sent", "hub"},
                {"fan", 0, 0, G_OPTION_ARG_STRING, &o->fan, "Its contacts", "fan%u"},
                {"roster", 0, 0, G_OPTION_ARG_STRING, &o->roster_word, "Ask for it at login",
                 "yes|no"},
                {"storm", 0, 0, G_OPTION_ARG_INT, &o->storm, "TLS handshakes at once", "64"},
                {"storm-port", 0, 0, G_OPTION_ARG_INT, &o->storm_port,
                 "The server's port for direct TLS", "N"},
                {0},
        };
        GOptionContext *context = g_option_context_new("WORK");
        g_option_context_set_summary(
                context, "Puts load on an XMPP server and prints what it took, as JSON.\n"
                         "WORK: login, idle, message, rate, pipeline, presence, iq, churn, storm, "
                         "arrive");
        g_option_context_add_main_entries(context, entries, NULL);
        return context;
}

bool
options_parse(Options *options, int argc, char **argv, GError **error)
{
        *options = (Options){.per_account = 1,
                             .per_address = 20000,
                             .logins_at_once = 64,
                             .pairs = 50,
                             .rate = 1000,
                             .depth = 32,
                             .contacts = 100,
                             .storm = 64,
                             .warmup = 1,
                             .seconds = 10};
        g_autoptr(GOptionContext) context = context_new(options);
        if (!g_option_context_parse(context, &argc, &argv, error))
                return false;
        if (argc != 2)
                return refuse(error, "one work", "named, and nothing else");

        options->work = g_strdup(argv[1]);
        set_default(&options->host, "localhost");
        set_default(&options->address, "127.0.0.1");
        set_default(&options->security_word, "plain");
        set_default(&options->mechanism, "SCRAM-SHA-1");
        set_default(&options->password, "bench");
        set_default(&options->user, "user%u");
        set_default(&options->hub, "hub");
        set_default(&options->fan, "fan%u");
        set_default(&options->roster_word, "yes");
        return check_words(options, error) && check_numbers(options, error) &&
               settle_sessions(options, error);
}

void
options_clear(Options *options)
{
        char **words[] = {&options->work,       &options->host,     &options->address,
                          &options->mechanism,  &options->password, &options->user,
                          &options->fan,        &options->hub,      &options->security_word,
                          &options->roster_word};
        for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
                g_clear_pointer(words[i], g_free);
}

char *
options_account(const char *pattern, unsigned number)
{
        const char *mark = strstr(pattern, "%u");
        if (!mark)
                return g_strdup(pattern);
        return g_strdup_printf("%.*s%u%s", (int)(mark - pattern), pattern, number, mark + 2);
}
