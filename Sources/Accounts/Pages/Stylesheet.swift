import HTTPExchange

// The one stylesheet of the hosted pages: the site's manner, without its fingerprinted files.

extension AccountsService {
  /// The function `hosted-stylesheet`.
  func stylesheet(_ request: Request, _ context: RequestContext) async throws -> Response {
    Response(
      status: 200,
      headers: HeaderFields([
        ("content-type", "text/css; charset=utf-8"), ("cache-control", "public, max-age=3600"),
        ("x-content-type-options", "nosniff"),
      ]), body: Body(Self.css))
  }

  private static let css = """
    :root {
      color-scheme: light dark;
      --ground: #f5f6f8; --card: #ffffff; --ink: #16202c; --soft: #566273; --line: #c6cdd6;
      --accent: #0b5cad; --accent-ink: #ffffff; --bad: #a3141f; --bad-ground: #fdecec;
      --good: #0d6b3a; --good-ground: #e7f6ee;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #10151c; --card: #1a212b; --ink: #e9eef4; --soft: #a6b2c0; --line: #46525f;
        --accent: #7db8f5; --accent-ink: #0a1420; --bad: #ffb3b3; --bad-ground: #3a1a1d;
        --good: #9be3b9; --good-ground: #14301f;
      }
    }
    * { box-sizing: border-box; }
    html { font: 100%/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
    body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink); }
    header { padding: 1.25rem 1rem 0; max-width: 26rem; margin: 0 auto; }
    .brand { color: var(--ink); font-weight: 700; font-size: 1.125rem; text-decoration: none; }
    main {
      max-width: 26rem; margin: 1rem auto 3rem; padding: 1.5rem;
      background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
    }
    h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
    p { margin: 0 0 1rem; overflow-wrap: anywhere; }
    .intro, .hint { color: var(--soft); }
    .hint { margin: .375rem 0 0; font-size: .875rem; }
    .alert, .notice { padding: .75rem 1rem; border-radius: .5rem; border-left: .25rem solid; }
    .alert { background: var(--bad-ground); color: var(--bad); }
    .notice { background: var(--good-ground); color: var(--good); }
    .field { margin: 0 0 1.25rem; }
    label { display: block; margin: 0 0 .375rem; font-weight: 600; }
    input {
      width: 100%; padding: .625rem .75rem; font: inherit; color: inherit;
      background: var(--card); border: 1px solid var(--soft); border-radius: .5rem;
    }
    button {
      width: 100%; min-height: 2.75rem; padding: .625rem 1rem; font: inherit; font-weight: 600;
      color: var(--accent-ink); background: var(--accent); border: 0; border-radius: .5rem;
      cursor: pointer;
    }
    button.quiet {
      margin-top: .75rem; color: var(--ink); background: transparent; border: 1px solid var(--soft);
    }
    a { color: var(--accent); }
    input:focus-visible, button:focus-visible, a:focus-visible {
      outline: 3px solid var(--accent); outline-offset: 2px;
    }
    .links { margin-top: 1.25rem; }
    .links p { margin: 0 0 .5rem; }
    ul { margin: 0 0 1rem; padding-left: 1.25rem; }
    @media (max-width: 28rem) {
      main { margin: 1rem 0 0; border-width: 1px 0; border-radius: 0; }
    }

    """
}
