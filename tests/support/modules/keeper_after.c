/*
 * keeper_after: a keeper that cannot run beside another.
 */
#define KEEPER_CODE "after"
#define KEEPER_REPLACE MOTET_REPLACE_AFTER
#include "keeper.c"
