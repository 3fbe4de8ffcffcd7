import Testing

@testable import AWS

@Suite("XML that AWS answers")
struct XMLReaderTests {
  private func events(_ text: String) throws -> [XMLReader.Event] {
    var reader = XMLReader(Array(text.utf8))
    var events: [XMLReader.Event] = []
    while let event = try reader.next() { events.append(event) }
    return events
  }

  @Test func `elements, text, references, attributes, comments`() throws {
    let found = try events(
      "<?xml version=\"1.0\"?>\n<a xmlns='x>y'><!-- <b> -->\n <b/><c>1 &lt; &#50; &#x33;&amp;</c></a>\n"
    )
    #expect(
      found == [
        .start("a"), .start("b"), .end("b"), .start("c"), .text("1 < 2 3&"), .end("c"), .end("a"),
      ])
  }

  @Test(
    "what is broken or dangerous is refused",
    arguments: [
      "<a>", "<a></b>", "<a><b></a></b>", "<a>&undefined;</a>", "<a>&</a>", "text", "<a",
      "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a><![CDATA[x]]></a>", "</a>", "<a>x</a",
      String(repeating: "<a>", count: 40), "<>", "<!-- ", "<a>&#xD800;</a>",
    ])
  func refused(text: String) {
    #expect(throws: XMLReader.Malformed.self) { try events(text) }
  }

  @Test func `escaping survives reading`() throws {
    let text = "a<b>&\"c'\u{1}\u{E9}"
    let read = try events("<a>\(XMLReader.escape(text))</a>")
    #expect(read[1] == .text("a<b>&\"c'\u{FFFD}\u{E9}"))
  }
}

@Suite("Listings")
struct ListPageTests {
  @Test func `keys are decoded only when the page says that they are encoded`() throws {
    let entry =
      "<Contents><Key>a%2Bb+c/%C3%A9</Key><ETag>&quot;x&quot;</ETag><Size>3</Size></Contents>"
    let encoded = try ListPage(
      xml: Array(
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\(entry)<NextContinuationToken>t&amp;1</NextContinuationToken></ListBucketResult>"
          .utf8))
    #expect(encoded.objects == [ListedObject(key: "a+b c/é", bytes: 3, eTag: "x")])
    #expect(encoded.nextToken == "t&1")
    let plain = try ListPage(
      xml: Array(
        "<ListBucketResult><IsTruncated>false</IsTruncated>\(entry)</ListBucketResult>".utf8))
    #expect(plain.objects[0].key == "a%2Bb+c/%C3%A9")
    #expect(plain.nextToken == nil)
  }

  @Test func `a page that is no listing is refused`() {
    #expect(throws: AWSError.self) { try ListPage(xml: Array("<html><body/></html>".utf8)) }
    #expect(throws: AWSError.self) { try ListPage(xml: Array("hello".utf8)) }
  }
}
