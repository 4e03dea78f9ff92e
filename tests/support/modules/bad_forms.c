/*
 * bad_forms: tables that are wrong in each way.
 */
#include <motet/module.h>

static const MotetOption options[] = {
        {"password", MOTET_OPTION_SECRET, NULL, 0, 0, NULL, "A word."},
        {"pause", MOTET_OPTION_DURATION, "5m", 0, 0, NULL, "How long."},
        {0},
};

static const MotetDiscoField fields[] = {
        {"", MOTET_FIELD_TEXT_SINGLE, MOTET_LIST("a")},
        {"FORM_TYPE", MOTET_FIELD_HIDDEN, MOTET_LIST("a")},
        {"twice", MOTET_FIELD_TEXT_SINGLE, MOTET_LIST("a")},
        {"twice", MOTET_FIELD_TEXT_SINGLE, MOTET_LIST("b")},
        {"odd", MOTET_N_FIELD_TYPES, MOTET_LIST("a")},
        {"nothing", MOTET_FIELD_TEXT_SINGLE},
        {"both", MOTET_FIELD_TEXT_SINGLE, MOTET_LIST("a"), "pause"},
        {"misspelt", MOTET_FIELD_TEXT_SINGLE, NULL, "puase"},
        {"secret", MOTET_FIELD_TEXT_SINGLE, NULL, "password"},
        {"time", MOTET_FIELD_TEXT_SINGLE, NULL, "pause"},
        {0},
};

static const MotetDiscoField none[] = {{0}};

static const MotetDiscoForm forms[] = {
        {"urn:test:bad", fields},
        {"", fields},
        {"urn:test:none", none},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "bad_forms",
        .summary = "Test what is wrong with forms",
        .options = options,
        .forms = forms,
};
