import Testing

@testable import Gateway

@Suite("Formats") struct ValueFormatTests {
  @Test(
    "holds",
    arguments: [
      (ValueFormat.dateTime, "2026-11-21T08:02:35Z", true),
      (.dateTime, "2026-11-21t08:02:35.123456+01:00", true), (.dateTime, "2026-11-21", false),
      (.dateTime, "1998-12-31T23:59:60Z", true), (.dateTime, "1998-12-31T22:59:60Z", false),
      (.dateTime, "1998-12-31T15:59:60-08:00", true), (.dateTime, "2026-02-29T00:00:00Z", false),
      (.dateTime, "2026-11-21T08:02:35", false), (.dateTime, "2026-11-21T24:00:00Z", false),
      (.date, "2024-02-29", true), (.date, "2023-02-29", false), (.date, "2023-13-01", false),
      (.date, "2023-1-01", false), (.time, "08:02:35Z", true), (.time, "08:02:35", false),
      (.time, "08:02:35.Z", false), (.email, "a.b+c@example.com", true), (.email, "a@b", true),
      (.email, ".a@b.c", false), (.email, "a..b@c.d", false), (.email, "a", false),
      (.email, "a@-b.c", false), (.uuid, "2eb8aa08-aa98-11ea-b4aa-73b441d16380", true),
      (.uuid, "2eb8aa08aa98-11ea-b4aa-73b441d16380", false),
      (.uri, "https://example.com:8080/a?b=c#d", true), (.uri, "urn:isbn:0451450523", true),
      (.uri, "/a", false), (.uri, "http://a b", false), (.uri, "http://[::1]:80/", true),
      (.uri, "http://example.com:port/", false), (.uri, "http://a/%zz", false),
      (.ipv4, "192.168.0.1", true), (.ipv4, "192.168.00.1", false), (.ipv4, "256.0.0.1", false),
      (.ipv4, "1.2.3", false), (.ipv6, "::1", true), (.ipv6, "::", true),
      (.ipv6, "1:2:3:4:5:6:7:8", true), (.ipv6, "1:2:3:4:5:6:7", false),
      (.ipv6, "::ffff:192.168.0.1", true), (.ipv6, "1::2::3", false),
      (.ipv6, "fe80::1%eth0", false),
      (.ipv6, "12345::", false), (.ipv6, ":1", false), (.hostname, "www.example.com", true),
      (.hostname, "-a.com", false), (.hostname, "a_b.com", false), (.hostname, "", false),
    ])
  func holds(format: ValueFormat, text: String, expected: Bool) {
    #expect(format.holds(text) == expected)
  }
}
