/* SPDX-License-Identifier: MIT
 * A case that falls through says so. expect: unannotated fall-through */
int rule(int c);
int rule(int c)
{
    int sum = 0;
    switch (c) {
    case 1:
        sum = 1;
#ifdef ALLOWED
        [[fallthrough]];
#endif
    case 2:
        sum += 2;
        break;
    default:
        break;
    }
    return sum;
}
