/*
 * former_two: declares a form that former has too, and another.
 */
#include <motet/module.h>

static const MotetDiscoField shared[] = {
        {"count", MOTET_FIELD_TEXT_SINGLE, MOTET_LIST("99")},
        {"more", MOTET_FIELD_TEXT_SINGLE, MOTET_LIST("yes")},
        {0},
};

static const MotetDiscoField fields[] = {
        {"alone", MOTET_FIELD_TEXT_SINGLE, MOTET_LIST("here")},
        {0},
};

static const MotetDiscoForm forms[] = {{"urn:test:two", fields}, {"urn:test:one", shared}, {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "former_two",
        .summary = "Test forms of two modules",
        .depends = MOTET_LIST("former"),
        .forms = forms,
};
