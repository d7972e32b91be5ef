-- Watches the answers of inference on their way to the client:
--   counts the events of a stream that carry content into the metadata `stream`, key `events`, as
--   they pass, so that a stream the client cuts short can still be charged;
--   reads a stream's usage into the metadata `usage`, as json_to_metadata does for other answers;
--   takes out the usage event that only the meter asked for (`hide_usage`);
--   turns a provider's refusal of the operator's credential into a 502 of our own.

local ADMISSION = "envoy.filters.http.ext_authz"
local REFUSED = { ["401"] = true, ["402"] = true, ["403"] = true }
local REFUSAL = '{"error":{"message":"The provider did not accept the gateway\'s credential.",'
  .. '"type":"api_error","param":null,"code":"provider_credential_rejected"}}'

-- A quote inside a JSON string is escaped, so none of these can match within the model's own words.
local CONTENT = {
  '"content"%s*:%s*"[^"]', '"reasoning_content"%s*:%s*"[^"]', '"reasoning"%s*:%s*"[^"]',
  '"tool_calls"%s*:%s*%[%s*{', '"refusal"%s*:%s*"[^"]', '"text"%s*:%s*"[^"]',
  '"function_call"%s*:%s*{', '"audio"%s*:%s*{',
}
local QUOTE = string.byte('"')
-- A larger event passes in pieces, each judged by itself.
local LARGEST_EVENT = 1048576

local function has_content(event)
  -- Nearly every event of nearly every provider, found without a pattern.
  local _, colon = event:find('"content":"', 1, true)
  if colon and event:byte(colon + 1) ~= QUOTE then return true end
  for i = 1, #CONTENT do
    if event:find(CONTENT[i]) then return true end
  end
  return false
end

-- Returns the usage object of an event as text, or nil.
local function usage_of(event)
  if not event:find('"usage"', 1, true) then return nil end
  return event:match('"usage"%s*:%s*(%b{})')
end

local function only_usage(event)
  return event:find('"choices"%s*:%s*%[%s*%]') ~= nil
end

local function number_in(object, name)
  return object and tonumber(object:match('"' .. name .. '"%s*:%s*(%d+)'))
end

local function object_in(object, name)
  return object:match('"' .. name .. '"%s*:%s*(%b{})')
end

local function meter(usage)
  return {
    prompt_tokens = number_in(usage, "prompt_tokens"),
    completion_tokens = number_in(usage, "completion_tokens"),
    cached_tokens = number_in(object_in(usage, "prompt_tokens_details"), "cached_tokens"),
    reasoning_tokens = number_in(object_in(usage, "completion_tokens_details"), "reasoning_tokens"),
  }
end

-- One stream's state: `pending` are the pieces of an event that has not ended yet.
local function new_scan(hide)
  return { hide = hide, events = 0, pending = {}, pending_size = 0 }
end

-- Judges one complete event: counts and meters it, and returns whether the client sees it.
local function judge(scan, event)
  if has_content(event) then scan.events = scan.events + 1 end
  local usage = usage_of(event)
  if usage then scan.usage = meter(usage) end
  return not (scan.hide and usage and only_usage(event))
end

local function keep(scan, piece)
  scan.pending[#scan.pending + 1] = piece
  scan.pending_size = scan.pending_size + #piece
end

local function take_pending(scan)
  local text = table.concat(scan.pending)
  scan.pending, scan.pending_size = {}, 0
  return text
end

-- Returns the text without the events that the client is not to see, and the rest after the last
-- complete one.
local function split(scan, text)
  -- Inside JSON a carriage return is escaped, so one in the text is the end of a line.
  local plain = not text:find("\r", 1, true)
  local empty_line = plain and "\n\n" or "\n\r?\n"
  local shown, start = nil, 1
  while true do
    local _, stop = text:find(empty_line, start, plain)
    if stop == nil then break end
    local event = text:sub(start, stop)
    if not judge(scan, event) then
      shown = shown or { text:sub(1, start - 1) }
    elseif shown then
      shown[#shown + 1] = event
    end
    start = stop + 1
  end
  return shown and table.concat(shown) or text:sub(1, start - 1), text:sub(start)
end

-- Takes the next bytes of a stream and returns what the client gets of them. An event ends with an
-- empty line; the bytes of one that has not ended wait, if anything is to be hidden.
local function pass(scan, bytes)
  if not bytes:find("\n", 1, true) and scan.pending_size + #bytes < LARGEST_EVENT then
    keep(scan, bytes)
    return ""
  end
  local shown, rest = split(scan, take_pending(scan) .. bytes)
  if #rest < LARGEST_EVENT then
    keep(scan, rest)
  elseif judge(scan, rest) then
    shown = shown .. rest
  end
  return shown
end

-- The bytes after the last empty line, when the stream is over.
local function finish(scan)
  local rest = take_pending(scan)
  if rest == "" or not judge(scan, rest) then return "" end
  return rest
end

-- Tells the journal what is new. At once and not at the end: the client may be gone before that.
local function report(handle, scan)
  if scan.events ~= scan.reported then
    scan.reported = scan.events
    handle:streamInfo():dynamicMetadata():set("stream", "events", scan.events)
  end
  if scan.usage then
    local metadata = handle:streamInfo():dynamicMetadata()
    for name, tokens in pairs(scan.usage) do metadata:set("usage", name, tokens) end
    scan.usage = nil
  end
end

local function watch(handle, hide)
  local scan = new_scan(hide)
  report(handle, scan)
  local last, last_shown = nil, ""
  for chunk in handle:bodyChunks() do
    local bytes = chunk:getBytes(0, chunk:length())
    last, last_shown = chunk, pass(scan, bytes)
    if hide and last_shown ~= bytes then chunk:setBytes(last_shown) end
    report(handle, scan)
  end
  local rest = finish(scan)
  report(handle, scan)
  -- The loop ends in the same turn as the last chunk, so that chunk can still be written, except
  -- after trailers, which no provider sends: then the unfinished event is lost.
  if hide and rest ~= "" then pcall(last.setBytes, last, last_shown .. rest) end
end

local function refuse(handle)
  local size = handle:body(true):setBytes(REFUSAL)
  local headers = handle:headers()
  headers:replace(":status", "502")
  headers:replace("content-type", "application/json")
  headers:replace("content-length", tostring(size))
  headers:remove("transfer-encoding")
  headers:remove("content-encoding")
  headers:remove("www-authenticate")
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local refused = REFUSED[headers:get(":status")]
  local content_type = headers:get("content-type") or ""
  local streams = content_type:find("text/event-stream", 1, true) == 1
  if not refused and not streams then return end
  -- Without admission's metadata it is admission's own refusal, which the client gets as it is.
  local admission = handle:streamInfo():dynamicMetadata():get(ADMISSION)
  if admission == nil or admission["request"] == nil then return end
  if refused then
    refuse(handle)
    return
  end
  local hide = admission["hide_usage"] == "1"
  if hide then headers:remove("content-length") end
  watch(handle, hide)
end
