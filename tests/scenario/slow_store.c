// LD_PRELOAD for scenarios: every opening of a layer's file takes SLOW_STORE_MS, as on a disk that is worn out or far away.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void delay(const char* path) {
  const char* ms = getenv("SLOW_STORE_MS");
  if (ms == NULL || strstr(path, "/layers/") == NULL) return;
  const long wait = atol(ms);
  const struct timespec time = {wait / 1000, wait % 1000 * 1000000};
  nanosleep(&time, NULL);
}

#define SLOW(name)                                                                          \
  int name(const char* path, int flags, ...) {                                              \
    static int (*next)(const char*, int, mode_t);                                           \
    if (next == NULL) next = (int (*)(const char*, int, mode_t))dlsym(RTLD_NEXT, #name);    \
    va_list rest;                                                                           \
    va_start(rest, flags);                                                                  \
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;           \
    va_end(rest);                                                                           \
    delay(path);                                                                            \
    return next(path, flags, mode);                                                         \
  }

SLOW(open)
SLOW(open64)
