/*
 * no_symbol: a shared object that is no module.
 */
extern int nothing_of_interest;
__attribute__((visibility("default"))) int nothing_of_interest = 1;
