import Time

/// When signing keys come and go (auth.md §2.5): `next` is published but does not sign, `active`
/// signs, `retired` is published until the last token it signed has expired.
struct KeySchedule: Sendable, Hashable {
  enum State: String, Sendable, Hashable {
    case next
    case active
    case retired
  }

  /// One key as the schedule sees it.
  struct Entry: Sendable, Hashable {
    var id: String
    var state: State
    /// Since when it is in this state.
    var since: Timestamp
  }

  enum Step: Sendable, Hashable {
    case create(State)
    case promote(String)
    case retire(String)
    case remove(String)
  }

  /// How long a key signs.
  var activeFor: Duration = .seconds(90 * 86_400)
  /// How long it is published before: far more than twice the five minutes a key set is cached.
  var publishedAhead: Duration = .seconds(86_400)
  /// How long it is published after: the longest token and the leeway of verifiers.
  var retiredFor: Duration

  /// What is due now, in the order to be done.
  func steps(_ entries: [Entry], now: Timestamp) -> [Step] {
    var steps: [Step] = []
    let active = entries.filter { $0.state == .active }.max { $0.since < $1.since }
    let next = entries.filter { $0.state == .next }.min { $0.since < $1.since }
    if let active {
      let age = now - active.since
      if let next {
        if age >= activeFor, now - next.since >= publishedAhead {
          steps += [.promote(next.id), .retire(active.id)]
        }
      } else if age >= activeFor - publishedAhead {
        steps.append(.create(.next))
      }
    } else if let next {
      steps.append(.promote(next.id))
    } else {
      steps.append(.create(.active))
    }
    // A crash between promotion and retirement leaves two that sign: the newest stays.
    for entry in entries where entry.state == .active && entry.id != active?.id {
      steps.append(.retire(entry.id))
    }
    for entry in entries where entry.state == .retired && now - entry.since >= retiredFor {
      steps.append(.remove(entry.id))
    }
    return steps
  }
}
