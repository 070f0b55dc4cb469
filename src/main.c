// SPDX-License-Identifier: MIT
// lorica: server, command line and job runner. Links no decoder, no model runtime and no BLAS; see lorica-worker.
#include <locale.h>
#include <signal.h>

#include "cli/cli.h"
#include "cmdline/cmdline.h"

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8"); // libarchive loses non-ASCII names without it; LC_NUMERIC stays C
    signal(SIGPIPE, SIG_IGN);       // a reader that goes away is an error return, not the end of the program
    return lrc_cmdline_finish(lrc_cli_main(argc, argv));
}
