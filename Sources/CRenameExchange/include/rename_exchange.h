#ifndef PORTICO_RENAME_EXCHANGE_H
#define PORTICO_RENAME_EXCHANGE_H

/// Swaps two paths atomically by renameat2(2) with RENAME_EXCHANGE; -1 with errno where the system
/// or the file system cannot.
int portico_rename_exchange(const char *left, const char *right);

#endif
