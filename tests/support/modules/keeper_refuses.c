/*
 * keeper_refuses: a keeper that does not take the state over.
 */
#define KEEPER_CODE "refuses"
#define KEEPER_REFUSES
#include "keeper.c"
