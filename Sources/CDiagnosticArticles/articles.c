// The articles of Documentation.docc/Diagnostics, embedded one by one (C23 #embed), so that
// `portico explain` needs no file. RepositoryTests hold this list against the folder.
#include "articles.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char S001[] = {
#embed "../portico/Documentation.docc/Diagnostics/S001.md"
};
static const unsigned char S002[] = {
#embed "../portico/Documentation.docc/Diagnostics/S002.md"
};
static const unsigned char S003[] = {
#embed "../portico/Documentation.docc/Diagnostics/S003.md"
};
static const unsigned char S010[] = {
#embed "../portico/Documentation.docc/Diagnostics/S010.md"
};

static const struct {
  const char *code;
  const unsigned char *bytes;
  ptrdiff_t length;
} articles[] = {
    {"S001", S001, sizeof S001},
    {"S002", S002, sizeof S002},
    {"S003", S003, sizeof S003},
    {"S010", S010, sizeof S010},
};

const int portico_article_count = sizeof articles / sizeof articles[0];

static int is_known(ptrdiff_t index) { return index >= 0 && index < portico_article_count; }

const char *portico_article_code(ptrdiff_t index) {
  return is_known(index) ? articles[index].code : NULL;
}

const unsigned char *portico_article_bytes(ptrdiff_t index) {
  return is_known(index) ? articles[index].bytes : NULL;
}

ptrdiff_t portico_article_length(ptrdiff_t index) {
  return is_known(index) ? articles[index].length : 0;
}
