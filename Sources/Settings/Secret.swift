/// A value that never prints itself: logs, diagnostics and dumps show only that it is there.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private let value: String

  package init(_ value: String) { self.value = value }

  /// The secret itself; the call site is what a reviewer greps for.
  package func reveal() -> String { value }

  package var description: String { "<secret>" }
  package var debugDescription: String { "<secret>" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
