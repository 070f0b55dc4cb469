// SPDX-License-Identifier: MIT
// Schoolbook arithmetic, as on paper. The numbers have a handful of digits; only a strange request has more.
#include "train/digits.h"

#include <string.h>

int lrc_digits_compare(const char *a, const char *b)
{
    const size_t na = strlen(a), nb = strlen(b);
    if (na != nb)
        return na < nb ? -1 : 1;
    return strcmp(a, b);
}

static const char *without_leading_zeros(const char *s)
{
    while (s[0] == '0' && s[1])
        s++;
    return s;
}

void lrc_digits_add(lrc_buf *out, const char *a, const char *b)
{
    const size_t na = strlen(a), nb = strlen(b), n = (na > nb ? na : nb) + 1;
    lrc_auto_buf lrc_buf sum;
    lrc_buf_init(&sum, out->max);
    char *room = lrc_buf_room(&sum, n);
    int carry = 0;
    for (size_t i = 0; room && i < n; i++) { // i-th digit from the right
        const int digit = (i < na ? a[na - 1 - i] - '0' : 0) + (i < nb ? b[nb - 1 - i] - '0' : 0) + carry;
        room[n - 1 - i] = (char)('0' + digit % 10);
        carry = digit / 10;
    }
    if (room)
        lrc_buf_grew(&sum, n);
    else
        out->failed = sum.failed;
    lrc_buf_adds(out, without_leading_zeros(sum.data));
}

void lrc_digits_multiply(lrc_buf *out, const char *a, const char *b)
{
    const size_t na = strlen(a), nb = strlen(b), n = na + nb;
    lrc_auto_buf lrc_buf product;
    lrc_buf_init(&product, out->max);
    char *room = lrc_buf_room(&product, n);
    if (!room) {
        out->failed = product.failed;
        return;
    }
    memset(room, '0', n);
    for (size_t i = na; i-- > 0;) {
        int carry = 0;
        for (size_t j = nb; j-- > 0;) {
            const int digit = (a[i] - '0') * (b[j] - '0') + (room[i + j + 1] - '0') + carry;
            room[i + j + 1] = (char)('0' + digit % 10);
            carry = digit / 10;
        }
        room[i] = (char)('0' + carry);
    }
    lrc_buf_grew(&product, n);
    lrc_buf_adds(out, without_leading_zeros(product.data));
}

// rest -= b, where rest >= b.
static void subtract(lrc_buf *rest, const char *b)
{
    const size_t nr = rest->len, nb = strlen(b);
    int borrow = 0;
    for (size_t i = 0; i < nr; i++) {
        int digit = (rest->data[nr - 1 - i] - '0') - (i < nb ? b[nb - 1 - i] - '0' : 0) - borrow;
        borrow = digit < 0;
        rest->data[nr - 1 - i] = (char)('0' + (digit < 0 ? digit + 10 : digit));
    }
    lrc_buf_consume(rest, (size_t)(without_leading_zeros(rest->data) - rest->data));
}

void lrc_digits_divide(lrc_buf *out, const char *a, const char *b)
{
    lrc_buf rest, quotient;
    lrc_buf_init(&rest, out->max);
    lrc_buf_init(&quotient, out->max);
    for (const char *p = a; *p; p++) {
        if (strcmp(rest.data, "0") == 0)
            lrc_buf_truncate(&rest, 0);
        lrc_buf_addc(&rest, *p);
        char digit = '0';
        for (; lrc_digits_compare(rest.data, b) >= 0; digit++)
            subtract(&rest, b);
        lrc_buf_addc(&quotient, digit);
    }
    if (rest.failed || quotient.failed)
        out->failed = rest.failed ? rest.failed : quotient.failed;
    lrc_buf_adds(out, without_leading_zeros(quotient.data));
    lrc_buf_done(&rest);
    lrc_buf_done(&quotient);
}
