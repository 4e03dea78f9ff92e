/*
 * sim_world: making a world, and the course of a run.
 */
#include "sim/sim_world.h"

#include <stdio.h>
#include <string.h>

#include "sim/sim_client.h"

enum { ORG_ACCOUNTS = 3 }; /* the first of them are on example.org */

static const char *const accounts[] = {
        "user0@example.org", "user1@example.org", "user2@example.org",
        "user3@example.net", "user4@example.net", SIM_FRIEND,
};

const char *
sim_account(unsigned account)
{
        return accounts[account];
}

const char *
sim_host(unsigned account)
{
        return strchr(accounts[account], '@') + 1;
}

unsigned
sim_account_of(const char *jid)
{
        for (unsigned i = 0; jid && i < SIM_ACCOUNTS; i++) {
                size_t n = strlen(accounts[i]);
                if (strncmp(jid, accounts[i], n) == 0 && (jid[n] == '\0' || jid[n] == '/'))
                        return i;
        }
        return SIM_REMOTE;
}

void
sim_note_contacts(SimWorld *world, const SimClient *client, unsigned one, unsigned other)
{
        const SimChange change = {.one = one,
                                  .other = other,
                                  .client = client,
                                  .end = client ? client->n_written : 0,
                                  .said = world->step};

        if (one != SIM_REMOTE && other != SIM_REMOTE && one != other)
                g_array_append_val(world->changes, change);
}

static bool
may_have_blocked(const SimBlock *block, uint64_t since)
{
        return block->is_possible || (block->was_attempted && block->ended >= since);
}

bool
sim_was_blocked(const SimWorld *world, unsigned one, unsigned other, uint64_t since)
{
        return may_have_blocked(&world->blocks[one][other], since) ||
               may_have_blocked(&world->blocks[other][one], since);
}

unsigned
sim_below(SimWorld *world, unsigned n)
{
        return sim_random_below(&world->random, n);
}

void
sim_fail(SimWorld *world, const char *format, ...)
{
        va_list args;

        if (world->failure)
                return;
        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        world->failure = g_strdup_printf("step %" G_GUINT64_FORMAT ": %s", world->step, text);
        if (world->plan.verbose)
                fprintf(stderr, "%6" G_GUINT64_FORMAT " FAILED: %s\n", world->step, text);
}

void
sim_note(SimWorld *world, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        /* FNV-1a */
        for (const char *c = text; *c; c++)
                world->digest = (world->digest ^ (uint8_t)*c) * 0x100000001b3u;
        if (world->plan.verbose)
                fprintf(stderr, "%6" G_GUINT64_FORMAT " %s\n", world->step, text);
}

static SimWorld *
world_new(const SimPlan *plan, ModuleFolder *folder)
{
        SimWorld *world = g_new0(SimWorld, 1);

        world->plan = *plan;
        world->folder = folder;
        world->random.state = plan->seed;
        world->digest = 0xcbf29ce484222325u;
        world->pool = xml_pool_new(4, 4);
        world->clients = g_ptr_array_new_with_free_func(sim_client_free);
        world->strangers = g_ptr_array_new_with_free_func(sim_stranger_free);
        world->messages = g_array_new(FALSE, FALSE, sizeof(SimMessage));
        world->writes = g_array_new(FALSE, FALSE, sizeof(SimWrite));
        world->changes = g_array_new(FALSE, FALSE, sizeof(SimChange));
        world->n_owned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        sim_server_start(world);
        return world;
}

static void
world_free(SimWorld *world)
{
        /* What the server says while it goes still has somewhere to go. */
        g_ptr_array_foreach(world->clients, sim_client_release, NULL);
        g_ptr_array_foreach(world->strangers, sim_stranger_release, NULL);
        sim_server_free(world);
        g_ptr_array_unref(world->clients);
        g_ptr_array_unref(world->strangers);
        xml_pool_free(world->pool);
        g_array_unref(world->messages);
        g_array_unref(world->writes);
        g_array_unref(world->changes);
        g_hash_table_unref(world->n_owned);
        g_free(world->failure);
        g_free(world);
}

/* The course of a run */

/* Until it has a resource. */
static SimClient *
enter(SimWorld *world, unsigned account)
{
        SimClient *client = sim_client_new(world, account);

        for (unsigned i = 0; client && client->phase != SIM_BOUND && i < 20; i++) {
                sim_client_deliver(client, SIZE_MAX);
                sim_advance(world, 100 * G_TIME_SPAN_MILLISECOND);
        }
        if (!client || client->phase != SIM_BOUND) {
                sim_fail(world, "%s cannot log in", sim_account(account));
                return NULL;
        }
        unsigned id = sim_client_request(client, SIM_REQUEST_READ, SIM_ROSTER_NAME, 0);
        sim_client_write(client,
                         "<iq type='get' id='r%u'><query xmlns='jabber:iq:roster'/></iq>"
                         "<presence/>",
                         id);
        sim_client_requested(client, id);
        sim_client_deliver(client, SIZE_MAX);
        sim_advance(world, G_TIME_SPAN_SECOND);
        return client;
}

