/*
 * check: which checks there are, and running them.
 */
#include "core/check.h"

#include <motet/error.h>
#include <string.h>

#include "core/check_print.h"
#include "core/check_resolver.h"
#include "core/suggest.h"

const Check checks[] = {
        {"config", "files, keys, values, modules and what they need of each other", check_config,
         false, false},
        {"domains", "names of hosts, and names under which data are kept", check_domains, false,
         false},
        {"certs", "certificates of the hosts", check_certs, false, false},
        {"security", "who may change or read files, risky settings, the unit", check_security,
         false, false},
        {"storage", "the folder of data, its room, and those who keep data", check_storage, false,
         false},
        {"listen", "addresses and ports", check_listen, false, false},
        {"limits", "what the system lets the server hold", check_limits, false, false},
        {"features", "what servers should offer", check_features, true, false},
        {"dns", "records by which clients find the hosts", check_dns, true, true},
        {0},
};

static const Check *
find_check(const char *name)
{
        for (const Check *check = checks; check->name; check++) {
                if (strcmp(check->name, name) == 0)
                        return check;
        }
        return NULL;
}

/* Returns: (own, the array alone) NULL-terminated */
static const char **
names_of_checks(void)
{
        const char **names = g_new0(const char *, G_N_ELEMENTS(checks));

        for (size_t i = 0; checks[i].name; i++)
                names[i] = checks[i].name;
        return names;
}

static bool
is_wanted(const CheckParams *params, const Check *check)
{
        if (check->run == check_dns && params->resolver)
                return true;
        if (!params->names || !params->names[0])
                return !check->on_request;
        return g_strv_contains(params->names, check->name);
}

static bool
are_possible(const CheckParams *params, GError **error)
{
        for (const char *const *names = params->names; names && *names; names++) {
                const Check *check = find_check(*names);
                if (!check || !check->asks_others || !params->serving)
                        continue;
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "the check \"%s\" waits for others, which the running server does not: "
                            "motetctl check %s",
                            *names, *names);
                return false;
        }
        return true;
}

static bool
are_known(const char *const *names, GError **error)
{
        for (; names && *names; names++) {
                g_autofree const char **known = names_of_checks();
                if (find_check(*names))
                        continue;
                const char *near = suggest_nearest(*names, known);
                g_autofree char *list = g_strjoinv(", ", (char **)known);
                g_autofree char *hint = near ? g_strdup_printf("did you mean \"%s\"?", near)
                                             : g_strdup_printf("there are: %s", list);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE, "there is no check \"%s\"; %s",
                            *names, hint);
                return false;
        }
        return true;
}

static bool
is_resolver(const char *text, GError **error)
{
        Address address;

        if (check_resolver_parse(text, &address))
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                    "--resolver takes a numeric address, or one with a port: 192.0.2.1:53, "
                    "[2001:db8::1]:53");
        return false;
}

bool
check_words(const char *const *words, CheckParams *params, GPtrArray *names, GError **error)
{
        for (; *words; words++) {
                if (strcmp(*words, "--json") == 0) {
                        params->json = true;
                } else if (strcmp(*words, "--resolver") == 0 && words[1]) {
                        params->resolver = *++words;
                        if (!is_resolver(params->resolver, error))
                                return false;
                } else if (strcmp(*words, "--strict") == 0) {
                        params->strict = true;
                } else if ((*words)[0] == '-') {
                        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                                    "check has the options --json, --strict and --resolver "
                                    "ADDRESS[:PORT], not \"%s\"",
                                    *words);
                        return false;
                } else {
                        g_ptr_array_add(names, (gpointer)*words);
                }
        }
        g_ptr_array_add(names, NULL);
        params->names = (const char *const *)names->pdata;
        return are_known(params->names, error);
}

/* While a file cannot be read or understood, no check can say that all is well. */
static bool
hides_others(FindingId id)
{
        return id == FINDING_CONFIG_UNREADABLE || id == FINDING_CONFIG_SYNTAX ||
               id == FINDING_CONFIG_MISSING_KEY;
}

static bool
is_asked_for(const CheckParams *params, const ConfigFinding *finding)
{
        if (hides_others(finding->id))
                return true;
        for (const Check *check = checks; check->name; check++) {
                if (finding_is_of(finding->id, check->name))
                        return is_wanted(params, check);
        }
        return true;
}

/* Loading the configuration and opening modules finds more than was asked for. */
static void
drop_others(const CheckParams *params, ConfigFindings *findings)
{
        for (guint i = findings->list->len; i-- > 0;) {
                const ConfigFinding *finding = g_ptr_array_index(findings->list, i);
                if (is_asked_for(params, finding))
                        continue;
                findings->n_errors -= !config_finding_is_warning(finding);
                g_ptr_array_remove_index(findings->list, i);
        }
}

int
check_exit_code(const ConfigFindings *findings, bool strict)
{
        unsigned n_counted = 0;

        if (findings->n_errors > 0)
                return CHECK_ERRORS;
        for (guint i = 0; i < findings->list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(findings->list, i);
                n_counted += !finding_kind(finding->id)->note;
        }
        return strict && n_counted > 0 ? CHECK_WARNINGS : CHECK_CLEAN;
}

static void
run_checks(const CheckParams *params, CheckContext *context)
{
        MotetServer nothing = {0};

        context->config = config_load(params->config_file, context->findings);
        if (!context->config)
                return;
        context->modules = modules_new(&nothing);
        modules_set_quarantine(context->modules, quarantine_read(context->config->data_dir));
        for (const Check *check = checks; check->name; check++) {
                if (is_wanted(params, check))
                        check->run(context);
        }
        modules_free(context->modules);
}

int
check_run(const CheckParams *params, CheckPrint print, void *data, GError **error)
{
        ConfigFindings findings;
        CheckContext context = {
                .config_file = params->config_file,
                .root = params->root ? params->root : "",
                .resolver = params->resolver,
                .as_user = params->as_user,
                .findings = &findings,
        };

        if (!are_known(params->names, error) || !are_possible(params, error))
                return motet_error_exit_code(*error);
        config_findings_init(&findings);
        run_checks(params, &context);
        drop_others(params, &findings);
        config_findings_sort(&findings);
        if (params->json)
                check_print_json(&findings, print, data);
        else
                check_print_text(&findings, context.config, print, data);

        int code = check_exit_code(&findings, params->strict);
        config_findings_clear(&findings);
        config_free(context.config);
        return code;
}
