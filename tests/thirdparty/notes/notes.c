/*
 * notes: keep short notes for the user of an account, under names.
 *
 * Implements  the protocol urn:example:notes:0, see notes.md
 * Hooks       iq/self/urn:example:notes:0:note, iq/self/urn:example:notes:0:notes,
 *             iq/bare/urn:example:notes:0:note, iq/bare/urn:example:notes:0:notes, user-deleted,
 *             first-login
 * Storage     map "notes": name -> text
 * Options     max_notes, max_bytes, welcome
 * Permissions keep
 *
 * An example of a module with options and a store. How many notes there are is read before one is
 * written, so the changes of one account are carried out one after the other.
 */
#include <motet/jid.h>
#include <motet/module.h>
#include <motet/permission.h>
#include <motet/router.h>
#include <motet/service-auth.h>
#include <motet/service-store.h>

#include <string.h>

#define NS_NOTES "urn:example:notes:0"
#define STORE_WAIT (30 * G_TIME_SPAN_SECOND)
#define NAME_MAX_BYTES 100
#define WELCOME "welcome"

typedef struct {
        MotetStore *store;
        GHashTable *lines; /* account -> GQueue of Change (own): the first one is under way */
} Notes;

/* Change: a note that is to be written. */
typedef struct {
        Notes *notes;
        char *account, *name;
        GBytes *text;      /* NULL: it is to be deleted */
        MotetLater *later; /* who asked; NULL: nobody */
        bool is_forgotten; /* its account was deleted: nothing may be written any more */
} Change;

static void begin(Change *change);

static void
change_free(void *data)
{
        Change *change = data;

        g_free(change->account);
        g_free(change->name);
        g_clear_pointer(&change->text, g_bytes_unref);
        g_free(change);
}

static void
line_free(void *data)
{
        g_queue_free_full(data, change_free);
}

/* The first of its line is done, the next one starts. Returns: (own) who asked, or NULL */
static MotetLater *
leave_line(Change *change)
{
        GHashTable *lines = change->notes->lines;
        GQueue *line = g_hash_table_lookup(lines, change->account);
        MotetLater *later = change->later;

        g_queue_pop_head(line);
        if (g_queue_is_empty(line))
                g_hash_table_remove(lines, change->account);
        else
                begin(g_queue_peek_head(line));
        change_free(change);
        return later;
}

static void
enter_line(Change *change)
{
        GHashTable *lines = change->notes->lines;
        GQueue *line = g_hash_table_lookup(lines, change->account);

        if (!line) {
                line = g_queue_new();
                g_hash_table_insert(lines, g_strdup(change->account), line);
        }
        g_queue_push_tail(line, change);
        if (g_queue_get_length(line) == 1)
                begin(change);
}

static void
refuse(Change *change, MotetCondition condition, const char *text)
{
        MotetLater *later = leave_line(change);

        if (later)
                motet_later_error(later, condition, NULL, text);
}

static void
fail(Change *change, const GError *error)
{
        motet_warn("the notes of %s: %s", change->account, error->message);

        MotetLater *later = leave_line(change);
        if (later)
                motet_later_fail(later, NULL);
}

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        if (error) {
                fail(data, error);
                return;
        }

        MotetLater *later = leave_line(data);
        if (later)
                motet_later_result(later);
}

static bool
has_note(const MotetStoreItem *items, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(items[i].key, name) == 0)
                        return true;
        return false;
}

static void
on_read_before(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
               void *data)
{
        Change *change = data;
        bool is_there = !error && has_note(items, n, change->name);

        if (error)
                fail(change, error);
        else if (change->is_forgotten)
                refuse(change, MOTET_NOT_AUTHORIZED, "the account was deleted");
        else if (!change->text && !is_there)
                refuse(change, MOTET_ITEM_NOT_FOUND, "there is no such note");
        else if (change->text && !is_there && n >= (size_t)motet_option_int(self, "max_notes"))
                refuse(change, MOTET_RESOURCE_CONSTRAINT, "no more notes can be kept");
        else
                motet_store_set(change->notes->store, change->account, change->name, change->text,
                                on_written, change);
}

