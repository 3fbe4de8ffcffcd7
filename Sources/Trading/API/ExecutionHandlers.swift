import HTTPExchange
import JSON
import Store
import Time
import Workflows

// The runs of trades as resources: list, one, and its history, each user's own only.

extension TradingService {
  func listExecutions(_ request: Request, _ context: RequestContext) async throws -> Response {
    let user = try user(context)
    let limit = try TradeRequestReader.limit(request)
    do {
      let (records, cursor) = try await executions.log.page(
        of: user, limit: limit, cursor: request.target.queryValue("cursor"))
      return Response(json: [
        "executions": .array(records.map(\.summary)), "cursor": cursor.map { .string($0) } ?? .null,
      ])
    } catch StoreError.invalid, StoreError.limitExceeded {
      throw TradeRequestReader.invalid("cursor", "the cursor is not one of this list")
    }
  }

  func execution(_ request: Request, _ context: RequestContext) async throws -> Response {
    let kept = try await kept(context)
    var object = kept.record.json.object ?? JSONObject()
    object["executionId"] = .string(kept.record.id.name)
    return Response(json: .object(object))
  }

  func executionHistory(_ request: Request, _ context: RequestContext) async throws -> Response {
    let kept = try await kept(context)
    return Response(json: ["events": .array(kept.events.map(\.json))])
  }

  /// The execution of that name or ARN; another user's is as if it were not there.
  private func kept(_ context: RequestContext) async throws -> KeptExecution {
    let user = try user(context)
    let asked = context.pathParameter("id") ?? ""
    let name = asked.split(separator: ":").last.map(String.init) ?? ""
    let id = ExecutionID(machine: executions.functions.machineName, name: name)
    guard StateMachine.isName(name), let kept = try await executions.log.load(id),
      kept.record.input["user"]?.string == user
    else {
      throw Problem(status: 404, error: "not_found", message: "There is no such execution")
    }
    return kept
  }
}

extension ExecutionRecord {
  /// The line of a list: what was asked, and how it stands.
  fileprivate var summary: JSON {
    var object = JSONObject([
      ("executionArn", .string(id.arn)), ("executionId", .string(id.name)),
      ("name", .string(id.name)), ("stateMachineArn", .string(id.machineARN)),
      ("status", .string(status.rawValue)), ("startDate", .string(startedAt.iso8601)),
    ])
    object["stopDate"] = stoppedAt.map { .string($0.iso8601) } ?? .null
    object["error"] = error.map { .string($0) } ?? .null
    for name in ["side", "symbol", "quantity"] { object[name] = input[name] }
    return .object(object)
  }
}

extension TradeExecutions.Ended {
  /// The documents' answer when there is a trade, the problem when it was refused, and where to look
  /// when it still runs.
  func response(to request: Request, _ context: RequestContext) -> Response {
    if let trade {
      // An order that waits for its limit is accepted, not done.
      return Response(status: trade["status"]?.string == "accepted" ? 202 : 200, json: trade)
    }
    if record.status == .running {
      let folder = request.target.path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
      return Response(
        status: 202,
        json: [
          "executionArn": .string(record.id.arn), "executionId": .string(record.id.name),
          "status": .string(record.status.rawValue),
          "startDate": .string(record.startedAt.iso8601), "success": true,
          "message": "The order is being carried out",
        ],
        headers: HeaderFields([
          ("location", "\(folder)/trade/executions/\(record.id.name)"),
          ("preference-applied", "respond-async"),
        ]))
    }
    return TradeFailure.problem(of: record).response(requestID: context.requestID)
  }
}
