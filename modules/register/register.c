/*
 * register: let strangers make accounts where the operator allows it, and users change their
 * password or cancel their account.
 *
 * Implements  XEP-0077 (2.4), XEP-0066 (1.5) in its section 5
 * Hooks       stream/jabber:client:iq, iq/self and iq/host of jabber:iq:register:query,
 *             stream-features
 * Options     allow_registration, allow_password_change, allow_cancel, min_password_length,
 *             reserved_names, instructions, web_address, role, max_accounts, max_attempts,
 *             max_networks
 */
#include "register-private.h"

static void
register_free(void *data)
{
        Register *state = data;

        networks_free(state->networks);
        g_free(state);
}

static bool
load(MotetModule *self, GError **error)
{
        Register *state = g_new0(Register, 1);

        (void)error;
        state->networks = networks_new();
        g_queue_init(&state->pendings);
        motet_module_set_data(self, state, register_free);
        return true;
}

static void
unload(MotetModule *self)
{
        pending_cancel_all(self);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("stream/jabber:client:iq", registration_answer, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/self/jabber:iq:register:query", account_answer, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/jabber:iq:register:query", account_answer, MOTET_PRIO_NORMAL),
        MOTET_ON_FEATURES("stream-features", registration_offer, MOTET_PRIO_NORMAL),
        {0},
};

static const char *const roles[] = {"member", "restricted", NULL};

static const MotetOption options[] = {
        {"allow_registration", MOTET_OPTION_BOOL, "false", 0, 0, NULL,
         "Let strangers make accounts, inside TLS only."},
        {"allow_password_change", MOTET_OPTION_BOOL, "true", 0, 0, NULL,
         "Let users change their password, inside TLS only."},
        {"allow_cancel", MOTET_OPTION_BOOL, "true", 0, 0, NULL,
         "Let users delete their account with everything stored for it."},
        {"min_password_length", MOTET_OPTION_INT, "8", 1, 1023, NULL,
         "Fewest characters of a password that is chosen in band."},
        {"reserved_names", MOTET_OPTION_LIST,
         "[abuse, admin, administrator, hostmaster, info, mailer-daemon, noc, noreply, operator, "
         "postmaster, root, security, support, system, webmaster, xmpp]",
         1, 1023, NULL, "Usernames that strangers cannot have."},
        {"instructions", MOTET_OPTION_STRING,
         "Choose a username and password for use with this service.", 1, 4096, NULL,
         "What strangers are told to do."},
        {"web_address", MOTET_OPTION_STRING, NULL, 1, 1023, NULL,
         "Where accounts are made, told to strangers instead of making them in band."},
        {"role", MOTET_OPTION_ENUM, "member", 0, 0, roles, "Role of accounts made in band."},
        {"max_accounts", MOTET_OPTION_INT, "3", 1, 100000, NULL,
         "Accounts made in a day from one address (of IPv6: one /64)."},
        {"max_attempts", MOTET_OPTION_INT, "20", 1, 100000, NULL,
         "Usernames tried in a day from one address, those taken already included."},
        {"max_networks", MOTET_OPTION_INT, "10000", 1, 1000000, NULL,
         "Addresses whose registrations are remembered."},
        {0},
};

static const MotetRule rules[] = {
        {
                .text = "accounts are not offered in band while there is a web_address",
                .kind = MOTET_RULE_VALUE,
                .when = "allow_registration",
                .is = "true",
                .option = "web_address",
        },
        {
                .text = "nothing restricts accounts of the role \"restricted\"",
                .kind = MOTET_RULE_NEEDS,
                .when = "role",
                .is = "restricted",
                .module = "restricted",
        },
        {0},
};

static const MotetRisk risks[] = {
        {
                .text = "anybody can make an account",
                .kind = MOTET_RISK_STRANGERS,
                .option = "allow_registration",
                .value = "true",
                .other = "web_address",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "register",
        .summary = "Let users make, change and cancel accounts from their clients",
        .depends = MOTET_LIST("service:auth"),
        .specs = MOTET_LIST("XEP-0066@1.5", "XEP-0077@2.4"),
        .features = MOTET_LIST("jabber:iq:register"),
        .options = options,
        .hooks = hooks,
        .load = load,
        .unload = unload,
        .rules = rules,
        .risks = risks,
};
