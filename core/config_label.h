/*
 * config_label: one label of a domain, judged by IDNA 2008.
 */
#pragma once

#include "core/finding_ids.h"

typedef struct {
        char *text;       /* as written */
        char *unicode;    /* decoded and prepared; as written when it is neither */
        char *ascii;      /* as DNS has it; NULL when it has no such form */
        gunichar *points; /* of unicode */
        size_t n_points;
} ConfigLabel;

/** config_label_new: @text: (borrowed) UTF-8 without dots */
ConfigLabel *config_label_new(const char *text, size_t len);
void config_label_free(ConfigLabel *label);

/**
 * config_label_check:
 * @label: not empty
 * @problem_out: (own) "has ...", to follow the name
 * @hint_out: (own) or NULL
 *
 * Returns: whether there is something wrong with it, alone; then all three are set
 */
bool config_label_check(const ConfigLabel *label, FindingId *id_out, char **problem_out,
                        char **hint_out);
/** config_label_is_rtl: whether it makes its name a bidirectional one, RFC 5893 section 2 */
bool config_label_is_rtl(const ConfigLabel *label);
/** config_label_bidi_problem: which condition of RFC 5893 section 2 the label, not empty, does not
 * meet; NULL when it meets all */
const char *config_label_bidi_problem(const ConfigLabel *label);
