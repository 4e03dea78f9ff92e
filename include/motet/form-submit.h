/*
 * form-submit: data forms that somebody filled in: checked against what was asked for, then read.
 *
 * motet_form_find() finds the form in a stanza, motet_form_check() says whether it is what a
 * MotetForm asks for, and only then are its values read. As form.h: functions of the module that
 * uses them.
 *
 * Source: XEP-0004 sections 3.2 and 3.3, XEP-0068 section 3.
 */
#pragma once

#include <motet/form.h>
#include <motet/jid.h>

G_BEGIN_DECLS

#define MOTET_FORM_BYTES_MAX 1023 /* of a value whose row says nothing */
#define MOTET_FORM_VALUES_MAX 100 /* of a field whose row says nothing */

/**
 * motet_form_field:
 * @form: (borrowed) a form, or NULL
 * @var: the field's name; the functions below are alike
 *
 * Returns: (borrowed) the field of that name, NULL when there is none
 */
static inline const MotetXml *
motet_form_field(const MotetXml *form, const char *var)
{
        const MotetXml *field = form ? motet_xml_child(form, "field", MOTET_NS_FORM) : NULL;

        while (field && g_strcmp0(motet_xml_attr(field, "var"), var) != 0)
                field = motet_xml_next(field, "field", MOTET_NS_FORM);
        return field;
}

/**
 * motet_form_value:
 * @form: (borrowed) a form, or NULL
 * @var: the field's name
 *
 * Returns: (borrowed) the first value of a field; NULL when it has none; may be ""
 */
static inline const char *
motet_form_value(const MotetXml *form, const char *var)
{
        const MotetXml *field = motet_form_field(form, var);
        const MotetXml *value = field ? motet_xml_child(field, "value", MOTET_NS_FORM) : NULL;

        return value ? motet_xml_text(value) : NULL;
}

/**
 * motet_form_values:
 * @form: (borrowed) a form, or NULL
 * @var: the field's name
 *
 * Returns: (own) all values of a field, for g_strfreev(); none when it is not there
 */
static inline char **
motet_form_values(const MotetXml *form, const char *var)
{
        g_autoptr(GStrvBuilder) values = g_strv_builder_new();
        const MotetXml *field = motet_form_field(form, var);
        const MotetXml *value = field ? motet_xml_child(field, "value", MOTET_NS_FORM) : NULL;

        for (; value; value = motet_xml_next(value, "value", MOTET_NS_FORM))
                g_strv_builder_add(values, motet_xml_text(value));
        return g_strv_builder_end(values);
}

/**
 * motet_form_jids:
 * @form: (borrowed) a form, or NULL
 * @var: the field's name
 *
 * Returns: (own) the addresses of a JID_MULTI that are legal, prepared, each once (XEP-0004 3.3),
 * for g_strfreev(); none when it is not there
 */
static inline char **
motet_form_jids(const MotetXml *form, const char *var)
{
        g_auto(GStrv) values = motet_form_values(form, var);
        g_autoptr(GPtrArray) jids = g_ptr_array_new_with_free_func(g_free);

        for (char **value = values; *value; value++) {
                g_autoptr(MotetJid) jid = motet_jid_new(*value);
                if (jid && !g_ptr_array_find_with_equal_func(jids, motet_jid_string(jid),
                                                             g_str_equal, NULL))
                        g_ptr_array_add(jids, g_strdup(motet_jid_string(jid)));
        }
        g_ptr_array_add(jids, NULL);
        return (char **)g_ptr_array_steal(jids, NULL);
}

/**
 * motet_form_text:
 * @form: (borrowed) a form, or NULL
 * @var: the field's name
 *
 * Returns: (own) the values of a TEXT_MULTI as lines of one text, for g_free(); NULL when it is not
 * there
 */
static inline char *
motet_form_text(const MotetXml *form, const char *var)
{
        g_auto(GStrv) lines = motet_form_values(form, var);

        return motet_form_field(form, var) ? g_strjoinv("\n", lines) : NULL;
}

/**
 * motet_form_bool:
 * @form: (borrowed) a form, or NULL
 * @var: the field's name
 * @otherwise: the answer when it says nothing
 *
 * Returns: what a BOOLEAN says
 */
static inline bool
motet_form_bool(const MotetXml *form, const char *var, bool otherwise)
{
        const char *value = motet_form_value(form, var);

        if (!value || !*value)
                return otherwise;
        return strcmp(value, "1") == 0 || strcmp(value, "true") == 0;
}

/**
 * motet_form_find:
 * @parent: (borrowed) what the form is a child of
 * @type: "submit", "cancel", "form", "result"; NULL: any
 * @form_type: FORM_TYPE; NULL: any, or none
 *
 * Returns: (borrowed) the first such form, NULL when there is none
 */
