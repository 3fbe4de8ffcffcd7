#ifndef PORTICO_ARTICLES_H
#define PORTICO_ARTICLES_H
#include <stddef.h>

/// Number of embedded articles.
extern const int portico_article_count;
/// Code of an article, NUL-terminated; NULL outside the range.
const char *portico_article_code(ptrdiff_t index);
/// Bytes of an article, not NUL-terminated; NULL outside the range.
const unsigned char *portico_article_bytes(ptrdiff_t index);
/// Length of an article in bytes.
ptrdiff_t portico_article_length(ptrdiff_t index);

#endif
