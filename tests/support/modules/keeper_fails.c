/*
 * keeper_fails: a keeper that does not load.
 */
#define KEEPER_CODE "fails"
#define KEEPER_FAILS
#include "keeper.c"
