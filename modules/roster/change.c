/*
 * change: the queue of an account: reads and changes of its contacts, one after the other.
 *
 * A change is decided on the state as all changes before it left it, written, and only then
 * applied, told to the clients and reported. Source: RFC 6121 sections 2.3 to 2.6 and 3.
 */
#include "roster-private.h"

#include <motet/task.h>

/* Peers queue changes of accounts that are not theirs: beyond this many they are refused. */
#define TASKS_MAX 1000

struct Task {
        Account *account;    /* (own) */
        MotetModule *caller; /* NULL once forgotten */
        MotetErrand *errand; /* (own) */
        char *contact;       /* NULL for a read */
        void *data;
        GDestroyNotify free_data;

        MotetRosterFunc read;

        const MotetRosterChange *change;

        bool is_set;
        bool remove;
        char *name;
        char **groups;
        RosterSetDone set_done;

        /* being written */
        unsigned before, after;
        MotetRosterItem *item; /* (own) NULL: deleted */
        MotetXml *request;     /* (own) */
        char *version;         /* (own) the roster's version afterwards; NULL: as it was */
        bool is_visible;       /* the clients are told */
};

static void
task_free(Task *task)
{
        if (task->free_data)
                task->free_data(task->data);
        motet_errand_free(task->errand);
        account_unref(task->account);
        g_free(task->contact);
        g_free(task->name);
        g_strfreev(task->groups);
        g_free(task->item);
        motet_xml_unref(task->request);
        g_free(task->version);
        g_free(task);
}

/* The client sees neither what is not listed nor that somebody asked (RFC 6121 A.2). */
static unsigned
visible(unsigned state)
{
        return state & MOTET_ROSTER_LISTED ? state & ~MOTET_ROSTER_PENDING_IN : 0;
}

static void
report(Task *task, MotetRosterStatus status)
{
        unsigned after = status == MOTET_ROSTER_OK ? task->after : task->before;

        if (task->is_set)
                task->set_done(task->caller, status, task->before, task->data);
        else if (task->change && task->change->done)
                task->change->done(task->caller, status, task->before, after, task->data);
}

static void
settle(Task *task, MotetRosterStatus status)
{
        if (!task->caller)
                return;
        if (task->contact)
                report(task, status);
        else
                task->read(task->caller, status,
                           status == MOTET_ROSTER_OK ? &task->account->roster : NULL, task->data);
}

/* The head of the queue has been told everything: the next may run. */
static void
leave(Task *task)
{
        Account *account = task->account;

        g_queue_pop_head(&account->tasks);
        account->is_running = false;
        task_free(task);
}

static void
finish(Task *task, MotetRosterStatus status)
{
        settle(task, status);
        leave(task);
}

static void
fire_changed(Task *task)
{
        MotetModule *self = task->account->rosters->self;
        MotetRosterChanged changed = {
                .account = task->account->name,
                .contact = task->contact,
                .before = task->before,
                .after = task->after,
                .removed = task->remove,
        };

        motet_fire_custom(self, motet_module_host(self), MOTET_EVENT_ROSTER_CHANGED, &changed);
}

/* RFC 6121 3.1.5, 3.1.6 and their like: whoever asked acts first, then the clients are told, then
 * the rest follows. */
static void
conclude(Task *task)
{
        Account *account = task->account;
        bool push = account->rosters && task->is_visible;

        if (!task->is_set)
                settle(task, MOTET_ROSTER_OK);
        if (push)
                roster_push(account, task->contact,
                            task->after & MOTET_ROSTER_LISTED ? account_find(account, task->contact)
                                                              : NULL);
        if (task->is_set)
                settle(task, MOTET_ROSTER_OK);
        else if (task->caller && task->change->pushed)
                task->change->pushed(task->caller, task->before, task->after, task->data);
        leave(task);
}

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        Task *task = data;
        g_autoptr(Account) account = account_ref(task->account);

        (void)self;
        if (error) {
                motet_debug("%s: writing the roster item of %s failed: %s", account->name,
                            task->contact, error->message);
                finish(task, MOTET_ROSTER_FAILED);
        } else {
                account_replace(account, task->contact, g_steal_pointer(&task->item), task->request,
                                g_steal_pointer(&task->version));
                if (account->rosters)
                        fire_changed(task);
                conclude(task);
        }
        account_advance(account);
}

