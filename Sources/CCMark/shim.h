#if !__has_include(<cmark-gfm.h>)
#error "cmark-gfm.h is missing: run 'make setup', or install libcmark-gfm-dev and libcmark-gfm-extensions-dev"
#endif
#include <cmark-gfm.h>
#if !__has_include(<cmark-gfm-core-extensions.h>)
#error "cmark-gfm-core-extensions.h is missing: run 'make setup', or install libcmark-gfm-dev and libcmark-gfm-extensions-dev"
#endif
#include <cmark-gfm-core-extensions.h>
#if !__has_include(<cmark-gfm-extension_api.h>)
#error "cmark-gfm-extension_api.h is missing: run 'make setup', or install libcmark-gfm-dev and libcmark-gfm-extensions-dev"
#endif
#include <cmark-gfm-extension_api.h>
