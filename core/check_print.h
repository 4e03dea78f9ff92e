/*
 * check_print: findings for people and for programs.
 */
#pragma once

#include "core/check.h"

/** check_print_text: each finding with its line of the file and a caret, then one line that says
 * how many there are; @config NULL when it could not be read */
void check_print_text(const ConfigFindings *findings, const Config *config, CheckPrint print,
                      void *data);
/** check_print_json: an array of objects with id, severity, file, line, column, message, hint; line
 * and column are 0 for a file as a whole, hint is null when there is none */
void check_print_json(const ConfigFindings *findings, CheckPrint print, void *data);
