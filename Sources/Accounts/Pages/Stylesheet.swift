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
      --paper: light-dark(#f6f3ec, #10151e); --surface: light-dark(#fffdf9, #182030);
      --ink: light-dark(#1a2030, #ebe7dc); --soft: light-dark(#4d5466, #b3b6c0);
      --line: light-dark(#dcd5c5, #2c3648); --firm: light-dark(#878172, #77819a);
      --accent: light-dark(#1f3566, #a9c0ff); --accent-hover: light-dark(#162850, #c4d4ff);
      --on-accent: light-dark(#ffffff, #10151e); --wash: light-dark(#e4e8f3, #212c46);
      --up: light-dark(#0a6645, #6bd3a4); --up-wash: light-dark(#dcefe3, #16342c);
      --down: light-dark(#a3291b, #ff9d8b); --down-wash: light-dark(#f9e2db, #40211f);
      --focus: light-dark(#1c5fd4, #ffd479);
      --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", P052, Georgia,
        "Liberation Serif", serif;
      --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial,
        sans-serif;
    }
    *, *::before, *::after { box-sizing: border-box; }
    html { text-size-adjust: 100%; }
    body {
      margin: 0; min-height: 100vh; background: var(--paper); color: var(--ink);
      font: 1rem/1.6 var(--sans); overflow-wrap: anywhere;
    }
    header { background: var(--surface); border-bottom: 1px solid var(--line); }
    .brand {
      display: flex; align-items: center; gap: .6rem; max-width: 76rem; margin: 0 auto;
      padding: .7rem 1rem; min-height: 3.9rem; color: var(--ink); text-decoration: none;
      font: 600 1.35rem/1 var(--serif);
    }
    .brand:hover, .brand svg { color: var(--accent); }
    main {
      width: min(100% - 2rem, 27rem); margin: clamp(1.5rem, 6vh, 4rem) auto 3rem;
      padding: clamp(1.25rem, 5vw, 2rem); background: var(--surface);
      border: 1px solid var(--line); border-radius: .5rem;
      box-shadow: 0 1px 2px rgb(0 0 0 / 6%), 0 6px 20px rgb(0 0 0 / 5%);
    }
    h1 {
      margin: 0 0 1.25rem; font: 600 1.85rem/1.15 var(--serif); letter-spacing: -.01em;
      text-wrap: balance;
    }
    p { margin: 0 0 1rem; }
    .intro, .hint { color: var(--soft); }
    .hint { margin: .375rem 0 0; font-size: .875rem; line-height: 1.45; }
    .alert, .notice { padding: .75rem 1rem; border-left: 4px solid; border-radius: .5rem; }
    .alert { background: var(--down-wash); color: var(--down); }
    .notice { background: var(--up-wash); color: var(--up); }
    .field { margin: 0 0 1.25rem; }
    label { display: block; margin: 0 0 .375rem; font-weight: 600; }
    input {
      width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; color: inherit;
      background: var(--paper); border: 1px solid var(--firm); border-radius: .5rem;
    }
    button {
      width: 100%; min-height: 2.75rem; padding: .5rem 1.15rem; font: 600 1rem/1.2 var(--sans);
      color: var(--on-accent); background: var(--accent); border: 1px solid transparent;
      border-radius: .5rem; cursor: pointer;
    }
    button:hover { background: var(--accent-hover); }
    button.quiet {
      margin-top: .75rem; color: var(--ink); background: transparent; border-color: var(--firm);
    }
    button.quiet:hover { background: var(--wash); }
    a { color: var(--accent); text-underline-offset: .18em; }
    a:hover { color: var(--accent-hover); }
    :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
    a:focus-visible { border-radius: .2rem; }
    .links { margin-top: 1.5rem; }
    .links p { margin: 0 0 .5rem; }
    .links p:last-child { margin: 0; }
    .links a { display: inline-block; padding: .2rem 0; }
    ul { margin: 0 0 1.25rem; padding-left: 1.25rem; }

    """
}
