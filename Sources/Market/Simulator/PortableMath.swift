/// Mathematics from + − × ÷ and √ alone, which IEEE 754 rounds the same everywhere: the C library's
/// `exp` and `log` differ in the last bit between systems, and a golden price must not.
enum PortableMath {
  /// e to the power of x, for |x| below 700.
  static func exp(_ x: Double) -> Double {
    let k = (x / 0.6931471805599453).rounded()
    // The logarithm of two in two parts, so that the difference keeps its digits.
    let r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10
    var term = 1.0
    var sum = 1.0
    for n in 1...14 {
      term = term * r / Double(n)
      sum += term
    }
    return sum * Double(sign: .plus, exponent: Int(k), significand: 1)
  }

  /// The natural logarithm of a positive number.
  static func log(_ x: Double) -> Double {
    var m = x.significand
    var e = Double(x.exponent)
    if m > 1.4142135623730951 {
      m /= 2
      e += 1
    }
    let z = (m - 1) / (m + 1)
    let square = z * z
    var power = z
    var sum = z
    for n in stride(from: 3.0, through: 27, by: 2) {
      power *= square
      sum += power / n
    }
    return 2 * sum + e * 0.6931471805599453
  }

  /// The value below which a standard normal variable stays with that probability, to about 1e-9
  /// (the rational approximation of P. J. Acklam).
  static func normalQuantile(_ p: Double) -> Double {
    if p < 0.02425 { return tail((-2 * log(p)).squareRoot()) }
    if p > 1 - 0.02425 { return -tail((-2 * log(1 - p)).squareRoot()) }
    let q = p - 0.5
    let r = q * q
    // Horner's rule step by step: an array of coefficients would be made anew for every second of a
    // year's chart.
    var above = -3.969683028665376e+01
    above = above * r + 2.209460984245205e+02
    above = above * r - 2.759285104469687e+02
    above = above * r + 1.383577518672690e+02
    above = above * r - 3.066479806614716e+01
    above = above * r + 2.506628277459239e+00
    var below = -5.447609879822406e+01
    below = below * r + 1.615858368580409e+02
    below = below * r - 1.556989798598866e+02
    below = below * r + 6.680131188771972e+01
    below = below * r - 1.328068155288572e+01
    below = below * r + 1
    return above * q / below
  }

  private static func tail(_ q: Double) -> Double {
    var above = -7.784894002430293e-03
    above = above * q - 3.223964580411365e-01
    above = above * q - 2.400758277161838e+00
    above = above * q - 2.549732539343734e+00
    above = above * q + 4.374664141464968e+00
    above = above * q + 2.938163982698783e+00
    var below = 7.784695709041462e-03
    below = below * q + 3.224671290700398e-01
    below = below * q + 2.445134137142996e+00
    below = below * q + 3.754408661907416e+00
    below = below * q + 1
    return above / below
  }
}

/// Random numbers by their place instead of by their order: the number of a node of the tree is a
/// function of seed, stream and place, so that any moment can be asked for alone.
struct CounterGenerator: Sendable, Hashable {
  private let key: UInt64

  /// A generator of its own for every seed and text.
  init(seed: UInt64, stream: String) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    key = Self.mix(Self.mix(seed) ^ hash)
  }

  /// SplitMix64's finaliser (Steele, Lea, Flood 2014).
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 64 bits for a place.
  func bits(level: Int, index: Int) -> UInt64 {
    Self.mix(Self.mix(key ^ UInt64(bitPattern: Int64(level))) ^ UInt64(bitPattern: Int64(index)))
  }

  /// A number strictly between 0 and 1.
  func uniform(level: Int, index: Int) -> Double {
    (Double(bits(level: level, index: index) >> 12) + 0.5) / 4_503_599_627_370_496
  }

  /// A normal number, cut off at three standard deviations: what bounds the path between two
  /// moments, and so makes its extremes findable without visiting every second.
  func normal(level: Int, index: Int) -> Double {
    let value = PortableMath.normalQuantile(uniform(level: level, index: index))
    return min(Self.normalMost, max(-Self.normalMost, value))
  }

  static let normalMost = 3.0
}
