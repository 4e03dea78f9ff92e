/*
 * field: what a form's field may hold, and the forms that service discovery tells of a module.
 *
 * Forms that users fill in are built and read with form.h and form-submit.h.
 *
 * Source: XEP-0004 section 3.3, XEP-0068, XEP-0128.
 */
#pragma once

#include <motet/types.h>

/* Rows of the tables below end with a reserved field: one that leaves it out is right. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

G_BEGIN_DECLS

/** MotetFieldType: what a field holds. */
typedef enum {
        MOTET_FIELD_TEXT_SINGLE,  /* a line of text */
        MOTET_FIELD_TEXT_MULTI,   /* text of lines, each a value */
        MOTET_FIELD_TEXT_PRIVATE, /* as TEXT_SINGLE, not shown while it is typed */
        MOTET_FIELD_BOOLEAN,      /* "true", "false", "1" or "0" */
        MOTET_FIELD_LIST_SINGLE,  /* one of choices */
        MOTET_FIELD_LIST_MULTI,   /* some of choices */
        MOTET_FIELD_JID_SINGLE,   /* an address */
        MOTET_FIELD_JID_MULTI,    /* addresses, each once */
        MOTET_FIELD_HIDDEN,       /* not shown, sent back as it is */
        MOTET_FIELD_FIXED,        /* shown, not sent back */
        MOTET_N_FIELD_TYPES,      /* how many there are */
} MotetFieldType;

/**
 * MotetDiscoField: one row of a MotetDiscoForm's fields.
 *
 * Growth: the size of a row is fixed within a major number of MOTET_ABI, because rows of modules
 * built before are that far apart. What is added later uses the reserved field.
 */
typedef struct {
        const char *var;           /* its name, each once in a form; NULL ends a table */
        MotetFieldType type;       /* what it holds */
        const char *const *values; /* what is told; NULL: what .option is set to */
        const char *option;        /* of this module; of any type but DURATION, PATH and SECRET */
        const void *reserved;      /* NULL */
} MotetDiscoField;

/**
 * MotetDiscoForm: what service discovery tells beyond identities and features; one row of a
 * descriptor's .forms.
 *
 * A field without a value is left out, and so is a form without any field left. Forms of several
 * modules with one .form_type are told as one, in load order; of fields of one name the first is.
 *
 * Growth: as MotetDiscoField.
 */
typedef struct {
        const char *form_type; /* "http://jabber.org/network/serverinfo"; NULL ends a table */
        const MotetDiscoField *fields; /* at least one */
        bool account;                  /* of accounts' bare addresses instead of the host's */
        const void *reserved;          /* NULL */
} MotetDiscoForm;

G_END_DECLS
