/*
 * keeper_never: a keeper that cannot be replaced.
 */
#define KEEPER_CODE "never"
#define KEEPER_REPLACE MOTET_REPLACE_NEVER
#include "keeper.c"
