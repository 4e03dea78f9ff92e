/*
 * bench_dataset: fill a store with the accounts and rosters that servers are compared with.
 *
 * The account user0 is there already, made by motetctl: its document is that of every other account
 * too, so that all have one salt and a load generator derives its keys once. user0 to userN-1 are
 * in groups of GROUP, each a contact of all others of its group; the hub is a contact of
 * every fan, and every fan of the hub. All subscriptions are `both`.
 *
 * What is written is what the modules auth_internal and roster write, through the public store.
 */
#include <motet/service-store.h>
#include <stdio.h>
#include <string.h>

#include "core/server.h"

#define HOST "localhost"
#define GROUP 11u
#define N_WRITERS 64u /* accounts being written at a time */
#define NAME_SIZE 32

#define ITEM "<item subscription='both' listed='1'/>"
#define VERSION_KEY "@"

typedef struct {
        Server *core;
        MotetModule owner;
        MotetStore *accounts, *rosters;
        GBytes *account; /* (own) the document of all accounts */
        GBytes *item;    /* (own) the document of all contacts */
        unsigned n_users, n_fans;
        unsigned next;     /* of users, then the hub, then the fans */
        unsigned n_active; /* writes that wait for an answer */
        bool failed;
} Dataset;

static const MotetModuleInfo owner_info = {
        .abi = MOTET_ABI,
        .name = "bench",
        .summary = "Own the stores",
};

/* The server */

static bool
open_server(Dataset *dataset, const char *modules, const char *folder)
{
        g_autofree char *yaml = g_strdup_printf("hosts: {" HOST ": }\n"
                                                "modules_dir: %s\n"
                                                "data_dir: %s\n"
                                                "storage: {default: sqlite}\n"
                                                "modules: {storage_sqlite: }\n",
                                                modules, folder);
        g_autoptr(GError) error = NULL;
        ConfigFindings findings;

        config_findings_init(&findings);
        const ServerParams params = {.config = config_parse(yaml, -1, folder, &findings)};
        dataset->core = server_new(&params, &findings, &error);
        for (guint i = 0; !dataset->core && i < findings.list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings.list, i));
                (void)fprintf(stderr, "%s\n", text);
        }
        config_findings_clear(&findings);
        if (!dataset->core && error)
                (void)fprintf(stderr, "%s\n", error->message);
        return dataset->core != NULL;
}

static bool
open_stores(Dataset *dataset)
{
        MotetModule *owner = &dataset->owner;
        MotetServer *server = server_base(dataset->core);
        g_autoptr(GError) error = NULL;

        *owner = (MotetModule){.info = &owner_info, .server = server, .order = G_MAXUINT};
        owner->host = g_ptr_array_index(server->hosts, 0);
        instance_init(owner);
        owner->running = true;
        host_add_instance(owner->host, owner);
        dataset->accounts = motet_store_open(owner, "accounts", MOTET_STORE_KEYVAL, &error);
        if (dataset->accounts)
                dataset->rosters = motet_store_open(owner, "roster", MOTET_STORE_MAP, &error);
        if (error)
                (void)fprintf(stderr, "%s\n", error->message);
        return !error;
}

static void
close_server(Dataset *dataset)
{
        MotetModule *owner = &dataset->owner;

        if (owner->host) {
                owner->running = false;
                instance_drop_all(owner);
                host_remove_instance(owner->host, owner);
                instance_clear(owner);
        }
        if (dataset->core)
                server_free(dataset->core);
}

static void
run_until_idle(Dataset *dataset)
{
        while (dataset->n_active > 0)
                loop_turn(server_base(dataset->core)->loop, true);
}

static bool
note_failure(Dataset *dataset, const GError *error)
{
        if (!error)
                return false;
        (void)fprintf(stderr, "%s\n", error->message);
        dataset->failed = true;
        return true;
}

/* Who is whose contact */

/* Returns: false when there is no account of that number. */
static bool
account_name(const Dataset *dataset, unsigned number, char name_out[NAME_SIZE])
{
        if (number < dataset->n_users)
                (void)snprintf(name_out, NAME_SIZE, "user%u", number);
        else if (number == dataset->n_users)
                (void)snprintf(name_out, NAME_SIZE, "hub");
        else if (number - dataset->n_users <= dataset->n_fans)
                (void)snprintf(name_out, NAME_SIZE, "fan%u", number - dataset->n_users - 1);
        else
                return false;
        return true;
}

