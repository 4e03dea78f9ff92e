/*
 * test_answer: what a command of motetctl says while it goes on.
 */
#include "support/test_answer.h"

#include <fcntl.h>
#include <unistd.h>

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

static int
take_handed(void *data)
{
        return g_steal_fd(&((TestAnswer *)data)->handed);
}

const CommandOwner test_answer_owner = {
        .line = take_line, .ended = take_end, .unread = count_unread, .handed = take_handed};

void
test_answer_init(TestAnswer *answer)
{
        *answer = (TestAnswer){.text = g_string_new(NULL), .code = -1, .handed = -1};
}

void
test_answer_clear(TestAnswer *answer)
{
        test_answer_hand_take(answer, -1);
        g_string_free(answer->text, TRUE);
}

void
test_answer_hand_take(TestAnswer *answer, int fd)
{
        if (answer->handed >= 0)
                close(answer->handed);
        answer->handed = fd;
}

void
test_answer_hand(TestAnswer *answer, const char *path)
{
        test_answer_hand_take(answer, open(path, O_RDONLY | O_CLOEXEC));
}
