#if !__has_include(<brotli/encode.h>)
#error "brotli/encode.h is missing: run 'make setup', or install libbrotli-dev"
#endif
#include <brotli/encode.h>
