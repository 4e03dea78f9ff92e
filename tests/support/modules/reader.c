/*
 * reader: has an option of each type, and says what it reads.
 */
#include <inttypes.h>
#include <motet/command.h>
#include <motet/module.h>
#include <string.h>

static void
print_list(const MotetModule *self, MotetCommand *command, const char *key)
{
        g_autofree char *joined = g_strjoinv(" ", (char **)motet_option_list(self, key));

        motet_command_print(command, "%s: [%s]", key, joined);
}

static void
print_text(const MotetModule *self, MotetCommand *command, const char *key)
{
        const char *text = motet_option_string(self, key);

        motet_command_print(command, "%s: %s", key, text ? text : "unset");
}

static void
print_number(const MotetModule *self, MotetCommand *command, const char *key)
{
        motet_command_print(command, "%s: %" PRId64, key, motet_option_int(self, key));
}

static void
read_all(MotetModule *self, MotetCommand *command)
{
        static const char *const numbers[] = {"count", "size", "pause"};
        static const char *const texts[] = {"text", "word", "file", "jid", "domain", "address"};
        static const char *const lists[] = {"words", "some",    "numbers",
                                            "jids",  "domains", "addresses"};
        const char *secret = motet_option_secret(self, "secret");

        motet_command_print(command, "flag: %d", motet_option_bool(self, "flag"));
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                print_number(self, command, numbers[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                print_text(self, command, texts[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                print_list(self, command, lists[i]);
        motet_command_print(command, "secret of %zu bytes", secret ? strlen(secret) : 0);
        motet_command_finish(command, NULL);
}

static const MotetOption options[] = {
        {"flag", MOTET_OPTION_BOOL, "true", 0, 0, NULL, "Whether."},
        {"count", MOTET_OPTION_INT, "-5", -10, 10, NULL, "How many."},
        {"size", MOTET_OPTION_SIZE, "1 KiB", 0, 0, NULL, "How much."},
        {"pause", MOTET_OPTION_DURATION, "250ms", 0, 0, NULL, "How long."},
        {"text", MOTET_OPTION_STRING, NULL, 1, 100, NULL, "What."},
        {"word", MOTET_OPTION_ENUM, "one", 0, 0, MOTET_LIST("one", "two"), "Which."},
        {"words", MOTET_OPTION_LIST, NULL, 1, 100, NULL, "Which ones."},
        {"some", MOTET_OPTION_LIST, "[b]", 0, 0, MOTET_LIST("a", "b"), "Some of these."},
        {"numbers", MOTET_OPTION_INTS, "[1, 2]", 0, 9, NULL, "Which numbers."},
        {"file", MOTET_OPTION_PATH, "reader.db", 0, 0, NULL, "Where on disk."},
        {"jid", MOTET_OPTION_JID, NULL, 0, 0, NULL, "Who."},
        {"domain", MOTET_OPTION_DOMAIN, NULL, 0, 0, NULL, "Whose."},
        {"address", MOTET_OPTION_ADDRESS, "\"::1\"", 0, 0, MOTET_LIST("any"), "Where."},
        {"jids", MOTET_OPTION_JIDS, NULL, 0, 0, NULL, "Who all."},
        {"domains", MOTET_OPTION_DOMAINS, NULL, 0, 0, NULL, "Whose all."},
        {"addresses", MOTET_OPTION_ADDRESSES, NULL, 0, 0, NULL, "Where all."},
        {"secret", MOTET_OPTION_SECRET, NULL, 1, 100, NULL, "A word that is told nobody."},
        {0},
};

static const MotetArg args[] = {{"host", MOTET_ARG_HOST, false}, {0}};

static const MotetCommandDecl commands[] = {
        {"reader read", args, "print what is set", read_all},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "reader",
        .summary = "Test options of each type",
        .options = options,
        .commands = commands,
};
