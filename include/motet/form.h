/*
 * form: data forms that a module offers or answers with; form-submit.h reads what comes back.
 *
 * The core knows no forms: these are functions of the module that uses them, over xml.h. Texts are
 * given as they are: what XML needs escaped is escaped when the stanza is written.
 *
 * Source: XEP-0004 section 3, XEP-0068.
 */
#pragma once

#include <motet/field.h>
#include <motet/xml.h>

#include <string.h>

G_BEGIN_DECLS

#define MOTET_NS_FORM "jabber:x:data" /* XEP-0004 section 3 */
/** MOTET_FORM_TYPE: the field that says what a form is about */
#define MOTET_FORM_TYPE "FORM_TYPE"

/** MotetFormChoice: one of what a list's field offers. */
typedef struct {
        const char *value; /* NULL ends a table */
        const char *label; /* for people; NULL: the value */
} MotetFormChoice;

/** MotetFormField: one row of a MotetForm. Compiled into its module, so rows may grow. */
typedef struct {
        const char *var; /* its name; NULL ends a table. Of a FIXED one any text that is not told */
        MotetFieldType type;            /* what it holds */
        const char *label;              /* for people; NULL for none */
        bool required;                  /* must have a value that is not empty */
        const MotetFormChoice *choices; /* of LIST_SINGLE and LIST_MULTI; NULL: anything goes */
        const char *const *values;      /* to start with, NULL-terminated; NULL for none */
        size_t max_bytes;               /* of one value; 0: MOTET_FORM_BYTES_MAX */
        unsigned max_values;            /* where there may be several; 0: MOTET_FORM_VALUES_MAX */
} MotetFormField;

/** MotetForm: a form that users fill in: offered with motet_form_offer(), read with
 * motet_form_check(). */
typedef struct {
        const char *form_type;        /* FORM_TYPE; NULL for none */
        const char *title;            /* for people; NULL for none */
        const char *instructions;     /* for people, without line feeds; NULL for none */
        const MotetFormField *fields; /* ended by a row of 0 */
} MotetForm;

/**
 * motet_field_type_name:
 * @type: one of the types of field.h; what a later server has beyond them counts as TEXT_SINGLE
 *
 * Returns: (borrowed) a constant: "text-single"
 *
 * Source: XEP-0004 section 3.3
 */
static inline const char *
motet_field_type_name(MotetFieldType type)
{
        static const char *const names[MOTET_N_FIELD_TYPES] = {
                [MOTET_FIELD_TEXT_SINGLE] = "text-single",
                [MOTET_FIELD_TEXT_MULTI] = "text-multi",
                [MOTET_FIELD_TEXT_PRIVATE] = "text-private",
                [MOTET_FIELD_BOOLEAN] = "boolean",
                [MOTET_FIELD_LIST_SINGLE] = "list-single",
                [MOTET_FIELD_LIST_MULTI] = "list-multi",
                [MOTET_FIELD_JID_SINGLE] = "jid-single",
                [MOTET_FIELD_JID_MULTI] = "jid-multi",
                [MOTET_FIELD_HIDDEN] = "hidden",
                [MOTET_FIELD_FIXED] = "fixed",
        };

        return names[(unsigned)type < MOTET_N_FIELD_TYPES ? type : MOTET_FIELD_TEXT_SINGLE];
}

/**
 * motet_form_add_field:
 * @form: from motet_form_add()
 * @var: its name; NULL for none, of a FIXED one
 * @type: what it holds
 * @value: (borrowed) NULL for none; of TEXT_MULTI each line becomes a value
 *
 * Returns: (borrowed) the field, for motet_form_add_value()
 */
static inline MotetXml *
motet_form_add_field(MotetXml *form, const char *var, MotetFieldType type, const char *value)
{
        MotetXml *field = motet_xml_add(form, "field", NULL);

        motet_xml_set_attr(field, "var", var);
        motet_xml_set_attr(field, "type", motet_field_type_name(type));
        if (!value)
                return field;
        if (type != MOTET_FIELD_TEXT_MULTI) {
                motet_xml_add_with_text(field, "value", NULL, value);
                return field;
        }
        for (const char *end = strchr(value, '\n'); end; end = strchr(value, '\n')) {
                motet_xml_add_text(motet_xml_add(field, "value", NULL), value, end - value);
                value = end + 1;
        }
        motet_xml_add_with_text(field, "value", NULL, value);
        return field;
}

