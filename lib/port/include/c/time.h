/* SPDX-License-Identifier: MIT
 * Types that foreign headers name; no clock stands behind them. */
#pragma once
typedef long long time_t;
struct tm;
