-- Requests in turn from a file of JSON lines made beforehand by the bench: wrk -s lines.lua.
-- BENCH_REQUESTS names the file: each request's bytes, its parts split by NUL, where "@@" is
-- replaced by a number that no other request has.
local requests = {}
local next_one = 0
local stamp = os.getenv("BENCH_STAMP") or "0"

function init(args)
  local file = assert(io.open(os.getenv("BENCH_REQUESTS"), "rb"))
  local all = file:read("*a")
  file:close()
  for request in all:gmatch("([^%z]+)") do
    local before, after = request:match("^(.-)@@(.*)$")
    requests[#requests + 1] = before and { before .. stamp .. "-", after } or { request }
  end
end

function request()
  next_one = next_one + 1
  local parts = requests[next_one % #requests + 1]
  if parts[2] then
    return parts[1] .. next_one .. parts[2]
  end
  return parts[1]
end
