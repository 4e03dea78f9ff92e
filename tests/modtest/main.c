/*
 * main: the program motet-modtest. Tests of a module compile it with the sanitizers that the module
 * is compiled with.
 */
#include <motet/modtest.h>

int
main(int argc, char **argv)
{
        return modtest_main(argc, argv);
}