static void
begin(Change *change)
{
        motet_store_read_all(change->notes->store, change->account, on_read_before, change);
}

static Change *
change_new(MotetModule *self, const char *account, const char *name, const char *text)
{
        Change *change = g_new0(Change, 1);

        change->notes = motet_module_data(self);
        change->account = g_strdup(account);
        change->name = g_strdup(name);
        change->text = *text ? g_bytes_new(text, strlen(text)) : NULL;
        return change;
}

/* Requests */

static void
on_note_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        MotetLater *later = data;
        const MotetXml *iq = motet_later_stanza(later);

        (void)self;
        if (error) {
                motet_warn("the notes of %s: %s", motet_jid_bare(motet_later_from(later)),
                           error->message);
                motet_later_fail(later, NULL);
                return;
        }
        if (!value) {
                motet_later_error(later, MOTET_ITEM_NOT_FOUND, NULL, "there is no such note");
                return;
        }

        const MotetXml *asked = motet_xml_child(iq, "note", NS_NOTES);
        g_autoptr(MotetXml) result = motet_iq_result(iq);
        MotetXml *note = motet_xml_add(result, "note", NS_NOTES);
        gsize n = 0;
        const char *text = g_bytes_get_data(value, &n);
        motet_xml_set_attr(note, "name", motet_xml_attr(asked, "name"));
        motet_xml_add_text(note, text, (gssize)n);
        motet_later_answer(later, result);
}

static MotetResult
set_note(MotetModule *self, MotetStanzaEvent *ev, const char *name)
{
        const char *text = motet_xml_text(ev->payload);

        if (!motet_may(self, ev->session, "keep"))
                return motet_reply_error(ev, MOTET_FORBIDDEN, NULL);
        if (strlen(text) > (size_t)motet_option_int(self, "max_bytes"))
                return motet_reply_error(ev, MOTET_NOT_ACCEPTABLE, "the note is too long");

        Change *change = change_new(self, motet_jid_local(ev->from), name, text);
        change->later = motet_later_new(self, ev, STORE_WAIT);
        enter_line(change);
        return MOTET_WAIT;
}

static MotetResult
answer_note(MotetModule *self, MotetStanzaEvent *ev)
{
        const Notes *notes = motet_module_data(self);
        const char *name = motet_xml_attr(ev->payload, "name");

        if (!name || *name == '\0' || strlen(name) > NAME_MAX_BYTES)
                return motet_reply_error(ev, MOTET_BAD_REQUEST,
                                         "a note has a name of 1 to 100 bytes");
        if (motet_xml_n_children(ev->payload) > 0)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "a note is text");
        if (strcmp(motet_xml_attr(ev->stanza, "type"), "set") == 0)
                return set_note(self, ev, name);

        motet_store_read(notes->store, motet_jid_local(ev->from), name, on_note_read,
                         motet_later_new(self, ev, STORE_WAIT));
        return MOTET_WAIT;
}

static void
on_names_read(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
              void *data)
{
        MotetLater *later = data;

        (void)self;
        if (error) {
                motet_warn("the notes of %s: %s", motet_jid_bare(motet_later_from(later)),
                           error->message);
                motet_later_fail(later, NULL);
                return;
        }

        g_autoptr(MotetXml) result = motet_iq_result(motet_later_stanza(later));
        MotetXml *list = motet_xml_add(result, "notes", NS_NOTES);
        for (size_t i = 0; i < n; i++)
                motet_xml_set_attr(motet_xml_add(list, "note", NULL), "name", items[i].key);
        motet_later_answer(later, result);
}

