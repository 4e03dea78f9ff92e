/*
 * sim_server: the server of a world: its configuration, its disk, and what an operator does to it.
 */
#include "core/heap.h"
#include "sim/sim_client.h"
#include "support/modules/faults.h"
#include "support/modules/removal.h"

#include <stdio.h>
#include <string.h>

/* What runs always. */
static const char *const modules[] = {
        "bind",     "disco",  "iq",      "limits",    "message",        "offline",        "ping",
        "presence", "roster", "session", "open_auth", "storage_memory", "faulty_storage",
};
/* What may be switched off while users are there. */
static const char *const switchable[] = {
        "blocking", "caps", "last", "private", "time", "vcard", "version",
};
/* Whose code may be replaced while users are there. */
static const char *const replaceable[] = {
        "bind",    "blocking", "caps",     "disco",   "iq",     "last",    "limits", "message",
        "offline", "ping",     "presence", "private", "roster", "session", "vcard",  "version",
};

#define PATIENCE (10 * G_TIME_SPAN_SECOND)

/* Random numbers of the server: one world at a time. */
static SimRandom server_random;

static void
fill_random(void *buffer, size_t n)
{
        uint8_t *bytes = buffer;

        for (size_t i = 0; i < n; i++)
                bytes[i] = (uint8_t)sim_random_next(&server_random);
}

/* Memory. A sanitizer's allocator is not counted: it says itself what was not freed. */

#ifdef __SANITIZE_ADDRESS__
#define IS_COUNTED false
#else
#define IS_COUNTED true
#endif

static void
count_start(SimWorld *world)
{
        g_autoptr(GError) error = NULL;

        world->heap = 0;
        if (IS_COUNTED && !heap_count_start(&error))
                g_error("memory cannot be counted: %s", error->message);
}

static uint64_t
held(void)
{
        const HeapCount count = IS_COUNTED ? heap_count() : (HeapCount){0};

        return count.allocated - count.freed;
}

void
sim_enter(SimWorld *world)
{
        world->heap -= held();
}

void
sim_leave(SimWorld *world)
{
        world->heap += held();
}

/* Making */

static bool
is_off(const SimWorld *world, size_t i)
{
        return (world->off & (1u << i)) != 0;
}

bool
sim_is_on(const SimWorld *world, const char *module)
{
        for (size_t i = 0; i < G_N_ELEMENTS(switchable); i++) {
                if (strcmp(switchable[i], module) == 0)
                        return !is_off(world, i);
        }
        return true;
}

static Config *
make_config(const SimWorld *world, ConfigFindings *findings)
{
        g_autoptr(GString) yaml = g_string_new("hosts: {example.org: , example.net: }\n"
                                               "storage: {default: faulty}\n");

        if (world->plan.is_cramped)
                g_string_append(yaml,
                                "limits: {user: {send_queue: 32 KiB, stanza_bytes: 16 KiB}}\n");
        g_string_append_printf(yaml, "modules_dir: %s\nmodules:\n",
                               module_folder_path(world->folder));
        for (size_t i = 0; i < G_N_ELEMENTS(modules); i++)
                g_string_append_printf(yaml, "  %s: {options: {%s}}\n", modules[i],
                                       strcmp(modules[i], "ping") != 0 ? ""
                                       : world->has_options            ? "idle: 5m"
                                                                       : "idle: 90s");
        for (size_t i = 0; i < G_N_ELEMENTS(switchable); i++) {
                if (!is_off(world, i))
                        g_string_append_printf(yaml, "  %s:\n", switchable[i]);
        }
        return config_parse(yaml->str, -1, "/nonexistent", findings);
}

static void
print_findings(ConfigFindings *findings)
{
        for (guint i = 0; i < findings->list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings->list, i));
                fprintf(stderr, "%s\n", text);
        }
}

