/*
 * Tests of motet/form.h and motet/form-submit.h: forms as they are offered, and what comes back.
 */
#include <motet/form-submit.h>

#include "support/test_session.h"

static const MotetFormChoice colours[] = {{"red", "Red"}, {"blue", NULL}, {0}};

static const MotetFormField fields[] = {
        {"intro", MOTET_FIELD_FIXED, .values = MOTET_LIST("Say who you are.")},
        {"name", MOTET_FIELD_TEXT_SINGLE, "Name", .required = true, .max_bytes = 10},
        {"story", MOTET_FIELD_TEXT_MULTI, "Story", .max_values = 3},
        {"secret", MOTET_FIELD_TEXT_PRIVATE, "Secret"},
        {"public", MOTET_FIELD_BOOLEAN, "Public", .values = MOTET_LIST("true")},
        {"colour", MOTET_FIELD_LIST_SINGLE, "Colour", .choices = colours,
         .values = MOTET_LIST("blue")},
        {"colours", MOTET_FIELD_LIST_MULTI, NULL, .choices = colours},
        {"friend", MOTET_FIELD_JID_SINGLE, "Friend"},
        {"friends", MOTET_FIELD_JID_MULTI, "Friends"},
        {"token", MOTET_FIELD_HIDDEN, .values = MOTET_LIST("17")},
        {0},
};

static const MotetForm form = {"urn:test:form", "About <you>", "Fill in & send", fields};

static const MotetFormField two[] = {
        {"name", MOTET_FIELD_TEXT_SINGLE, .values = MOTET_LIST("nobody")},
        {"other", MOTET_FIELD_TEXT_SINGLE, .values = MOTET_LIST("stays")},
        {0},
};

static const MotetForm untyped = {.fields = two};

static const MotetForm empty_form = {.fields = (const MotetFormField[]){{0}}};

static void
assert_like(const MotetXml *xml, const char *expected)
{
        g_autoptr(MotetXml) wanted = motet_xml_parse(expected, -1, "jabber:x:data", NULL);
        g_autofree char *text = motet_xml_string(xml, NULL);

        g_assert_nonnull(wanted);
        if (!test_xml_like(wanted, xml))
                g_error("%s is not like %s", text, expected);
}

/* Building */

/* XEP-0004 3.1 and 3.2: every type of field, what is offered, what is filled in. */
static void
test_a_form_is_offered(void)
{
        g_autoptr(MotetXml) query = motet_xml_new("query", "urn:test");

        const MotetXml *x = motet_form_offer(query, &form, NULL, NULL);

        assert_like(x,
                    "<x type='form'><title>About &lt;you&gt;</title>"
                    "<instructions>Fill in &amp; send</instructions>"
                    "<field var='FORM_TYPE' type='hidden'><value>urn:test:form</value></field>"
                    "<field type='fixed'><value>Say who you are.</value></field>"
                    "<field var='name' type='text-single' label='Name'><required/></field>"
                    "<field var='story' type='text-multi' label='Story'/>"
                    "<field var='secret' type='text-private' label='Secret'/>"
                    "<field var='public' type='boolean' label='Public'><value>true</value></field>"
                    "<field var='colour' type='list-single' label='Colour'><value>blue</value>"
                    "<option label='Red'><value>red</value></option>"
                    "<option><value>blue</value></option></field>"
                    "<field var='colours' type='list-multi'>"
                    "<option label='Red'><value>red</value></option>"
                    "<option><value>blue</value></option></field>"
                    "<field var='friend' type='jid-single' label='Friend'/>"
                    "<field var='friends' type='jid-multi' label='Friends'/>"
                    "<field var='token' type='hidden'><value>17</value></field></x>");
}

static const char *const *
values_now(const MotetFormField *field, void *data)
{
        return strcmp(field->var, "name") == 0 ? data : NULL;
}

static void
test_a_form_tells_what_is_set(void)
{
        g_autoptr(MotetXml) query = motet_xml_new("query", "urn:test");

        const MotetXml *x =
                motet_form_offer(query, &untyped, values_now, (void *)MOTET_LIST("Romeo"));

        assert_like(x, "<x type='form'><field var='name' type='text-single'><value>Romeo</value>"
                       "</field><field var='other' type='text-single'><value>stays</value></field>"
                       "</x>");
}

