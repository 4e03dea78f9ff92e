/*
 * keeper_three: a keeper that does not understand the state of the first.
 */
#define KEEPER_CODE "3"
#define KEEPER_STATE 3
#include "keeper.c"
