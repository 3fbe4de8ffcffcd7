/// Why a token is refused; the texts go into challenges and hold nothing of the token.
///
/// The wording is that of the one text API Gateway's documentation shows ("the token does not have a
/// valid audience").
package enum TokenError: String, Error, Sendable, Hashable {
  case tooLong = "the token is too long"
  case malformed = "the token is malformed"
  case criticalHeader = "the token has a critical header that is not understood"
  case algorithm = "the token's algorithm is not allowed"
  case type = "the token does not have a valid type"
  case unknownKey = "the token's key is not known"
  case signature = "the token's signature is invalid"
  case claims = "the token's claims are malformed"
  case issuer = "the token does not have a valid issuer"
  case audience = "the token does not have a valid audience"
  case use = "the token is for another use"
  case expired = "the token has expired"
  case notYetValid = "the token is not valid yet"
  case tooOld = "the token was issued too long ago"
  case revoked = "the token has been revoked"
}
