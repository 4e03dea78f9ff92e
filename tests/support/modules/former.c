/*
 * former: declares forms for service discovery, with values of its own and of options of each type
 * that is told.
 */
#include <motet/module.h>

static const MotetOption options[] = {
        {"flag", MOTET_OPTION_BOOL, "true", 0, 0, NULL, "Whether."},
        {"count", MOTET_OPTION_INT, "-5", -10, 10, NULL, "How many."},
        {"size", MOTET_OPTION_SIZE, "1 MiB", 0, 0, NULL, "How much."},
        {"text", MOTET_OPTION_STRING, NULL, 0, 100, NULL, "What."},
        {"word", MOTET_OPTION_ENUM, "one", 0, 0, MOTET_LIST("one", "two"), "Which."},
        {"words", MOTET_OPTION_LIST, NULL, 1, 100, NULL, "Which ones."},
        {"numbers", MOTET_OPTION_INTS, "[1, 2]", 0, 9, NULL, "Which numbers."},
        {"jid", MOTET_OPTION_JID, NULL, 0, 0, NULL, "Who."},
        {"jids", MOTET_OPTION_JIDS, NULL, 0, 0, NULL, "Who all."},
        {0},
};

static const MotetDiscoField fields[] = {
        {"own", MOTET_FIELD_TEXT_MULTI, MOTET_LIST("a<b", "c")},
        {"flag", MOTET_FIELD_BOOLEAN, NULL, "flag"},
        {"count", MOTET_FIELD_TEXT_SINGLE, NULL, "count"},
        {"size", MOTET_FIELD_TEXT_SINGLE, NULL, "size"},
        {"text", MOTET_FIELD_TEXT_SINGLE, NULL, "text"},
        {"word", MOTET_FIELD_LIST_SINGLE, NULL, "word"},
        {"words", MOTET_FIELD_LIST_MULTI, NULL, "words"},
        {"numbers", MOTET_FIELD_LIST_MULTI, NULL, "numbers"},
        {"jid", MOTET_FIELD_JID_SINGLE, NULL, "jid"},
        {"jids", MOTET_FIELD_JID_MULTI, NULL, "jids"},
        {0},
};

static const MotetDiscoField unset[] = {
        {"words", MOTET_FIELD_LIST_MULTI, NULL, "words"},
        {0},
};

static const MotetDiscoField account[] = {
        {"kind", MOTET_FIELD_TEXT_SINGLE, MOTET_LIST("account")},
        {0},
};

static const MotetDiscoForm forms[] = {
        {"urn:test:unset", unset},
        {"urn:test:one", fields},
        {"urn:test:account", account, true},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "former",
        .summary = "Test forms of service discovery",
        .options = options,
        .forms = forms,
};
