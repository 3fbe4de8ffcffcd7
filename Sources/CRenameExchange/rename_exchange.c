// Swift's Glibc overlay does not show renameat2, which glibc declares only under _GNU_SOURCE.
#define _GNU_SOURCE
#include "rename_exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int portico_rename_exchange(const char *left, const char *right) {
#ifdef RENAME_EXCHANGE
  return renameat2(AT_FDCWD, left, AT_FDCWD, right, RENAME_EXCHANGE);
#else
  errno = ENOSYS;
  return -1;
#endif
}
