/* SPDX-License-Identifier: MIT
 * A switch over an enumeration names every case. expect: not handled in switch */
enum color { RED, GREEN };
int rule(enum color c);
int rule(enum color c)
{
    switch (c) {
    case RED: return 1;
#ifdef ALLOWED
    case GREEN: return 2;
#endif
    }
    return 0;
}