static void
write_item(Task *task)
{
        Account *account = task->account;
        g_autoptr(GBytes) document = task->item ? item_document(task->item, task->request) : NULL;
        g_autoptr(GBytes) version = NULL;
        MotetStoreChange changes[2] = {{.key = task->contact, .value = document}};
        size_t n = 1;

        task->is_visible = task->is_set || visible(task->before) != visible(task->after);
        if (task->is_visible) {
                task->version = motet_random_id(account->rosters->self, ROSTER_VERSION_BYTES);
                version = g_bytes_new(task->version, strlen(task->version));
                changes[n++] = (MotetStoreChange){.key = ROSTER_VERSION_KEY, .value = version};
        }
        motet_store_write(account->rosters->store, account->name, changes, n, 0, on_written, task);
}

/* RFC 6121 3.1.3: a request is kept whole, so one that is too long is not kept at all. */
static bool
is_request_short(const MotetModule *self, const MotetXml *request)
{
        g_autofree char *text = motet_xml_string(request, NULL);

        return strlen(text) <= (size_t)motet_option_int(self, "max_request_bytes");
}

/* Makes the item that is to be written. Returns: whether it is within the limits */
static bool
prepare(Task *task, const MotetRosterItem *old, const MotetXml *request)
{
        Account *account = task->account;
        const MotetXml *kept = account_request(account, task->contact);

        if (task->after == 0)
                return true;

        if (task->after & MOTET_ROSTER_PENDING_IN) {
                const MotetXml *keep = kept ? kept : request;
                g_return_val_if_fail(keep, false);
                if (!kept && !is_request_short(account->rosters->self, keep))
                        return false;
                task->request = kept ? motet_xml_ref(kept) : motet_xml_copy(keep);
        }
        if (task->is_set && !task->remove)
                task->item =
                        item_new(task->contact, task->after, task->name,
                                 (const char *const *)task->groups, g_strv_length(task->groups));
        else
                task->item = item_with_state(task->remove ? NULL : old, task->contact, task->after);
        return account_has_room(account, old, task->item);
}

/* Returns: the state the client's wish leads to; a removal keeps what somebody else asked (RFC
 * 6121 2.5, 3.1.3) */
static unsigned
decide_set(const Task *task)
{
        return task->remove ? task->before & MOTET_ROSTER_PENDING_IN
                            : task->before | MOTET_ROSTER_LISTED;
}

/* A contact with a subscription is listed; one that is neither listed nor asks is none (RFC
 * 6121 3.1.2, 3.1.3, 3.4.2). */
static unsigned
normalise(unsigned state)
{
        if (state & ~(MOTET_ROSTER_PENDING_IN | MOTET_ROSTER_LISTED))
                state |= MOTET_ROSTER_LISTED;
        return state;
}

static void
run_change(Task *task)
{
        const MotetRosterItem *old = account_find(task->account, task->contact);
        const MotetXml *request = NULL;

        task->before = old ? old->state : 0;
        task->after = task->is_set ? decide_set(task)
                                   : normalise(task->change->decide(task->caller, task->before,
                                                                    &request, task->data));

        if (task->remove && !(task->before & MOTET_ROSTER_LISTED)) {
                task->before = 0;
                finish(task, MOTET_ROSTER_OK);
        } else if (task->after == task->before && !task->is_set) {
                conclude(task);
        } else if (!prepare(task, old, request)) {
                finish(task, MOTET_ROSTER_FULL);
        } else {
                write_item(task);
        }
}

static void
run(Task *task)
{
        if (!task->account->rosters)
                finish(task, MOTET_ROSTER_NO_ACCOUNT);
        else if (!task->contact)
                finish(task, MOTET_ROSTER_OK);
        else if (task->account->is_going)
                finish(task, MOTET_ROSTER_NO_ACCOUNT);
        else
                run_change(task);
}

/* Runs what is queued until something has to be waited for. */
void
account_advance(Account *account)
{
        while (!account->is_running && !g_queue_is_empty(&account->tasks)) {
                if (!account->is_loaded && account->rosters) {
                        if (!account->is_loading)
                                account_load(account);
                        return;
                }
                account->is_running = true;
                run(g_queue_peek_head(&account->tasks));
        }
}

static void
fail_tasks(Account *account, MotetRosterStatus status)
{
        for (guint n = account->tasks.length; n > 0; n--) {
                account->is_running = true;
                finish(g_queue_peek_head(&account->tasks), status);
        }
}

void
account_loaded(Account *account, MotetRosterStatus status)
{
        g_autoptr(Account) kept = account_ref(account);

        kept->is_loading = false;
        account_unref(account);
        kept->is_loaded = status == MOTET_ROSTER_OK;
        if (status != MOTET_ROSTER_OK)
                fail_tasks(kept, status);
        account_advance(kept);
}