static inline const MotetXml *
motet_form_find(const MotetXml *parent, const char *type, const char *form_type)
{
        const MotetXml *form = motet_xml_child(parent, "x", MOTET_NS_FORM);

        for (; form; form = motet_xml_next(form, "x", MOTET_NS_FORM)) {
                if ((!type || g_strcmp0(motet_xml_attr(form, "type"), type) == 0) &&
                    (!form_type ||
                     g_strcmp0(motet_form_value(form, MOTET_FORM_TYPE), form_type) == 0))
                        return form;
        }
        return NULL;
}

/**
 * motet_form_is_choice:
 * @row: (borrowed) of a list
 * @value: (borrowed) what was chosen
 *
 * Returns: whether a row offers @value, or says nothing of what may be chosen
 */
static inline bool
motet_form_is_choice(const MotetFormField *row, const char *value)
{
        const MotetFormChoice *choice = row->choices;

        while (choice && choice->value && strcmp(choice->value, value) != 0)
                choice++;
        return !choice || choice->value;
}

/**
 * motet_form_value_problem:
 * @row: (borrowed) what the field is to be like
 * @value: (borrowed) one of its values
 *
 * Returns: (borrowed) a constant: what is wrong with the value: "is too long"; NULL when nothing is
 */
static inline const char *
motet_form_value_problem(const MotetFormField *row, const char *value)
{
        static const char *const booleans[] = {"0", "1", "false", "true", NULL};
        bool is_list = row->type == MOTET_FIELD_LIST_SINGLE || row->type == MOTET_FIELD_LIST_MULTI;

        if (strlen(value) > (row->max_bytes > 0 ? row->max_bytes : MOTET_FORM_BYTES_MAX))
                return "is too long";
        /* What is not required may be left empty. */
        if (!*value)
                return NULL;
        if (row->type == MOTET_FIELD_BOOLEAN && !g_strv_contains(booleans, value))
                return "is neither true nor false";
        if (is_list && !motet_form_is_choice(row, value))
                return "is none of what was offered";
        if (row->type != MOTET_FIELD_JID_SINGLE && row->type != MOTET_FIELD_JID_MULTI)
                return NULL;
        g_autoptr(MotetJid) jid = motet_jid_new(value);
        return jid ? NULL : "is no address";
}

/**
 * motet_form_field_problem:
 * @row: (borrowed) what the field is to be like
 * @form: (borrowed) a form that was filled in
 *
 * Returns: (borrowed) a constant: what is wrong with that field of @form: "is required"; NULL when
 * nothing is
 */
static inline const char *
motet_form_field_problem(const MotetFormField *row, const MotetXml *form)
{
        const MotetXml *field = motet_form_field(form, row->var), *other = field;
        const MotetXml *value = field ? motet_xml_child(field, "value", MOTET_NS_FORM) : NULL;
        bool may_repeat = row->type == MOTET_FIELD_TEXT_MULTI ||
                          row->type == MOTET_FIELD_LIST_MULTI ||
                          row->type == MOTET_FIELD_JID_MULTI || row->type == MOTET_FIELD_HIDDEN;
        unsigned n = 0, max = row->max_values > 0 ? row->max_values : MOTET_FORM_VALUES_MAX;
        bool is_filled = false;

        while (other && (other = motet_xml_next(other, "field", MOTET_NS_FORM)))
                if (g_strcmp0(motet_xml_attr(other, "var"), row->var) == 0)
                        return "is there twice";
        for (; value; value = motet_xml_next(value, "value", MOTET_NS_FORM)) {
                const char *text = motet_xml_text(value);
                const char *problem = motet_form_value_problem(row, text);
                if (problem)
                        return problem;
                if (++n > (may_repeat ? max : 1))
                        return "has too many values";
                is_filled = is_filled || *text;
        }
        return row->required && !is_filled ? "is required" : NULL;
}

/**
 * motet_form_check:
 * @submitted: (borrowed) a form of type "submit"; NULL counts as none
 * @form: what was asked for
 *
 * Whether @submitted is what @form asks for: its type, its FORM_TYPE where it has one, and of each
 * field that @form has the type, the number and length of its values, and what may be chosen.
 * Fields that @form does not have are ignored, as XEP-0004 3.2 asks; FIXED ones are not sent back.
 *
 * Returns: (own) NULL when it is; else what is wrong, for the text of MOTET_BAD_REQUEST or
 *   MOTET_NOT_ACCEPTABLE: "the field \"age\" is required"
 */
static inline char *
motet_form_check(const MotetXml *submitted, const MotetForm *form)
{
        const char *form_type = motet_form_value(submitted, MOTET_FORM_TYPE);

        if (!submitted || g_strcmp0(motet_xml_attr(submitted, "type"), "submit") != 0)
                return g_strdup("this is no form that was filled in");
        if (form_type && form->form_type && strcmp(form_type, form->form_type) != 0)
                return g_strdup("this is another form");
        for (const MotetFormField *row = form->fields; row && row->var; row++) {
                const char *problem = row->type == MOTET_FIELD_FIXED
                                              ? NULL
                                              : motet_form_field_problem(row, submitted);
                if (problem)
                        return g_strdup_printf("the field \"%s\" %s", row->var, problem);
        }
        return NULL;
}

G_END_DECLS
