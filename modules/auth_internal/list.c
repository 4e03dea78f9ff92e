/*
 * list: the accounts of the host, read one after the other, so that there may be many.
 */
#include "auth_internal-private.h"

#include <motet/command.h>

/* Listing: a command that is being answered. */
typedef struct {
        MotetModule *self;
        MotetCommand *command;
        GList link; /* in Auth.listings */
        GPtrArray *names;
        guint next;
        bool only_roles; /* those with another role than member */
} Listing;

static void
listing_free(Listing *listing)
{
        g_ptr_array_unref(listing->names);
        g_free(listing);
}

/* @error (take) is NULL on success. */
static void
finish(Listing *listing, GError *error)
{
        Auth *auth = motet_module_data(listing->self);

        g_queue_unlink(&auth->listings, &listing->link);
        motet_command_finish(listing->command, error);
        listing_free(listing);
}

/* What is ordinary is not said: neither that an account is a member, nor that it is enabled. */
static void
print_account(Listing *listing, const char *name, GBytes *document)
{
        const char *domain = motet_host_name(motet_module_host(listing->self));
        g_auto(Account) account = {0};

        if (!account_parse(document, &account, NULL)) {
                motet_command_print(listing->command, "%s@%s damaged", name, domain);
                return;
        }
        bool is_ordinary = account.role == MOTET_ROLE_MEMBER;
        if (listing->only_roles && is_ordinary)
                return;
        motet_command_print(listing->command, "%s@%s%s%s%s", name, domain, is_ordinary ? "" : " ",
                            is_ordinary ? "" : account_role_name(account.role),
                            account.disabled ? " disabled" : "");
}

static void read_next(Listing *listing);

static void
on_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Listing *listing = data;

        (void)self;
        if (error) {
                finish(listing, g_error_copy(error));
                return;
        }
        /* It may have been deleted since. */
        if (value)
                print_account(listing, listing->names->pdata[listing->next], value);
        listing->next++;
        read_next(listing);
}

static void
read_next(Listing *listing)
{
        const Auth *auth = motet_module_data(listing->self);

        if (listing->next < listing->names->len)
                motet_store_read(auth->store, listing->names->pdata[listing->next], "", on_read,
                                 listing);
        else
                finish(listing, NULL);
}

static void
on_names(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n, void *data)
{
        Listing *listing = data;

        (void)self;
        if (error) {
                finish(listing, g_error_copy(error));
                return;
        }
        /* "" is the host itself. */
        for (size_t i = 0; i < n; i++) {
                if (items[i].account[0] != '\0')
                        g_ptr_array_add(listing->names, g_strdup(items[i].account));
        }
        read_next(listing);
}

static void
start(MotetModule *self, MotetCommand *command, bool only_roles)
{
        Auth *auth = motet_module_data(self);
        Listing *listing = g_new0(Listing, 1);

        listing->self = self;
        listing->command = command;
        listing->only_roles = only_roles;
        listing->names = g_ptr_array_new_with_free_func(g_free);
        listing->link.data = listing;
        g_queue_push_tail_link(&auth->listings, &listing->link);
        motet_store_accounts(auth->store, on_names, listing);
}

void
list_accounts(MotetModule *self, MotetCommand *command)
{
        start(self, command, false);
}

void
list_roles(MotetModule *self, MotetCommand *command)
{
        start(self, command, true);
}

void
list_drop_all(MotetModule *self)
{
        Auth *auth = motet_module_data(self);

        while (auth->listings.head) {
                Listing *listing = auth->listings.head->data;
                g_queue_unlink(&auth->listings, &listing->link);
                listing_free(listing);
        }
}