/**
 * motet_form_add_value:
 * @field: from motet_form_add_field()
 * @value: (borrowed) copied
 *
 * Adds another value to a field that may have several.
 */
static inline void
motet_form_add_value(MotetXml *field, const char *value)
{
        motet_xml_add_with_text(field, "value", NULL, value);
}

/**
 * motet_form_add_values:
 * @form: from motet_form_add()
 * @var, @type: as for motet_form_add_field()
 * @values: (borrowed) NULL-terminated; NULL for none
 *
 * motet_form_add_field() with several values.
 *
 * Returns: (borrowed) the field
 */
static inline MotetXml *
motet_form_add_values(MotetXml *form, const char *var, MotetFieldType type,
                      const char *const *values)
{
        MotetXml *field = motet_form_add_field(form, var, type, NULL);

        for (; values && *values; values++)
                motet_form_add_value(field, *values);
        return field;
}

/**
 * motet_form_add:
 * @parent: what the form is put into: a <query/>, a <message/>
 * @type: "form" to be filled in, "result" to be read; a client's are "submit" and "cancel"
 * @form_type: FORM_TYPE; NULL for none
 *
 * Returns: (borrowed) a form without further fields
 */
static inline MotetXml *
motet_form_add(MotetXml *parent, const char *type, const char *form_type)
{
        MotetXml *form = motet_xml_add(parent, "x", MOTET_NS_FORM);

        motet_xml_set_attr(form, "type", type);
        if (form_type)
                motet_form_add_field(form, MOTET_FORM_TYPE, MOTET_FIELD_HIDDEN, form_type);
        return form;
}

/**
 * MotetFormValues:
 * @field: (borrowed) which
 *
 * Returns: (borrowed) what @field holds at present, ended by NULL, until the next call; NULL: its
 * own .values
 */
typedef const char *const *(*MotetFormValues)(const MotetFormField *field, void *data);

/**
 * motet_form_offer:
 * @parent: what the form is put into: a <query/>, a <message/>
 * @form: (borrowed) what is asked for
 * @values_of: what the fields hold at present; NULL: what their rows say
 * @data: handed to @values_of
 *
 * Adds a whole form of type "form" to @parent, to be filled in. Of TEXT_PRIVATE nothing is filled
 * in unless @values_of says it.
 *
 * Returns: (borrowed) the form
 */
static inline MotetXml *
motet_form_offer(MotetXml *parent, const MotetForm *form, MotetFormValues values_of, void *data)
{
        MotetXml *x = motet_form_add(parent, "form", NULL);

        if (form->title)
                motet_xml_add_with_text(x, "title", NULL, form->title);
        if (form->instructions)
                motet_xml_add_with_text(x, "instructions", NULL, form->instructions);
        if (form->form_type)
                motet_form_add_field(x, MOTET_FORM_TYPE, MOTET_FIELD_HIDDEN, form->form_type);
        for (const MotetFormField *row = form->fields; row && row->var; row++) {
                const char *const *values = values_of ? values_of(row, data) : NULL;
                MotetXml *field =
                        motet_form_add_values(x, row->type == MOTET_FIELD_FIXED ? NULL : row->var,
                                              row->type, values ? values : row->values);
                motet_xml_set_attr(field, "label", row->label);
                if (row->required)
                        motet_xml_add(field, "required", NULL);
                for (const MotetFormChoice *choice = row->choices; choice && choice->value;
                     choice++) {
                        MotetXml *option = motet_xml_add(field, "option", NULL);
                        motet_xml_set_attr(option, "label", choice->label);
                        motet_xml_add_with_text(option, "value", NULL, choice->value);
                }
        }
        return x;
}

G_END_DECLS
