#if !__has_include(<openssl/evp.h>)
#error "openssl/evp.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/evp.h>
#if !__has_include(<openssl/sha.h>)
#error "openssl/sha.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/sha.h>
#if !__has_include(<openssl/hmac.h>)
#error "openssl/hmac.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/hmac.h>
#if !__has_include(<openssl/rand.h>)
#error "openssl/rand.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/rand.h>
#if !__has_include(<openssl/rsa.h>)
#error "openssl/rsa.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/rsa.h>
#if !__has_include(<openssl/ec.h>)
#error "openssl/ec.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/ec.h>
#if !__has_include(<openssl/ecdsa.h>)
#error "openssl/ecdsa.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/ecdsa.h>
#if !__has_include(<openssl/bn.h>)
#error "openssl/bn.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/bn.h>
#if !__has_include(<openssl/core_names.h>)
#error "openssl/core_names.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/core_names.h>
#if !__has_include(<openssl/param_build.h>)
#error "openssl/param_build.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/param_build.h>
#if !__has_include(<openssl/crypto.h>)
#error "openssl/crypto.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/crypto.h>
#if !__has_include(<openssl/kdf.h>)
#error "openssl/kdf.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/kdf.h>
#if !__has_include(<openssl/err.h>)
#error "openssl/err.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/err.h>
#if !__has_include(<openssl/pem.h>)
#error "openssl/pem.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/pem.h>
#if !__has_include(<openssl/x509.h>)
#error "openssl/x509.h is missing: run 'make setup', or install libssl-dev"
#endif
#include <openssl/x509.h>
