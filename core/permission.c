/*
 * permission: which role has what, and whether a session has it.
 */
#include "core/permission.h"

#include <motet/service-auth.h>
#include <motet/session.h>
#include <string.h>

#include "core/instance.h"

static const MotetAuthRole roles[] = {
        MOTET_ROLE_RESTRICTED,
        MOTET_ROLE_MEMBER,
        MOTET_ROLE_ADMIN,
        MOTET_ROLE_NOBODY,
};

/* Of each of the roles, in their order. */
static const char *const words[] = {"restricted", "member", "admin", "nobody", NULL};

/* Returns: (borrowed) NULL for a role that is not there */
static const char *
word_of(MotetAuthRole role)
{
        for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
                if (roles[i] == role)
                        return words[i];
        }
        return NULL;
}

MotetOption
permission_option(const MotetPermission *permission)
{
        return (MotetOption){
                .key = permission->name,
                .type = MOTET_OPTION_ENUM,
                .fallback = word_of(permission->role),
                .values = words,
                .help = permission->help,
        };
}

/* Returns: what is wrong with a row, or NULL. */
static const char *
row_problem(const MotetPermission *table, const MotetPermission *row)
{
        size_t n = strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789_");

        if (n == 0 || row->name[n])
                return "the name is not in snake_case";
        for (const MotetPermission *earlier = table; earlier < row; earlier++)
                if (strcmp(earlier->name, row->name) == 0)
                        return "the name is there twice";
        if (!word_of(row->role))
                return "the role is unknown";
        if (!row->help || !row->help[0])
                return "the help is missing";
        return NULL;
}

bool
permission_table_check(const MotetPermission *table, const char *module, ConfigFindings *findings)
{
        g_autofree char *place = g_strdup_printf("module %s", module);
        unsigned n_before = findings->n_errors;

        for (const MotetPermission *row = table; row && row->name; row++) {
                const char *problem = row_problem(table, row);
                if (problem)
                        config_findings_add(findings, FINDING_CONFIG_UNUSABLE_MODULE, place, 0, 0,
                                            "permission %s: %s", row->name, problem);
        }
        return findings->n_errors == n_before;
}

/* Returns: (own) a table of options */
static MotetOption *
options_of(const MotetPermission *table)
{
        size_t n = 0;

        while (table[n].name)
                n++;
        MotetOption *options = g_new0(MotetOption, n + 1);
        for (size_t i = 0; i < n; i++)
                options[i] = permission_option(&table[i]);
        return options;
}

static void
report_none(const char *module, const ConfigNode *node, ConfigFindings *findings)
{
        const ConfigEntry *entry =
                node && node->entries && node->entries->len > 0 ? node->entries->pdata[0] : NULL;

        if (entry)
                config_findings_add(findings, FINDING_CONFIG_UNKNOWN_OPTION, node->file,
                                    entry->line, entry->column, "%s has no permissions", module);
}

OptionValues *
permission_values_add(OptionValues *values_take, const MotetModuleInfo *info,
                      const ConfigNode *node, const Config *config, ConfigFindings *findings)
{
        if (!info->permissions || !info->permissions[0].name) {
                report_none(info->name, node, findings);
                return values_take;
        }
        g_autofree MotetOption *options = options_of(info->permissions);
        return option_values_join(
                values_take, option_values_new(options, info->name, node, NULL, config, findings),
                PERMISSION_PREFIX);
}

static MotetAuthRole
role_of(const MotetSession *session)
{
        MotetHost *host = session ? motet_session_host(session) : NULL;
        MotetModule *provider = NULL;
        const MotetAuthService *auth = host ? motet_service(host, "auth", &provider) : NULL;

        return auth && auth->role_of ? auth->role_of(provider, session) : MOTET_ROLE_RESTRICTED;
}

/* The least role that has it. A module asks only for what its table declares, so anything else is
 * a mistake in its code. */
static MotetAuthRole
role_needed(const MotetModule *self, const char *permission)
{
        g_autofree char *key = g_strconcat(PERMISSION_PREFIX, permission, NULL);
        const char *word = self->options ? option_values_text(self->options, key) : NULL;
        size_t i = 0;

        if (!word)
                g_error("module %s has no permission %s", self->info->name, permission);
        while (strcmp(words[i], word) != 0)
                i++;
        return roles[i];
}

bool
motet_may(const MotetModule *self, const MotetSession *session, const char *permission)
{
        g_return_val_if_fail(self && permission, false);
        MotetAuthRole needed = role_needed(self, permission);

        return needed == MOTET_ROLE_RESTRICTED ||
               (needed < MOTET_ROLE_NOBODY && role_of(session) >= needed);
}
