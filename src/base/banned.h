// SPDX-License-Identifier: MIT
// banned.h - calls that this program never makes, as compile errors. Included before every source file by the build.
//
// strcpy, strcat, sprintf and gets write without a limit; strtok, localtime, gmtime, rand share hidden state; atoi and
// friends cannot report an error; strcasecmp, isspace, tolower depend on the locale; system and popen start a shell
// (only proc/ starts processes); mktemp and tmpnam race.
#ifndef LRC_BASE_BANNED_H
#define LRC_BASE_BANNED_H

// The headers that declare them come first, so that the poison does not hit a declaration.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atoll atof
#pragma GCC poison localtime gmtime ctime asctime srand random
#pragma GCC poison system popen mktemp tmpnam tempnam
#pragma GCC poison strcasecmp strncasecmp

// `rand` is also the name of a parameter in OpenSSL's headers: tools/check-banned looks for that one.

#endif
