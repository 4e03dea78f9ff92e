/*
 * query: the client's roster requests.
 *
 * Source: RFC 6121 sections 2.1 to 2.6.
 */
#include "roster-private.h"

#include <motet/jid.h>
#include <motet/router.h>
#include <motet/stanza.h>
#include <motet/task.h>

/* RFC 6121 2.6.2: nothing but an empty result to a client that has this version. */
static MotetXml *
result_of_get(const MotetXml *iq, const MotetRoster *roster)
{
        MotetXml *result = motet_iq_result(iq);
        const MotetXml *asked = motet_xml_child(iq, "query", MOTET_NS_ROSTER);

        if (g_strcmp0(motet_xml_attr(asked, "ver"), roster->version) == 0)
                return result;

        MotetXml *query = motet_xml_add(result, "query", MOTET_NS_ROSTER);
        motet_xml_set_attr(query, "ver", roster->version);
        for (size_t i = 0; i < roster->n_items; i++) {
                if (roster->items[i]->state & MOTET_ROSTER_LISTED)
                        item_add_to(query, roster->items[i]);
        }
        return result;
}

static void
answer_get(MotetModule *self, MotetRosterStatus status, const MotetRoster *roster, void *data)
{
        MotetLater *request = data;

        (void)self;
        if (status != MOTET_ROSTER_OK) {
                motet_later_fail(request, "the roster cannot be read");
                return;
        }

        g_autoptr(MotetXml) result = result_of_get(motet_later_stanza(request), roster);
        MotetSession *session = motet_later_session(request);
        if (session && motet_later_is_live(request))
                motet_session_set_interested(session, true);
        motet_later_answer(request, result);
}

static MotetResult
handle_get(MotetModule *self, MotetStanzaEvent *ev)
{
        Rosters *rosters = motet_module_data(self);
        const char *account = motet_jid_local(ev->from);
        const MotetRoster *roster = roster_service.cached(self, account);

        if (!roster) {
                roster_read(rosters, account, answer_get, motet_later_new(self, ev, ROSTER_WAIT),
                            NULL);
                return MOTET_WAIT;
        }

        g_autoptr(MotetXml) result = result_of_get(ev->stanza, roster);
        motet_session_set_interested(ev->session, true);
        return motet_reply(ev, result);
}

/* The only one of a set. */
static const MotetXml *
item_of(const MotetXml *iq)
{
        return motet_xml_child(motet_xml_child(iq, "query", MOTET_NS_ROSTER), "item",
                               MOTET_NS_ROSTER);
}

static bool
is_removal(const MotetXml *item)
{
        return g_strcmp0(motet_xml_attr(item, "subscription"), "remove") == 0;
}

static void
answer_set(MotetModule *self, MotetRosterStatus status, unsigned before, void *data)
{
        MotetLater *request = data;

        (void)self;
        switch (status) {
        case MOTET_ROSTER_OK:
                /* RFC 6121 2.5.3 */
                if (!before && is_removal(item_of(motet_later_stanza(request))))
                        motet_later_error(request, MOTET_ITEM_NOT_FOUND, NULL, NULL);
                else
                        motet_later_result(request);
                return;
        case MOTET_ROSTER_FULL:
                motet_later_error(request, MOTET_RESOURCE_CONSTRAINT, NULL, "the roster is full");
                return;
        case MOTET_ROSTER_BUSY:
                motet_later_error(request, MOTET_RESOURCE_CONSTRAINT, "wait",
                                  "too many changes of the roster wait already");
                return;
        case MOTET_ROSTER_NO_ACCOUNT:
        case MOTET_ROSTER_FAILED:
        default:
                motet_later_fail(request, "the roster cannot be changed now");
                return;
        }
}

/* What is wrong with the groups of a roster set (RFC 6121 2.3.3), NONE when nothing is. @groups
 * gets their (borrowed) names. */
static MotetCondition
check_groups(const MotetModule *self, const MotetXml *item, GPtrArray *groups,
             const char **text_out)
{
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        for (const MotetXml *x = motet_xml_child(item, "group", MOTET_NS_ROSTER); x;
             x = motet_xml_next(x, "group", MOTET_NS_ROSTER)) {
                const char *group = motet_xml_text(x);

                if (*group == '\0' || strlen(group) > (size_t)motet_option_int(self, "max_name")) {
                        *text_out = "a group's name is empty or too long";
                        return MOTET_NOT_ACCEPTABLE;
                }
                if (groups->len >= motet_option_int(self, "max_groups")) {
                        *text_out = "too many groups";
                        return MOTET_NOT_ACCEPTABLE;
                }

                /* Groups are compared as resources are; what cannot be prepared is compared as it
                 * is. */
                char *prepared = motet_jid_prepare_resource(group);
                if (!g_hash_table_add(seen, prepared ? prepared : g_strdup(group))) {
                        *text_out = "a group is named twice";
                        return MOTET_BAD_REQUEST;
                }
                g_ptr_array_add(groups, (char *)group);
        }
        return MOTET_CONDITION_NONE;
}