/* Each line is a value, XEP-0004 3.3; nothing is escaped twice. */
static void
test_a_result_is_built(void)
{
        g_autoptr(MotetXml) message = motet_xml_new("message", "jabber:client");
        MotetXml *x = motet_form_add(message, "result", "urn:test:result");

        motet_form_add_field(x, "lines", MOTET_FIELD_TEXT_MULTI, "one\n\ntwo <&amp;>");
        motet_form_add_field(x, "line", MOTET_FIELD_TEXT_SINGLE, "a\"b'c]]>");
        motet_form_add_value(motet_form_add_field(x, "both", MOTET_FIELD_LIST_MULTI, "1"), "2");
        motet_form_add_values(x, "none", MOTET_FIELD_LIST_MULTI, NULL);
        motet_form_add_field(x, NULL, MOTET_FIELD_FIXED, "note");

        assert_like(x,
                    "<x type='result'><field var='FORM_TYPE' type='hidden'>"
                    "<value>urn:test:result</value></field>"
                    "<field var='lines' type='text-multi'><value>one</value><value/>"
                    "<value>two &lt;&amp;amp;&gt;</value></field>"
                    "<field var='line' type='text-single'><value>a\"b'c]]&gt;</value></field>"
                    "<field var='both' type='list-multi'><value>1</value><value>2</value></field>"
                    "<field var='none' type='list-multi'/>"
                    "<field type='fixed'><value>note</value></field></x>");
        g_autofree char *text = motet_xml_string(message, "jabber:client");
        g_autoptr(MotetXml) again = motet_xml_parse(text, -1, "jabber:client", NULL);
        const MotetXml *back = motet_form_find(again, "result", "urn:test:result");
        g_autofree char *lines = motet_form_text(back, "lines");
        g_assert_cmpstr(lines, ==, "one\n\ntwo <&amp;>");
        g_assert_cmpstr(motet_form_value(back, "line"), ==, "a\"b'c]]>");
}

/* Reading */

static MotetXml *
parse(const char *content)
{
        g_autofree char *text = g_strdup_printf("<query xmlns='urn:test'>%s</query>", content);
        g_autoptr(GError) error = NULL;
        MotetXml *xml = motet_xml_parse(text, -1, NULL, &error);

        g_assert_no_error(error);
        return xml;
}

static void
test_a_form_is_found(void)
{
        g_autoptr(MotetXml) query =
                parse("<x xmlns='urn:other' type='submit'/>"
                      "<x xmlns='jabber:x:data' type='cancel'/>"
                      "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
                      "<value>a</value></field></x>"
                      "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
                      "<value>b</value></field><field var='n'><value>2</value></field></x>");
        const MotetXml *cancel = motet_form_find(query, NULL, NULL);

        g_assert_cmpstr(motet_xml_attr(cancel, "type"), ==, "cancel");
        g_assert_null(motet_form_find(query, "result", NULL));
        g_assert_null(motet_form_find(query, "submit", "c"));
        const MotetXml *a = motet_form_find(query, "submit", NULL);
        g_assert_cmpstr(motet_form_value(a, "FORM_TYPE"), ==, "a");
        g_assert_null(motet_form_value(a, "n"));
        const MotetXml *b = motet_form_find(query, "submit", "b");
        g_assert_cmpstr(motet_form_value(b, "n"), ==, "2");
}

static void
test_values_are_read(void)
{
        g_autoptr(MotetXml) query =
                parse("<x xmlns='jabber:x:data' type='submit'>"
                      "<field var='yes'><value>1</value></field>"
                      "<field var='true'><value>true</value></field>"
                      "<field var='no'><value>0</value></field>"
                      "<field var='empty'><value/></field><field var='none'/>"
                      "<field var='lines'><value>a</value><value>b</value></field>"
                      "<field var='jids'><value>A@b/c</value><value>a@B/c</value><value>@</value>"
                      "<value>d@e</value></field></x>");
        const MotetXml *x = motet_form_find(query, "submit", NULL);
        g_auto(GStrv) lines = motet_form_values(x, "lines");
        g_auto(GStrv) nothing = motet_form_values(x, "nothing");
        g_auto(GStrv) jids = motet_form_jids(x, "jids");
        g_autofree char *text = motet_form_text(x, "lines");
        g_autofree char *all = g_strjoinv(" ", jids);

        g_assert_true(motet_form_bool(x, "yes", false) && motet_form_bool(x, "true", false));
        g_assert_false(motet_form_bool(x, "no", true));
        g_assert_true(motet_form_bool(x, "empty", true) && motet_form_bool(x, "none", true));
        g_assert_false(motet_form_bool(x, "nothing", false));
        g_assert_cmpstr(motet_form_value(x, "empty"), ==, "");
        g_assert_null(motet_form_value(x, "none"));
        g_assert_null(motet_form_value(NULL, "yes"));
        g_assert_cmpstr(text, ==, "a\nb");
        g_assert_null(motet_form_text(x, "nothing"));
        g_assert_cmpuint(g_strv_length(lines), ==, 2);
        g_assert_cmpuint(g_strv_length(nothing), ==, 0);
        g_assert_cmpstr(all, ==, "a@b/c d@e");
}

/* @content: fields beside a name. NULL: it is as it should be. */
static void
assert_checked(const char *content, const char *problem)
{
        g_autofree char *text =
                g_strdup_printf("<x xmlns='jabber:x:data' type='submit'>"
                                "<field var='FORM_TYPE'><value>urn:test:form</value></field>%s</x>",
                                content);
        g_autoptr(MotetXml) query = parse(text);
        g_autofree char *found = motet_form_check(motet_form_find(query, NULL, NULL), &form);

        g_assert_cmpstr(found, ==, problem);
}

#define NAME "<field var='name'><value>Romeo</value></field>"

