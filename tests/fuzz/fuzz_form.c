/*
 * fuzz_form: any bytes as a data form that somebody filled in (form-submit.h).
 */
#include <motet/form-submit.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define FORM_TYPE "urn:test:form"

static const MotetFormChoice choices[] = {{"one", "One"}, {"two", NULL}, {0}};

static const MotetFormField fields[] = {
        {.var = "line", .type = MOTET_FIELD_TEXT_SINGLE, .required = true, .max_bytes = 8},
        {.var = "lines", .type = MOTET_FIELD_TEXT_MULTI, .max_values = 3},
        {.var = "secret", .type = MOTET_FIELD_TEXT_PRIVATE},
        {.var = "yes", .type = MOTET_FIELD_BOOLEAN},
        {.var = "some", .type = MOTET_FIELD_LIST_SINGLE, .choices = choices},
        {.var = "many", .type = MOTET_FIELD_LIST_MULTI, .choices = choices},
        {.var = "any", .type = MOTET_FIELD_LIST_MULTI},
        {.var = "who", .type = MOTET_FIELD_JID_SINGLE},
        {.var = "whom", .type = MOTET_FIELD_JID_MULTI},
        {.var = "same", .type = MOTET_FIELD_HIDDEN},
        {.var = "note", .type = MOTET_FIELD_FIXED},
        {0},
};

static const MotetForm form = {.form_type = FORM_TYPE, .title = "Test", .fields = fields};

static unsigned
count(const MotetXml *submitted, const char *var)
{
        g_auto(GStrv) values = motet_form_values(submitted, var);

        return g_strv_length(values);
}

/* What was found right is as the form asks. */
static void
check_right(const MotetXml *submitted)
{
        const char *line = motet_form_value(submitted, "line");
        const char *some = motet_form_value(submitted, "some");
        const char *who = motet_form_value(submitted, "who");

        g_assert_true(line && *line && strlen(line) <= 8);
        g_assert_cmpuint(count(submitted, "lines"), <=, 3);
        g_assert_cmpuint(count(submitted, "any"), <=, MOTET_FORM_VALUES_MAX);
        g_assert_true(!some || !*some || motet_form_is_choice(&fields[4], some));
        if (who && *who) {
                g_autoptr(MotetJid) jid = motet_jid_new(who);
                g_assert_nonnull(jid);
        }
}

static void
read_all(const MotetXml *submitted)
{
        for (const MotetFormField *row = fields; row->var; row++) {
                g_auto(GStrv) values = motet_form_values(submitted, row->var);
                g_auto(GStrv) jids = motet_form_jids(submitted, row->var);
                g_autofree char *text = motet_form_text(submitted, row->var);

                g_assert_cmpuint(g_strv_length(jids), <=, g_strv_length(values));
                g_assert_cmpstr(motet_form_value(submitted, row->var), ==, values[0]);
                g_assert_true(text || !values[0]);
                motet_form_bool(submitted, row->var, false);
        }
}

static void
try_form(const MotetXml *parent)
{
        const MotetXml *submitted = motet_form_find(parent, "submit", FORM_TYPE);
        const MotetXml *any = motet_form_find(parent, NULL, NULL);

        g_assert_true(!submitted || any);
        read_all(any);
        g_autofree char *problem = motet_form_check(any, &form);
        if (!problem)
                check_right(any);
}

/* What is offered is a form as well. */
static void
try_offer(const MotetXml *parent)
{
        g_autoptr(MotetXml) offer = motet_xml_new("query", "urn:test:query");

        motet_form_offer(offer, &form, NULL, NULL);
        g_assert_nonnull(motet_form_find(offer, "form", FORM_TYPE));
        try_form(parent);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        g_autoptr(MotetXml) parent =
                motet_xml_parse((const char *)bytes, (gssize)n, MOTET_NS_FORM, NULL);

        if (parent)
                try_offer(parent);
        return 0;
}