void
sim_server_start(SimWorld *world)
{
        g_autoptr(GError) error = NULL;
        ConfigFindings findings;

        server_random.state = ~world->plan.seed;
        config_findings_init(&findings);
        const ServerParams params = {
                .config = make_config(world, &findings), .driven = true, .random = fill_random};
        world->server = server_new(&params, &findings, &error);
        if (!world->server || !server_start(world->server, &error)) {
                print_findings(&findings);
                g_error("no server: %s", error ? error->message : "see above");
        }
        config_findings_clear(&findings);
        world->base = server_base(world->server);
        count_start(world);
}

void
sim_server_free(SimWorld *world)
{
        if (IS_COUNTED)
                heap_count_stop();
        server_free(world->server);
}

static void
read_all(SimWorld *world)
{
        for (unsigned i = 0; i < world->clients->len; i++)
                sim_client_read(world->clients->pdata[i]);
}

void
sim_settle(SimWorld *world)
{
        sim_enter(world);
        loop_settle(world->base->loop);
        sim_leave(world);
        read_all(world);
}

void
sim_advance(SimWorld *world, int64_t us)
{
        sim_note(world, "%" G_GINT64_FORMAT " ms pass", us / 1000);
        sim_enter(world);
        loop_advance(world->base->loop, us);
        sim_leave(world);
        read_all(world);
}

/* Changing */

static void
forget_blocks(const SimWorld *world)
{
        for (unsigned i = 0; i < world->clients->len; i++) {
                SimClient *client = world->clients->pdata[i];
                memset(client->blocks, 0, sizeof client->blocks);
        }
}

void
sim_reload(SimWorld *world, bool is_whole)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(ReloadPlan) plan = plan_new();
        ConfigFindings findings;

        world->has_options = !is_whole && !world->has_options;
        world->off = is_whole                   ? 0
                     : sim_below(world, 2) == 0 ? world->off
                                                : sim_below(world, 1u << G_N_ELEMENTS(switchable));
        world->changed = world->step;
        if (!sim_is_on(world, "blocking")) {
                world->was_unguarded = true;
                forget_blocks(world);
        }
        sim_note(world, "the configuration changes: %x", world->off);
        config_findings_init(&findings);
        sim_enter(world);
        bool is_done = server_reload_to(world->server, make_config(world, &findings), plan,
                                        &findings, &error);
        if (IS_COUNTED)
                heap_count_extend();
        sim_leave(world);
        if (!is_done) {
                print_findings(&findings);
                sim_fail(world, "the reload is refused: %s", error ? error->message : "see above");
        }
        config_findings_clear(&findings);
}

static void
replace(void *data, const GError *busy)
{
        SimWorld *world = data;
        const char *name = world->replacing;
        g_autoptr(GError) error = NULL;
        g_autoptr(ReloadPlan) plan = plan_new();

        world->replacing = NULL;
        sim_note(world, "the code of %s %s", name, busy ? "stays: it is busy" : "is replaced");
        if (busy || !sim_is_on(world, name))
                return;
        if (!module_folder_renew(world->folder, name, &error) ||
            !modules_replace(server_modules(world->server), server_config(world->server), name,
                             NULL, plan, &error))
                sim_fail(world, "%s is not replaced: %s", name, error->message);
        if (IS_COUNTED)
                heap_count_extend();
}

void
sim_replace(SimWorld *world)
{
        const char *name = replaceable[sim_below(world, G_N_ELEMENTS(replaceable))];

        if (world->replacing || !sim_is_on(world, name))
                return;
        sim_note(world, "new code for %s", name);
        world->replacing = name;
        sim_enter(world);
        modules_when_idle(server_modules(world->server), name, NULL, PATIENCE, replace, world);
        sim_leave(world);
}

/* The disk */

void
sim_set_disk(SimWorld *world, unsigned failures, int64_t delay)
{
        const FaultsPlan plan = {
                .seed = world->plan.seed + world->step, .failures = failures, .delay = delay};
        MotetModule *provider = NULL;
        const FaultsService *faults =
                motet_service(world->base->hosts->pdata[0], "faults", &provider);

        sim_note(world, "the disk fails %u, takes %" G_GINT64_FORMAT " ms", failures, delay / 1000);
        world->had_trouble |= failures > 0 || delay > 4 * G_TIME_SPAN_SECOND;
        faults->set_plan(provider, &plan);
}