static void
test_a_good_form(void)
{
        assert_checked(NAME, NULL);
        /* 3.2: what is not understood is ignored, and so is what is not sent back. */
        assert_checked(NAME "<field var='other'><value>x</value></field>"
                            "<field type='fixed'><value>x</value></field>",
                       NULL);
        assert_checked(NAME "<field var='story'><value>a</value><value/><value>c</value></field>"
                            "<field var='public' type='boolean'><value>0</value></field>"
                            "<field var='colour'><value>red</value></field>"
                            "<field var='colours'><value>red</value><value>blue</value></field>"
                            "<field var='friend'><value>a@b</value></field>"
                            "<field var='friends'><value>a@b</value><value>c@d/e</value></field>",
                       NULL);
        assert_checked(NAME "<field var='friend'><value/></field><field var='colour'/>"
                            "<field var='public'><value></value></field>",
                       NULL);
}

static void
test_what_is_required(void)
{
        assert_checked("", "the field \"name\" is required");
        assert_checked("<field var='name'/>", "the field \"name\" is required");
        assert_checked("<field var='name'><value/></field>", "the field \"name\" is required");
}

/* At each limit and one past it. */
static void
test_limits(void)
{
        g_autofree char *long_text = g_strnfill(MOTET_FORM_BYTES_MAX + 1, 'x');
        g_autoptr(GString) many = g_string_new(NAME "<field var='friends'>");

        assert_checked("<field var='name'><value>1234567890</value></field>", NULL);
        assert_checked("<field var='name'><value>12345678901</value></field>",
                       "the field \"name\" is too long");
        g_autofree char *too_long =
                g_strdup_printf(NAME "<field var='secret'><value>%s</value></field>", long_text);
        g_autofree char *long_enough = g_strdup_printf(
                NAME "<field var='secret'><value>%s</value></field>", long_text + 1);
        assert_checked(long_enough, NULL);
        assert_checked(too_long, "the field \"secret\" is too long");
        assert_checked(NAME "<field var='story'><value/><value/><value/></field>", NULL);
        assert_checked(NAME "<field var='story'><value/><value/><value/><value/></field>",
                       "the field \"story\" has too many values");
        assert_checked(NAME "<field var='secret'><value>a</value><value>b</value></field>",
                       "the field \"secret\" has too many values");
        for (unsigned i = 0; i < MOTET_FORM_VALUES_MAX; i++)
                g_string_append(many, "<value>a@b</value>");
        g_autofree char *enough = g_strconcat(many->str, "</field>", NULL);
        g_autofree char *one_more = g_strconcat(many->str, "<value>a@b</value></field>", NULL);
        assert_checked(enough, NULL);
        assert_checked(one_more, "the field \"friends\" has too many values");
}

static void
test_types(void)
{
        assert_checked(NAME "<field var='public'><value>yes</value></field>",
                       "the field \"public\" is neither true nor false");
        assert_checked(NAME "<field var='colour'><value>green</value></field>",
                       "the field \"colour\" is none of what was offered");
        assert_checked(NAME "<field var='colours'><value>red</value><value>x</value></field>",
                       "the field \"colours\" is none of what was offered");
        assert_checked(NAME "<field var='friend'><value>a@@b</value></field>",
                       "the field \"friend\" is no address");
        assert_checked(NAME "<field var='friends'><value>a@b</value><value>@</value></field>",
                       "the field \"friends\" is no address");
        assert_checked(NAME NAME, "the field \"name\" is there twice");
}

static void
assert_no_form(const char *content, const char *problem)
{
        g_autoptr(MotetXml) query = parse(content);
        g_autofree char *found = motet_form_check(motet_form_find(query, NULL, NULL), &empty_form);

        g_assert_cmpstr(found, ==, problem);
}

static void
test_another_form(void)
{
        g_autoptr(MotetXml) query = parse("<x xmlns='jabber:x:data' type='submit'>"
                                          "<field var='FORM_TYPE'><value>urn:other</value></field>"
                                          "</x>");
        g_autofree char *found = motet_form_check(motet_form_find(query, NULL, NULL), &form);

        g_assert_cmpstr(found, ==, "this is another form");
        assert_no_form("", "this is no form that was filled in");
        assert_no_form("<x xmlns='jabber:x:data'/>", "this is no form that was filled in");
        assert_no_form("<x xmlns='jabber:x:data' type='cancel'/>",
                       "this is no form that was filled in");
        assert_no_form("<x xmlns='jabber:x:data' type='submit'/>", NULL);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/form/a-form-is-offered", test_a_form_is_offered);
        g_test_add_func("/form/a-form-tells-what-is-set", test_a_form_tells_what_is_set);
        g_test_add_func("/form/a-result-is-built", test_a_result_is_built);
        g_test_add_func("/form/a-form-is-found", test_a_form_is_found);
        g_test_add_func("/form/values-are-read", test_values_are_read);
        g_test_add_func("/form/a-good-form", test_a_good_form);
        g_test_add_func("/form/what-is-required", test_what_is_required);
        g_test_add_func("/form/limits", test_limits);
        g_test_add_func("/form/types", test_types);
        g_test_add_func("/form/another-form", test_another_form);
        return g_test_run();
}