static void
tell(SimClient *client, const char *type, unsigned account)
{
        sim_client_write(client, "<presence type='%s' to='%s'/>", type, sim_account(account));
        sim_client_deliver(client, SIZE_MAX);
        sim_advance(client->world, G_TIME_SPAN_MILLISECOND);
}

/* Everybody becomes everybody's contact, and goes. */
static void
befriend(SimWorld *world)
{
        SimClient *clients[SIM_ACCOUNTS];

        for (unsigned i = 0; i < SIM_ACCOUNTS; i++) {
                clients[i] = enter(world, i);
                if (!clients[i])
                        return;
        }
        for (unsigned i = 0; i < SIM_ACCOUNTS; i++) {
                for (unsigned k = 0; k < SIM_ACCOUNTS; k++) {
                        if (i == k)
                                continue;
                        tell(clients[i], "subscribe", k);
                        tell(clients[k], "subscribed", i);
                }
        }
        for (unsigned i = 0; i < SIM_ACCOUNTS; i++) {
                sim_client_leave(clients[i]);
                sim_client_deliver(clients[i], SIZE_MAX);
        }
        sim_advance(world, G_TIME_SPAN_MINUTE);
}

/* Until all that was said is answered; longer than any deadline. */
static void
quiesce(SimWorld *world)
{
        for (unsigned round = 0; round < 15; round++) {
                for (unsigned i = 0; i < world->clients->len; i++) {
                        SimClient *client = world->clients->pdata[i];
                        if (!sim_client_is_open(client))
                                continue;
                        sim_client_set_window(client, SIZE_MAX);
                        sim_client_deliver(client, SIZE_MAX);
                }
                sim_settle(world);
                sim_advance(world, 10 * G_TIME_SPAN_SECOND);
                sim_watch_removals(world);
        }
}

static void
live(SimWorld *world)
{
        unsigned n_steps = world->plan.n_steps;

        while (n_steps-- > 0 && !world->failure) {
                world->step++;
                sim_act(world);
                sim_settle(world);
                sim_watch_removals(world);
                sim_check_server(world);
        }
        world->step++;
}

static void
leave_all(SimWorld *world)
{
        for (unsigned i = 0; i < world->clients->len; i++) {
                SimClient *client = world->clients->pdata[i];
                if (!sim_client_is_open(client))
                        continue;
                if (!client->is_leaving && !client->is_broken)
                        sim_client_leave(client);
                sim_client_deliver(client, SIZE_MAX);
        }
        sim_settle(world);
        sim_advance(world, G_TIME_SPAN_MINUTE);
        for (unsigned i = 0; i < SIM_ACCOUNTS; i++)
                sim_remove(world, i);
        for (unsigned i = 0; i < 4; i++)
                sim_advance(world, 15 * G_TIME_SPAN_MINUTE);
}

/* The server stops in the middle of it all. */
static void
stop(SimWorld *world)
{
        sim_note(world, "the server stops");
        sim_enter(world);
        server_stop(world->server);
        sim_leave(world);
        for (unsigned i = 0; i < 10; i++)
                sim_advance(world, 700 * G_TIME_SPAN_MILLISECOND);
        sim_check_stopped(world);
}

static void
finish(SimWorld *world)
{
        sim_set_disk(world, 0, 0);
        sim_reload(world, true);
        quiesce(world);
        sim_check_server(world);
        sim_check_replies(world);
        world->step++;
        for (unsigned i = 0; i < SIM_ACCOUNTS; i++)
                enter(world, i);
        quiesce(world);
        sim_check_messages(world);
        if (!world->had_trouble)
                sim_check_contacts(world);
        world->step++;
        leave_all(world);
        sim_check_end(world);
}

char *
sim_run(const SimPlan *plan, ModuleFolder *folder, uint64_t *digest_out)
{
        SimWorld *world = world_new(plan, folder);

        sim_settle(world);
        sim_remember(world);
        befriend(world);
        sim_set_disk(world, plan->failures, sim_below(world, 3000) * G_TIME_SPAN_MILLISECOND);
        live(world);
        if (world->failure)
                ;
        else if (plan->is_stopping)
                stop(world);
        else
                finish(world);

        char *failure = g_steal_pointer(&world->failure);
        *digest_out = world->digest;
        world_free(world);
        return failure;
}
