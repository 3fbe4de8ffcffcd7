// JOSE on OpenSSL's EVP: keys, key sets, signing, verification, the cache of verified tokens. Pure
// but for OpenSSL: bytes come from whoever fetches, time from whoever asks.
//
// `SigningKey` makes tokens. `TokenVerifier` decides on one by an `IssuerProfile` and a `KeySet`.
// `IssuerKeys` keeps the key set of a remote issuer fresh, by the rules of `KeySetRefresh`.
// `VerifiedTokenCache` remembers what was verified; `RevocationCheck` is asked at every use.
