/*
 * elf_start: which code of a shared object runs by opening and closing it.
 */
#pragma once

#include "core/elf_file.h"
#include "core/elf_image.h"

/**
 * elf_start_read:
 * @symbols: of the dynamic table
 * @code: of ElfCode, gets what is the object's own
 *
 * What compilers put into every object does not count: _init and _fini of section .init and .fini,
 * frame_dummy and __do_global_dtors_aux, and what sanitizers and coverage register themselves with.
 * They are told by their names; in a file that was stripped of those the first entry of each list
 * is taken for the compiler's, which puts one into both, when there are both.
 *
 * Returns: false when the file is damaged
 */
bool elf_start_read(const ElfImage *image, const ElfTable *symbols, GArray *code);
