/* Included before every source file by the compiler's command line. Calls that make output depend
 * on the machine, the moment or the locale, or that have a safe twin, do not compile; the one file
 * that is a call's door says so with an #undef of that name at its top. */
#pragma once

#include <dirent.h>
#include <glib.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#define BANNED(name) banned_##name##_see_base_banned_h

/* clang-format off */
#undef strcpy
#define strcpy BANNED(strcpy)
#undef strcat
#define strcat BANNED(strcat)
#undef strncpy
#define strncpy BANNED(strncpy)
#undef sprintf
#define sprintf BANNED(sprintf)
#undef vsprintf
#define vsprintf BANNED(vsprintf)
#undef strtok
#define strtok BANNED(strtok)
#undef atoi
#define atoi BANNED(atoi)
#undef atol
#define atol BANNED(atol)
#undef system
#define system BANNED(system)
#undef popen
#define popen BANNED(popen)
#undef rand
#define rand BANNED(rand)
#undef srand
#define srand BANNED(srand)
#undef setlocale
#define setlocale BANNED(setlocale)
#undef getpwnam
#define getpwnam BANNED(getpwnam)
#undef getpwuid
#define getpwuid BANNED(getpwuid)
#undef gmtime
#define gmtime BANNED(gmtime)
#undef localtime
#define localtime BANNED(localtime)
#undef ctime
#define ctime BANNED(ctime)
#undef asctime
#define asctime BANNED(asctime)
#define g_utf8_collate BANNED(g_utf8_collate)
#define g_random_int BANNED(g_random_int)
#define g_random_int_range BANNED(g_random_int_range)
#define g_uuid_string_random BANNED(g_uuid_string_random)
#define g_get_user_name BANNED(g_get_user_name)
#define g_get_real_name BANNED(g_get_real_name)
#define g_get_host_name BANNED(g_get_host_name)

/* Door: clock.c. */
#undef time
#define time(...) BANNED(time)
#define gettimeofday BANNED(gettimeofday)
#define clock_gettime BANNED(clock_gettime)
#define g_get_real_time BANNED(g_get_real_time)
#define g_get_monotonic_time BANNED(g_get_monotonic_time)
#define g_date_time_new_now BANNED(g_date_time_new_now)
#define g_date_time_new_now_utc BANNED(g_date_time_new_now_utc)
#define g_date_time_new_now_local BANNED(g_date_time_new_now_local)

/* Door: sorted.c. */
#undef readdir
#define readdir BANNED(readdir)
#define g_dir_read_name BANNED(g_dir_read_name)
#define g_hash_table_iter_init BANNED(g_hash_table_iter_init)
#define g_hash_table_iter_next BANNED(g_hash_table_iter_next)
#define g_hash_table_foreach BANNED(g_hash_table_foreach)
#define g_hash_table_get_keys BANNED(g_hash_table_get_keys)
#define g_hash_table_get_values BANNED(g_hash_table_get_values)
#define g_hash_table_get_keys_as_array BANNED(g_hash_table_get_keys_as_array)
#define g_hash_table_get_keys_as_ptr_array BANNED(g_hash_table_get_keys_as_ptr_array)
#define g_hash_table_get_values_as_ptr_array BANNED(g_hash_table_get_values_as_ptr_array)

/* Door: auth.c, cmd_build.c, cmd_run.c, output.c, sources.c, stages_dir.c, trust.c. */
#undef getenv
#define getenv BANNED(getenv)
#define g_getenv BANNED(g_getenv)

/* Door: log.c, and commands through output.c. */
#undef printf
#define printf BANNED(printf)
#undef puts
#define puts BANNED(puts)
#define g_print BANNED(g_print)
#define g_printerr BANNED(g_printerr)

/* Door: process.c. */
#define g_spawn_sync BANNED(g_spawn_sync)
#define g_spawn_async BANNED(g_spawn_async)
#define g_spawn_command_line_sync BANNED(g_spawn_command_line_sync)
#define g_spawn_command_line_async BANNED(g_spawn_command_line_async)
/* clang-format on */
