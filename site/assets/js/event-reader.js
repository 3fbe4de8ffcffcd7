// @ts-check
// Server-sent events (WHATWG HTML 9.2.6) read from a fetched answer: unlike EventSource, fetch can send
// a token in a header, where no address and no log keeps it.

/** @typedef {{ name: string, data: string, id: string | null }} ServerEvent `id` only where it was sent */

/**
 * The events of a body as they come; a comment is `null`, a sign of life.
 * @param {ReadableStream<Uint8Array>} body @returns {AsyncGenerator<ServerEvent | null>}
 */
export async function* events(body) {
  let name = "";
  let data = "";
  /** @type {string | null} */ let id = null;
  for await (const line of lines(body)) {
    if (line === "") {
      if (data !== "") yield { name: name || "message", data: data.slice(0, -1), id };
      [name, data, id] = ["", "", null];
      continue;
    }
    const at = line.indexOf(":");
    const field = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(line[at + 1] === " " ? at + 2 : at + 1);
    if (field === "") yield null;
    else if (field === "event") name = value;
    else if (field === "data") data += `${value}\n`;
    else if (field === "id" && !value.includes("\0")) id = value;
  }
}

/** @param {ReadableStream<Uint8Array>} body @returns {AsyncGenerator<string>} */
async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const whole = (rest + value).split("\n");
      rest = whole.pop() ?? "";
      for (const line of whole) yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
  } finally {
    // Whoever stops reading closes the connection.
    await reader.cancel().catch(() => null);
  }
}
