/*
 * host_forms: forms of several modules put together, and values out of options.
 */
#include "core/host_forms.h"

#include <inttypes.h>
#include <string.h>

#include "core/instance.h"

/* Its value is that of the form itself, in every form. */
#define FORM_TYPE "FORM_TYPE"

/* Checking */

static const MotetOption *
find_option(const MotetModuleInfo *info, const char *key)
{
        for (const MotetOption *option = info->options; option && option->key; option++) {
                if (strcmp(option->key, key) == 0)
                        return option;
        }
        return NULL;
}

/* Times have no one spelling that all forms know; paths and secrets are nobody's business. */
static bool
is_tellable(MotetOptionType type)
{
        return type != MOTET_OPTION_DURATION && type != MOTET_OPTION_PATH &&
               type != MOTET_OPTION_SECRET;
}

/* Returns: what is wrong with a row, or NULL. */
static const char *
field_problem(const MotetModuleInfo *info, const MotetDiscoField *fields,
              const MotetDiscoField *row)
{
        if (!*row->var || strcmp(row->var, FORM_TYPE) == 0)
                return "the name is empty or that of the form's type";
        for (const MotetDiscoField *earlier = fields; earlier < row; earlier++)
                if (strcmp(earlier->var, row->var) == 0)
                        return "the name is there twice";
        if ((unsigned)row->type >= MOTET_N_FIELD_TYPES)
                return "the type is unknown";
        if (!row->values == !row->option)
                return "it needs values or an option, and not both";
        if (row->values)
                return NULL;
        const MotetOption *option = find_option(info, row->option);
        if (!option)
                return "there is no such option";
        return is_tellable(option->type) ? NULL : "an option of this type is not told";
}

static const char *
form_problem(const MotetDiscoForm *form)
{
        if (!*form->form_type)
                return "the type is empty";
        return form->fields && form->fields[0].var ? NULL : "there are no fields";
}

bool
host_forms_check(const MotetModuleInfo *info, ConfigFindings *findings)
{
        g_autofree char *place = g_strdup_printf("module %s", info->name);
        unsigned n_before = findings->n_errors;

        for (const MotetDiscoForm *form = info->forms; form && form->form_type; form++) {
                const char *problem = form_problem(form);
                if (problem)
                        config_findings_add(findings, FINDING_CONFIG_UNUSABLE_MODULE, place, 0, 0,
                                            "form \"%s\": %s", form->form_type, problem);
                for (const MotetDiscoField *row = form->fields; row && row->var; row++) {
                        problem = field_problem(info, form->fields, row);
                        if (problem)
                                config_findings_add(findings, FINDING_CONFIG_UNUSABLE_MODULE, place,
                                                    0, 0, "form \"%s\", field \"%s\": %s",
                                                    form->form_type, row->var, problem);
                }
        }
        return findings->n_errors == n_before;
}

/* Telling */

typedef struct {
        MotetHost *host;
        bool account;
        MotetFieldFunc func;
        void *data;
} Telling;

static bool
is_told(const Telling *telling, const MotetModule *instance, const MotetDiscoForm *form)
{
        return instance->running && form->account == telling->account;
}

static void
tell(const Telling *telling, const MotetDiscoForm *form, const MotetDiscoField *field,
     const char *const *values)
{
        if (values && *values)
                telling->func(form->form_type, field->var, field->type, values, telling->data);
}

static void
tell_text(const Telling *telling, const MotetDiscoForm *form, const MotetDiscoField *field,
          const char *text)
{
        const char *const values[] = {text, NULL};

        tell(telling, form, field, values);
}

static void
tell_option(const Telling *telling, const MotetModule *instance, const MotetDiscoForm *form,
            const MotetDiscoField *field)
{
        const MotetOption *option = find_option(instance->info, field->option);
        char number[32];

        switch (option->type) {
        case MOTET_OPTION_BOOL:
                tell_text(telling, form, field,
                          motet_option_bool(instance, option->key) ? "true" : "false");
                return;
        case MOTET_OPTION_INT:
        case MOTET_OPTION_SIZE:
                g_snprintf(number, sizeof(number), "%" PRId64,
                           motet_option_int(instance, option->key));
                tell_text(telling, form, field, number);
                return;
        case MOTET_OPTION_STRING:
        case MOTET_OPTION_ENUM:
        case MOTET_OPTION_JID:
        case MOTET_OPTION_DOMAIN:
        case MOTET_OPTION_ADDRESS:
                tell_text(telling, form, field, motet_option_string(instance, option->key));
                return;
        case MOTET_OPTION_LIST:
        case MOTET_OPTION_INTS:
        case MOTET_OPTION_JIDS:
        case MOTET_OPTION_DOMAINS:
        case MOTET_OPTION_ADDRESSES:
                tell(telling, form, field, motet_option_list(instance, option->key));
                return;
        case MOTET_OPTION_DURATION:
        case MOTET_OPTION_PATH:
        case MOTET_OPTION_SECRET:
                break;
        }
        g_assert_not_reached();
}

/* All that is told below @form_type, by module in load order; a field that was told is not told
 * again. */
static void
tell_form(const Telling *telling, const char *form_type)
{
        g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);

        for (unsigned i = 0; i < telling->host->instances->len; i++) {
                const MotetModule *instance = telling->host->instances->pdata[i];
                const MotetDiscoForm *form = instance->info->forms;
                for (; form && form->form_type; form++) {
                        if (!is_told(telling, instance, form) ||
                            strcmp(form->form_type, form_type) != 0)
                                continue;
                        for (const MotetDiscoField *field = form->fields; field->var; field++) {
                                if (!g_hash_table_add(told, (void *)field->var))
                                        continue;
                                if (field->values)
                                        tell(telling, form, field, field->values);
                                else
                                        tell_option(telling, instance, form, field);
                        }
                }
        }
}

void
motet_host_forms(MotetHost *host, bool account, MotetFieldFunc func, void *data)
{
        g_return_if_fail(host && func);
        g_autoptr(GHashTable) types = g_hash_table_new(g_str_hash, g_str_equal);
        const Telling telling = {host, account, func, data};

        for (unsigned i = 0; i < host->instances->len; i++) {
                const MotetModule *instance = host->instances->pdata[i];
                const MotetDiscoForm *form = instance->info->forms;
                for (; form && form->form_type; form++) {
                        if (is_told(&telling, instance, form) &&
                            g_hash_table_add(types, (void *)form->form_type))
                                tell_form(&telling, form->form_type);
                }
        }
}
