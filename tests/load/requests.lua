-- For wrk: sends the requests of a file in turn, each thread from another place of it, and ends with one line of JSON.
-- A line of the file: METHOD, PATH, TOKEN, BODY, with tabs between them.
--
--   wrk … -s requests.lua URL -- FILE OFFSET

local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(arguments)
    requests = {}
    for line in io.lines(arguments[1]) do
        local method, path, token, body = line:match("^(%S+)\t(%S+)\t(%S*)\t(.*)$")
        local headers = "Host: 127.0.0.1\r\n"
        if token ~= "" then headers = headers .. "Authorization: Bearer " .. token .. "\r\n" end
        if body ~= "" then
            headers = headers .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n"
        end
        requests[#requests + 1] = method .. " " .. path .. " HTTP/1.1\r\n" .. headers .. "\r\n" .. body
    end
    at = (tonumber(arguments[2]) + number * math.floor(#requests / 2)) % #requests
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local errors = summary.errors
    local lost = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format(
        '\n{"requests": %d, "refused": %d, "lost": %d, "micros": %d, "p50": %d, "p95": %d, "p99": %d}\n',
        summary.requests, errors.status, lost, summary.duration, latency:percentile(50), latency:percentile(95),
        latency:percentile(99)
    ))
end