static MotetCondition
check_jid(const MotetStanzaEvent *ev, const MotetJid *contact, const char *text,
          const char **text_out)
{
        if (!text) {
                *text_out = "an item needs a jid";
                return MOTET_BAD_REQUEST;
        }
        if (!contact)
                return MOTET_JID_MALFORMED;
        if (!motet_jid_is_bare(contact)) {
                *text_out = "an item's jid has no resource";
                return MOTET_BAD_REQUEST;
        }
        if (strcmp(motet_jid_bare(contact), motet_jid_bare(ev->from)) == 0) {
                *text_out = "nobody is a contact of themselves";
                return MOTET_NOT_ALLOWED;
        }
        return MOTET_CONDITION_NONE;
}

/* Checks what the client asks for and fills @set, whose strings are borrowed from the stanza and
 * @groups. */
static MotetCondition
check_set(const MotetModule *self, const MotetXml *item, RosterSet *set, GPtrArray *groups,
          const char **text_out)
{
        const char *name = motet_xml_attr(item, "name");

        /* RFC 6121 2.1.2.5: any other value from a client is ignored. */
        set->remove = is_removal(item);
        if (set->remove)
                return MOTET_CONDITION_NONE;

        if (name && strlen(name) > (size_t)motet_option_int(self, "max_name")) {
                *text_out = "the name is too long";
                return MOTET_NOT_ACCEPTABLE;
        }

        MotetCondition wrong = check_groups(self, item, groups, text_out);
        if (wrong)
                return wrong;

        set->name = name && *name ? name : NULL;
        set->groups = (const char *const *)groups->pdata;
        set->n_groups = groups->len;
        return MOTET_CONDITION_NONE;
}

static MotetResult
handle_set(MotetModule *self, MotetStanzaEvent *ev)
{
        const MotetXml *item = motet_xml_child(ev->payload, "item", MOTET_NS_ROSTER);
        if (!item || motet_xml_next(item, "item", MOTET_NS_ROSTER))
                return motet_reply_error(ev, MOTET_BAD_REQUEST,
                                         "a roster set has exactly one item");

        const char *text = NULL;
        const char *jid = motet_xml_attr(item, "jid");
        g_autoptr(MotetJid) contact = motet_jid_new(jid);
        MotetCondition wrong = check_jid(ev, contact, jid, &text);
        if (wrong)
                return motet_reply_error(ev, wrong, text);

        RosterSet set = {0};
        g_autoptr(GPtrArray) groups = g_ptr_array_new();
        wrong = check_set(self, item, &set, groups, &text);
        if (wrong)
                return motet_reply_error(ev, wrong, text);

        roster_set(motet_module_data(self), motet_jid_local(ev->from), motet_jid_string(contact),
                   &set, answer_set, motet_later_new(self, ev, ROSTER_WAIT), NULL);
        return MOTET_WAIT;
}

MotetResult
roster_answer_get_or_set(MotetModule *self, MotetStanzaEvent *ev)
{
        const char *type = motet_xml_attr(ev->stanza, "type");

        if (!ev->session || !ev->session->full_jid)
                return MOTET_CONTINUE;
        if (g_strcmp0(type, "get") == 0)
                return handle_get(self, ev);
        if (g_strcmp0(type, "set") == 0)
                return handle_set(self, ev);
        return MOTET_CONTINUE;
}

static bool
is_request(const MotetStanzaEvent *ev)
{
        const char *type = motet_xml_attr(ev->stanza, "type");

        return g_strcmp0(type, "get") == 0 || g_strcmp0(type, "set") == 0;
}

/* RFC 6121 2.3.3: whether or not the account exists. */
MotetResult
roster_refuse_stranger(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        return is_request(ev) ? motet_reply_error(ev, MOTET_FORBIDDEN, NULL) : MOTET_CONTINUE;
}

/* RFC 6121 2.1.6: a client that trusts a push of anybody but its server can be given contacts. */
MotetResult
roster_refuse_forged_push(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        return is_request(ev) ? motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE, NULL)
                              : MOTET_CONTINUE;
}