void
sim_change_disk(SimWorld *world)
{
        unsigned failures = world->plan.failures;
        int64_t delay = sim_below(world, 3000) * G_TIME_SPAN_MILLISECOND;

        if (world->plan.is_slow && sim_below(world, 3) == 0)
                delay = sim_below(world, 120) * G_TIME_SPAN_SECOND;
        if (failures > 0 && sim_below(world, 3) == 0)
                failures = sim_below(world, 2) * 1000;
        sim_set_disk(world, failures, delay);
}

/* Accounts */

static const RemovalService *
removal_of(const SimWorld *world, unsigned account, MotetModule **provider_out)
{
        MotetHost *host = motet_host_find(world->base, sim_host(account));

        return motet_service(host, "removal", provider_out);
}

static char *
username_of(unsigned account)
{
        const char *jid = sim_account(account);

        return g_strndup(jid, strcspn(jid, "@"));
}

void
sim_remove(SimWorld *world, unsigned account)
{
        MotetModule *provider = NULL;
        const RemovalService *removal = removal_of(world, account, &provider);
        g_autofree char *username = username_of(account);

        if (world->is_removing[account])
                return;
        sim_note(world, "%s is removed", sim_account(account));
        for (unsigned i = 0; i < SIM_ACCOUNTS; i++)
                sim_note_contacts(world, NULL, account, i);
        world->is_removing[account] = true;
        world->was_cut[account] = true;
        for (SimThing thing = 0; thing < SIM_N_THINGS; thing++) {
                const SimWrite write = {.account = account, .thing = thing, .sent = world->step};
                g_array_append_val(world->writes, write);
        }
        sim_enter(world);
        removal->start(provider, username);
        sim_leave(world);
}

static void
note_removed(SimWorld *world, unsigned account)
{
        world->is_removing[account] = false;
        world->removed[account] = world->step;
        sim_note(world, "%s is gone", sim_account(account));
        for (unsigned i = 0; i < world->writes->len; i++) {
                SimWrite *write = &g_array_index(world->writes, SimWrite, i);
                if (write->account == account && write->value == 0)
                        write->answered = world->step;
        }
}

void
sim_watch_removals(SimWorld *world)
{
        for (unsigned i = 0; i < SIM_ACCOUNTS; i++) {
                MotetModule *provider = NULL;
                const RemovalService *removal = removal_of(world, i, &provider);
                g_autofree char *username = username_of(i);
                if (world->is_removing[i] && !removal->is_removing(provider, username))
                        note_removed(world, i);
        }
}

/* Remembering */

/* What tells the instance that sessions, accounts or hosts may hold data of it stays from the first
 * time on. */
unsigned
sim_n_owned(const MotetModule *instance)
{
        unsigned n = 0;

        for (const List *link = instance->owned.next; link != &instance->owned; link = link->next) {
                const Owned *owned = CONTAINER_OF(link, const Owned, link);
                n += owned != &instance->session_data && owned != &instance->account_data &&
                     owned != &instance->host_data;
        }
        return n;
}

static char *
name_of(const MotetModule *instance)
{
        return g_strdup_printf("%s/%s", instance->info->name,
                               instance->host ? instance->host->name : "");
}

unsigned
sim_n_owned_before(const SimWorld *world, const MotetModule *instance)
{
        g_autofree char *name = name_of(instance);

        return GPOINTER_TO_UINT(g_hash_table_lookup(world->n_owned, name));
}

static void
remember_instance(MotetModule *instance, void *data)
{
        const SimWorld *world = data;

        g_hash_table_insert(world->n_owned, name_of(instance),
                            GUINT_TO_POINTER(sim_n_owned(instance)));
}

void
sim_remember(SimWorld *world)
{
        world->n_timers = (unsigned)loop_n_timers(world->base->loop);
        world->heap_then = world->heap;
        modules_foreach(server_modules(world->server), remember_instance, world);
}
