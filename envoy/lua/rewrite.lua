-- Makes one attempt's request out of the client's. Runs in a provider cluster's upstream filters,
-- before credential_injector; orchestrator puts `local CLUSTER = "provider-<id>"` before it.
--
-- Admission left in the request's metadata, for each cluster it chose:
--   path:<cluster>   the path at that provider
--   edits:<cluster>  byte edits of the client's body, `<start>:<end>:<length>:<text>` one after the
--                    other: [start, end) of the original becomes the text. The body is spliced and
--                    never parsed again: key order and large numbers stay as the client sent them.

-- All that a provider sees of the client's headers. What is not named here stays here: credentials,
-- cookies, addresses, trace and request ids, accept-encoding (usage is read from plain text).
local SHOWN = {
  [":authority"] = true, [":method"] = true, [":path"] = true, [":scheme"] = true, ["host"] = true,
  ["accept"] = true, ["content-type"] = true, ["content-length"] = true,
  ["transfer-encoding"] = true,
}

local function hide_the_client(headers)
  local hidden = {}
  for name, _ in pairs(headers) do
    if not SHOWN[name] then hidden[#hidden + 1] = name end
  end
  for _, name in ipairs(hidden) do headers:remove(name) end
  headers:replace("user-agent", "ai-aggregator")
end

local function splice(body, edits)
  local pieces, kept_until, position = {}, 0, 1
  while position <= #edits do
    local _, colon, first, last, length = edits:find("^(%d+):(%d+):(%d+):", position)
    first, last, length = tonumber(first), tonumber(last), tonumber(length)
    if first > kept_until then
      pieces[#pieces + 1] = body:getBytes(kept_until, first - kept_until)
    end
    pieces[#pieces + 1] = edits:sub(colon + 1, colon + length)
    kept_until, position = last, colon + length + 1
  end
  if body:length() > kept_until then
    pieces[#pieces + 1] = body:getBytes(kept_until, body:length() - kept_until)
  end
  return table.concat(pieces)
end

local function rewrite(handle)
  local admission = handle:streamInfo():dynamicMetadata():get("envoy.filters.http.ext_authz")
  local path = admission and admission["path:" .. CLUSTER]
  if path == nil then return false end
  local headers = handle:headers()
  hide_the_client(headers)
  headers:replace(":path", path)
  local edits = admission["edits:" .. CLUSTER]
  if edits == nil or edits == "" then return true end
  local body = handle:body()
  local size = body:setBytes(splice(body, edits))
  handle:headers():remove("transfer-encoding")
  handle:headers():replace("content-length", tostring(size))
  return true
end

function envoy_on_request(handle)
  -- An error in a script lets the request pass as it came, credentials and all: catch it, and
  -- send nothing.
  local ran, done = pcall(rewrite, handle)
  if ran and done then return end
  if not ran then
    handle:logErr("attempt at " .. CLUSTER .. " not rewritten: " .. tostring(done))
  end
  handle:respond({ [":status"] = "503" }, "")
end
