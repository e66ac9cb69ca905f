/* `maildoctor simulate` by itself, for clients.py. */
#include "command/simulate.h"

int main(int argc, char **argv)
{
    return simulate_main(argc, argv);
}
