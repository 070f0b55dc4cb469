// SPDX-License-Identifier: MIT
// lorica-worker: what needs pixels or models, kept out of the server's process. `lorica` starts it.
#include <locale.h>
#include <signal.h>

#include "cmdline/cmdline.h"
#include "worker/worker.h"

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8"); // file names are UTF-8 to libvips; LC_NUMERIC stays C
    signal(SIGPIPE, SIG_IGN);       // a reader that goes away is an error return, not the end of the program
    return lrc_cmdline_finish(lrc_worker_main(argc, argv));
}
