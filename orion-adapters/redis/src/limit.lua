-- Counts one call unless the last minute is full (contract, section 1.9).
-- KEYS: the counter of the present window, and of the one before. Both live for two windows.
-- ARGV: the limit, microseconds left of the present window, microseconds and seconds of a window.
-- Gives whether it was counted, and how many calls of the last minute there are now.
local present = tonumber(redis.call('GET', KEYS[1]) or '0')
local before = tonumber(redis.call('GET', KEYS[2]) or '0')
local total = math.floor(before * tonumber(ARGV[2]) / tonumber(ARGV[3])) + present
if total >= tonumber(ARGV[1]) then
  return {0, total}
end
if redis.call('INCR', KEYS[1]) == 1 then
  redis.call('EXPIRE', KEYS[1], 2 * tonumber(ARGV[4]))
end
return {1, total + 1}