static MotetResult
answer_names(MotetModule *self, MotetStanzaEvent *ev)
{
        const Notes *notes = motet_module_data(self);

        if (strcmp(motet_xml_attr(ev->stanza, "type"), "get") != 0)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "notes are set one by one");

        motet_store_read_all(notes->store, motet_jid_local(ev->from), on_names_read,
                             motet_later_new(self, ev, STORE_WAIT));
        return MOTET_WAIT;
}

/* Whether there is such an account or not: nobody is told which accounts there are. */
static MotetResult
refuse_other(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        return motet_reply_error(ev, MOTET_FORBIDDEN, NULL);
}

/* What other modules tell */

/* What still waits is not written; what was written is deleted with the account. */
static MotetResult
forget_account(MotetModule *self, MotetAccountEvent *ev)
{
        const Notes *notes = motet_module_data(self);
        const GQueue *line = g_hash_table_lookup(notes->lines, ev->username);

        for (GList *link = line ? line->head : NULL; link; link = link->next)
                ((Change *)link->data)->is_forgotten = true;
        return MOTET_CONTINUE;
}

static MotetResult
welcome(MotetModule *self, MotetAccountEvent *ev)
{
        const char *text = motet_option_string(self, "welcome");

        if (text)
                enter_line(change_new(self, ev->username, WELCOME, text));
        return MOTET_CONTINUE;
}

/* The module */

/* Hooks an event that is there only when the module that fires it is. */
static void
hook_if_known(MotetModule *self, const MotetHook *hook)
{
        g_autoptr(GError) unknown = NULL;

        if (!motet_hook_add(self, hook, &unknown))
                motet_debug("%s", unknown->message);
}

static void
notes_free(void *data)
{
        Notes *notes = data;

        g_hash_table_unref(notes->lines);
        g_free(notes);
}

static bool
load(MotetModule *self, GError **error)
{
        static const MotetHook on_deletion =
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETED, forget_account, MOTET_PRIO_NORMAL);
        static const MotetHook on_first_login =
                MOTET_ON_ACCOUNT("first-login", welcome, MOTET_PRIO_NORMAL);
        MotetStore *store = motet_store_open(self, "notes", MOTET_STORE_MAP, error);
        if (!store)
                return false;

        hook_if_known(self, &on_deletion);
        hook_if_known(self, &on_first_login);

        Notes *notes = g_new0(Notes, 1);
        notes->store = store;
        notes->lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, line_free);
        motet_module_set_data(self, notes, notes_free);
        return true;
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/self/" NS_NOTES ":note", answer_note, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/" NS_NOTES ":notes", answer_names, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/" NS_NOTES ":note", refuse_other, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/" NS_NOTES ":notes", refuse_other, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "max_notes",
                .type = MOTET_OPTION_INT,
                .fallback = "50",
                .min = 1,
                .max = 1000,
                .help = "Notes an account may keep.",
        },
        {
                .key = "max_bytes",
                .type = MOTET_OPTION_SIZE,
                .fallback = "4 KiB",
                .min = 1,
                .max = 64 * 1024,
                .help = "Most bytes of one note.",
        },
        {
                .key = "welcome",
                .type = MOTET_OPTION_STRING,
                .min = 1,
                .max = 4096,
                .help = "What the first note of a new account says, where the module newcomers "
                        "is.",
        },
        {0},
};

static const MotetPermission permissions[] = {
        {"keep", MOTET_ROLE_MEMBER, "Write, change and delete notes."},
        {0},
};

static const MotetRule rules[] = {
        {
                .text = "nobody is welcomed without the module that knows who is new",
                .kind = MOTET_RULE_NEEDS,
                .unless = "welcome",
                .module = "newcomers",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "notes",
        .version = "1.0",
        .summary = "Keep short notes for the user of an account",
        .license = "MIT",
        .wants = MOTET_LIST("service:auth", "service:store:*", "newcomers"),
        .account_features = MOTET_LIST(NS_NOTES),
        .options = options,
        .hooks = hooks,
        .load = load,
        .rules = rules,
        .permissions = permissions,
};
