/*
 * keeper_two: a newer keeper, with another version of its state.
 */
#define KEEPER_CODE "2"
#define KEEPER_STATE 2
#include "keeper.c"