/* Adds numbers @first to @last but @self. */
static void
add_contacts(GArray *contacts, unsigned first, unsigned last, unsigned self)
{
        for (unsigned i = first; i <= last; i++)
                if (i != self)
                        g_array_append_val(contacts, i);
}

/* Returns: (own) numbers of the contacts of account @number */
static GArray *
contacts_of(const Dataset *dataset, unsigned number)
{
        GArray *contacts = g_array_new(FALSE, FALSE, sizeof(unsigned));
        unsigned hub = dataset->n_users;

        if (number < hub) {
                unsigned first = number / GROUP * GROUP;
                add_contacts(contacts, first, MIN(first + GROUP, hub) - 1, number);
        } else if (number == hub) {
                add_contacts(contacts, hub + 1, hub + dataset->n_fans, number);
        } else {
                add_contacts(contacts, hub, hub, number);
        }
        return contacts;
}

/* Writing */

static void write_next(Dataset *dataset);

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        Dataset *dataset = data;

        (void)self;
        dataset->n_active--;
        if (!note_failure(dataset, error))
                write_next(dataset);
}

static void
on_half_written(MotetModule *self, const GError *error, void *data)
{
        Dataset *dataset = data;

        (void)self;
        dataset->n_active--;
        note_failure(dataset, error);
}

static void
write_roster(Dataset *dataset, const char *name, const GArray *contacts)
{
        g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GArray) changes = g_array_new(FALSE, TRUE, sizeof(MotetStoreChange));
        g_autoptr(GBytes) version = g_bytes_new_static("1", 1);

        for (guint i = 0; i < contacts->len; i++) {
                char contact[NAME_SIZE];
                if (!account_name(dataset, g_array_index(contacts, unsigned, i), contact))
                        continue;
                g_ptr_array_add(keys, g_strconcat(contact, "@" HOST, NULL));
                MotetStoreChange change = {.key = keys->pdata[i], .value = dataset->item};
                g_array_append_val(changes, change);
        }
        MotetStoreChange change = {.key = VERSION_KEY, .value = version};
        g_array_append_val(changes, change);

        dataset->n_active++;
        motet_store_write(dataset->rosters, name, (const MotetStoreChange *)(void *)changes->data,
                          changes->len, 0, on_written, dataset);
}

static void
write_next(Dataset *dataset)
{
        char name[NAME_SIZE];
        unsigned number = dataset->next;

        if (dataset->failed || !account_name(dataset, number, name))
                return;
        dataset->next++;
        dataset->n_active++;
        motet_store_set(dataset->accounts, name, "", dataset->account, on_half_written, dataset);

        g_autoptr(GArray) contacts = contacts_of(dataset, number);
        write_roster(dataset, name, contacts);
}

static void
on_account(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Dataset *dataset = data;

        (void)self;
        dataset->n_active--;
        if (!note_failure(dataset, error) && value)
                dataset->account = g_bytes_ref(value);
}

static bool
fill(Dataset *dataset)
{
        dataset->n_active++;
        motet_store_read(dataset->accounts, "user0", "", on_account, dataset);
        run_until_idle(dataset);
        if (!dataset->account) {
                (void)fprintf(stderr, "there is no account user0@" HOST "\n");
                return false;
        }
        for (unsigned i = 0; i < N_WRITERS; i++)
                write_next(dataset);
        run_until_idle(dataset);
        return !dataset->failed;
}

static bool
parse_count(const char *text, unsigned *n_out)
{
        guint64 n;

        if (!g_ascii_string_to_unsigned(text, 10, 0, 10000000, &n, NULL))
                return false;
        *n_out = (unsigned)n;
        return true;
}

int
main(int argc, char **argv)
{
        Dataset dataset = {0};

        if (argc != 5 || !parse_count(argv[3], &dataset.n_users) ||
            !parse_count(argv[4], &dataset.n_fans)) {
                (void)fprintf(stderr, "usage: bench_dataset MODULES_DIR DATA_DIR USERS FANS\n");
                return 64;
        }

        g_autofree char *modules = g_canonicalize_filename(argv[1], NULL);
        g_autofree char *folder = g_canonicalize_filename(argv[2], NULL);
        dataset.item = g_bytes_new_static(ITEM, strlen(ITEM));
        bool ok = open_server(&dataset, modules, folder) && open_stores(&dataset) && fill(&dataset);
        close_server(&dataset);
        g_clear_pointer(&dataset.account, g_bytes_unref);
        g_bytes_unref(dataset.item);
        return ok ? 0 : 1;
}
