/*
 * breached_passwords: refuse new passwords that are known to have been stolen elsewhere.
 *
 * Implements  what NIST SP 800-63B section 5.1.1.2 asks for, at the requests of XEP-0077 (2.4)
 * Hooks       iq/self/jabber:iq:register:query, iq/host/jabber:iq:register:query,
 *             stream/jabber:client:iq
 * Options     file, timeout
 *
 * An example of a module that lets a stanza wait while a worker thread does what takes long. Who
 * waits is told when that takes too long, and may go away meanwhile.
 */
#include "breached_passwords-private.h"

#include <errno.h>
#include <motet/error.h>
#include <motet/jid.h>
#include <motet/module.h>
#include <motet/router.h>
#include <motet/task.h>
#include <string.h>
#include <unistd.h>

#define NS_REGISTER "jabber:iq:register"
#define LOCK_PAUSE G_TIME_SPAN_SECOND

/* Search: data of a request that waits. */
typedef struct {
        MotetLater *later; /* whose data this is */
        char hash[HASH_DIGITS + 1];
} Search;

/* Job: one look into the list, on copies of all it needs. */
typedef struct {
        Search *search; /* for the core thread only */
        char *path;
        char hash[HASH_DIGITS + 1];
        ListAnswer answer;
        const char *problem; /* static */
} Job;

static void start_job(MotetModule *self, Search *search);

/* A hash of a weak password is as good as the password. */
static void
search_free(void *data)
{
        Search *search = data;

        explicit_bzero(search->hash, sizeof search->hash);
        g_free(search);
}

static void
job_free(void *data)
{
        Job *job = data;

        explicit_bzero(job->hash, sizeof job->hash);
        g_free(job->path);
        g_free(job);
}

/* On a worker thread. */
static void
look(void *data)
{
        Job *job = data;

        job->answer = list_search(job->path, job->hash, &job->problem);
}

/* Past its deadline, or when its client went, there is nobody to look for any more. */
static void
try_again(MotetModule *self, MotetTimer *timer, void *data)
{
        Search *search = data;

        (void)timer;
        if (motet_later_is_live(search->later))
                start_job(self, search);
        else
                motet_later_continue(search->later);
}

static void
on_looked(MotetModule *self, void *data)
{
        const Job *job = data;
        MotetLater *later = job->search->later;

        switch (job->answer) {
        case LIST_PRESENT:
                motet_later_error(later, MOTET_NOT_ACCEPTABLE, NULL,
                                  "this password was stolen elsewhere and is known to attackers: "
                                  "choose another");
                break;
        case LIST_LOCKED:
                motet_timer_add(self, NULL, LOCK_PAUSE, try_again, job->search);
                break;
        case LIST_UNREADABLE:
                /* People must be able to change their passwords whatever happens to the list. */
                motet_warn("passwords are not compared with %s: %s", job->path, job->problem);
                motet_later_continue(later);
                break;
        case LIST_ABSENT:
                motet_later_continue(later);
                break;
        }
}

static void
start_job(MotetModule *self, Search *search)
{
        Job *job = g_new0(Job, 1);

        job->search = search;
        job->path = g_strdup(motet_option_string(self, "file"));
        memcpy(job->hash, search->hash, sizeof job->hash);
        if (!motet_offload(self, look, on_looked, job, job_free))
                motet_later_error(search->later, MOTET_RESOURCE_CONSTRAINT, NULL,
                                  "too much is to be done, try again");
}

/* Returns: whether @password can be one at all; @hash_out: its SHA-1 */
static bool
hash_password(const char *password, char hash_out[HASH_DIGITS + 1])
{
        char *prepared = motet_jid_prepare_password(password);
        if (!prepared)
                return false;

        char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA1, prepared, -1);
        memcpy(hash_out, hash, HASH_DIGITS + 1);
        explicit_bzero(hash, strlen(hash));
        g_free(hash);
        explicit_bzero(prepared, strlen(prepared));
        g_free(prepared);
        return true;
}

/* Before the module that carries the request out: whatever this says of it is right. */
static MotetResult
examine(MotetModule *self, MotetStanzaEvent *ev)
{
        const MotetXml *query = motet_xml_child(ev->stanza, "query", NS_REGISTER);
        const char *password =
                motet_xml_text(query ? motet_xml_child(query, "password", NULL) : NULL);
        char hash[HASH_DIGITS + 1];

        if (g_strcmp0(motet_xml_attr(ev->stanza, "type"), "set") != 0 || *password == '\0' ||
            !hash_password(password, hash))
                return MOTET_CONTINUE;

        Search *search = g_new0(Search, 1);
        memcpy(search->hash, hash, sizeof search->hash);
        explicit_bzero(hash, sizeof hash);
        search->later = motet_later_new(self, ev, motet_option_int(self, "timeout"));
        motet_later_set_data(search->later, search, search_free);
        start_job(self, search);
        return MOTET_WAIT;
}

static bool
load(MotetModule *self, GError **error)
{
        const char *path = motet_option_string(self, "file");

        if (!path)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "the option \"file\" is not set: it names the list of hashes");
        else if (access(path, R_OK) != 0)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "%s: %s", path, g_strerror(errno));
        else
                return true;
        return false;
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/self/" NS_REGISTER ":query", examine, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("iq/host/" NS_REGISTER ":query", examine, MOTET_PRIO_EARLY),
        MOTET_ON_STANZA("stream/jabber:client:iq", examine, MOTET_PRIO_EARLY),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "file",
                .type = MOTET_OPTION_PATH,
                .help = "SHA-1 hashes of known passwords, in order.",
        },
        {
                .key = "timeout",
                .type = MOTET_OPTION_DURATION,
                .fallback = "10s",
                .min = G_TIME_SPAN_MILLISECOND,
                .max = G_TIME_SPAN_MINUTE,
                .help = "How long a request waits for the list before it is refused for the "
                        "moment.",
        },
        {0},
};

static const MotetRule rules[] = {
        {
                .text = "no password is chosen in band",
                .kind = MOTET_RULE_NEEDS,
                .module = "register",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "breached_passwords",
        .version = "1.0",
        .summary = "Refuse passwords that are known to have been stolen",
        .license = "MIT",
        .specs = MOTET_LIST("XEP-0077@2.4"),
        .options = options,
        .hooks = hooks,
        .load = load,
        .rules = rules,
};