static void
enqueue(Task *task)
{
        g_autoptr(Account) account = account_ref(task->account);

        /* What the account's own sessions wait for is bounded by their number. */
        if (account->tasks.length >= TASKS_MAX && !task->is_set &&
            task->caller != account->rosters->self) {
                settle(task, MOTET_ROSTER_BUSY);
                task_free(task);
                return;
        }
        g_queue_push_tail(&account->tasks, task);
        account_advance(account);
}

static Task *
task_new(Rosters *rosters, MotetModule *caller, const char *account, void *data,
         GDestroyNotify free_data)
{
        Task *task = g_new0(Task, 1);

        task->account = account_take(rosters, account);
        task->caller = caller;
        task->errand = motet_errand_new(caller, rosters->self);
        task->data = data;
        task->free_data = free_data;
        return task;
}

void
roster_set(Rosters *rosters, const char *account, const char *contact, const RosterSet *set,
           RosterSetDone done, void *data, GDestroyNotify free_data)
{
        Task *task = task_new(rosters, rosters->self, account, data, free_data);
        GStrvBuilder *groups = g_strv_builder_new();

        for (unsigned i = 0; i < set->n_groups; i++)
                g_strv_builder_add(groups, set->groups[i]);
        task->groups = g_strv_builder_end(groups);
        g_strv_builder_unref(groups);
        task->contact = g_strdup(contact);
        task->is_set = true;
        task->remove = set->remove;
        task->name = g_strdup(set->name);
        task->set_done = done;
        enqueue(task);
}

static void
read_roster(Rosters *rosters, MotetModule *caller, const char *account, MotetRosterFunc func,
            void *data, GDestroyNotify free_data)
{
        Task *task = task_new(rosters, caller, account, data, free_data);

        task->read = func;
        enqueue(task);
}

void
roster_read(Rosters *rosters, const char *account, MotetRosterFunc func, void *data,
            GDestroyNotify free_data)
{
        g_autoptr(Account) taken = account_take(rosters, account);

        taken->exists = true;
        read_roster(rosters, rosters->self, account, func, data, free_data);
}

static void
service_change(MotetModule *provider, MotetModule *caller, const char *account, const char *contact,
               const MotetRosterChange *change, void *data)
{
        Task *task =
                task_new(motet_module_data(provider), caller, account, data, change->free_data);

        task->contact = g_strdup(contact);
        task->change = change;
        enqueue(task);
}

static void
service_read(MotetModule *provider, MotetModule *caller, const char *account, MotetRosterFunc func,
             void *data, GDestroyNotify free_data)
{
        read_roster(motet_module_data(provider), caller, account, func, data, free_data);
}

void
account_drop_tasks(Account *account)
{
        Task *task = NULL;

        while ((task = g_queue_pop_head(&account->tasks)))
                task_free(task);
}

static Account *
lookup(MotetModule *provider, const char *account)
{
        Rosters *rosters = motet_module_data(provider);

        return g_hash_table_lookup(rosters->accounts, account);
}

static const MotetRoster *
service_cached(MotetModule *provider, const char *name)
{
        const Account *account = lookup(provider, name);

        return account && account->is_loaded ? &account->roster : NULL;
}

static bool
service_is_busy(MotetModule *provider, const char *name)
{
        Account *account = lookup(provider, name);

        return account && !g_queue_is_empty(&account->tasks);
}

static const MotetXml *
service_request(MotetModule *provider, const char *name, const char *contact)
{
        const Account *account = lookup(provider, name);

        return account ? account_request(account, contact) : NULL;
}

/* What is being written stays the head of the queue; the rest of @caller's tasks goes. */
static void
forget_in(Account *account, const MotetModule *caller)
{
        g_autoptr(Account) kept = account_ref(account);
        GList *next = NULL;

        for (GList *link = kept->tasks.head; link; link = next) {
                Task *task = link->data;
                next = link->next;
                if (task->caller != caller)
                        continue;

                if (link == kept->tasks.head && kept->is_running) {
                        if (task->free_data)
                                task->free_data(task->data);
                        task->free_data = NULL;
                        task->caller = NULL;
                        continue;
                }
                g_queue_delete_link(&kept->tasks, link);
                task_free(task);
        }
}

static void
service_forget(MotetModule *provider, MotetModule *caller)
{
        Rosters *rosters = motet_module_data(provider);
        g_autoptr(GList) accounts = g_hash_table_get_values(rosters->accounts);

        /* Only the last task of an account frees it, and nothing of another one. */
        for (GList *link = accounts; link; link = link->next)
                forget_in(link->data, caller);
}

const MotetRosterService roster_service = {
        .change = service_change,
        .read = service_read,
        .cached = service_cached,
        .is_busy = service_is_busy,
        .request = service_request,
        .forget = service_forget,
};
