import HTTPExchange
import Store
extension AccountsService {
  struct FormGuard { func accepts(_ t: String?, _ r: Request, action: String, binding: String) -> Bool { false } }
  var formGuard: FormGuard { FormGuard() }
  static let formExpired = "x"
  var pageFunctions: [(String, Function)] { [] }
  func errorPage(_ e: AuthorizeRequest.PageError) -> Response { Response(status: 400) }
  func consentPage(_ asked: AuthorizeRequest, _ session: SessionRecord, _ given: FormFields, _ request: Request) -> Response { Response(status: 400) }
  func sendConfirmation(to profile: UserProfile) async throws {}
  func notifyPasswordChange(_ profile: UserProfile) async throws {}
  func notifyReuse(_ profile: UserProfile) async throws {}
}
