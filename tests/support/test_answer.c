/*
 * test_answer: what a command of motetctl says while it goes on.
 */
#include "support/test_answer.h"

static void
take_line(void *data, const char *text)
{
        TestAnswer *answer = data;

        g_string_append_printf(answer->text, "%s\n", text);
}

static void
take_end(void *data, int exit_code, const char *error_text)
{
        TestAnswer *answer = data;

        g_assert_cmpint(answer->code, ==, -1);
        answer->code = exit_code;
        if (error_text)
                take_line(answer, error_text);
}

static int64_t
count_unread(void *data)
{
        return ((const TestAnswer *)data)->unread;
}

const CommandOwner test_answer_owner = {
        .line = take_line, .ended = take_end, .unread = count_unread};

void
test_answer_init(TestAnswer *answer)
{
        *answer = (TestAnswer){.text = g_string_new(NULL), .code = -1};
}

void
test_answer_clear(TestAnswer *answer)
{
        g_string_free(answer->text, TRUE);
}
