-- Timelines of scenarios and rollouts, which the language server plays, in a split beside the plan.
local M = {}

-- What can be played: the server's command, the name of its argument, and how a declaration begins.
local kinds = {
  scenario = { command = "rollout.runScenario", argument = "scenario", begins = "^%s*scenario%f[%W]" },
  rollout = { command = "rollout.showTimeline", argument = "rollout", begins = "^%s*rollout%f[%W]" },
  all = { command = "rollout.runScenarios", argument = "rollout", begins = "^%s*rollout%f[%W]" },
}

-- The marks of a terminal's timeline, by the kind of news.
local marks = { step = "·", begin = "▶", ask = "?", good = "✓", careful = "!", bad = "✗", back = "↶", wait = "‖", say = "»" }

local function complain(message)
  vim.notify("rollout: " .. message, vim.log.levels.ERROR)
end

local function padded(text, width, left)
  local blanks = string.rep(" ", width - vim.fn.strdisplaywidth(text))
  return left and blanks .. text or text .. blanks
end

-- The columns before the text of each row; what the row before says too is not said again. A JSON null is no text.
local function columns_of(rows)
  local columns, widths, before = {}, { 4, 0, 0 }, {}
  for index, row in ipairs(rows) do
    local said = {}
    for position, name in ipairs({ "at", "stage", "share" }) do
      local text = type(row[name]) == "string" and row[name] or ""
      said[position] = (name ~= "share" and text == before[name]) and "" or text
      before[name] = text
      widths[position] = math.max(widths[position], vim.fn.strdisplaywidth(said[position]))
    end
    columns[index] = said
  end
  return columns, widths
end

-- The lines of a timeline, and for each of them the line of the plan (from 1) that it leads to, or false.
-- Pure: `timeline` is what the server answered.
function M.lines(timeline)
  local lines = { timeline.title .. ": " .. (timeline.passed and "passed" or "failed") }
  local places = { false }
  local function add(text, place)
    for _, line in ipairs(vim.split(text, "\n")) do
      table.insert(lines, line)
      table.insert(places, place)
    end
  end
  for _, failure in ipairs(timeline.failures) do
    add("  " .. failure, false)
  end
  add("", false)
  local columns, widths = columns_of(timeline.rows)
  for index, row in ipairs(timeline.rows) do
    local start = padded(columns[index][1], widths[1], true)
    if widths[2] > 0 then
      start = start .. "  " .. padded(columns[index][2], widths[2]) .. "  " .. padded(columns[index][3], widths[3], true)
    end
    start = start .. "  " .. (marks[row.kind] or " ") .. " "
    local text = row.text:gsub("\n", "\n" .. string.rep(" ", vim.fn.strdisplaywidth(start)))
    -- The server counts lines from 0; a JSON null is no number.
    add(start .. text, type(row.line) == "number" and row.line + 1 or false)
  end
  return lines, places
end

local function leads_to_plan(window, places)
  return function()
    local place = places[vim.api.nvim_win_get_cursor(0)[1]]
    if place and vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_set_current_win(window)
      vim.cmd("normal! m'")
      local last = vim.api.nvim_buf_line_count(vim.api.nvim_win_get_buf(window))
      vim.api.nvim_win_set_cursor(window, { math.min(place, last), 0 })
    end
  end
end

-- Shows what the server answered in the window of the last timeline, or in a new split. <CR> leads to the plan, q closes.
function M.show(timeline)
  local plan = vim.api.nvim_get_current_win()
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if vim.bo[vim.api.nvim_win_get_buf(window)].filetype == "rollout-timeline" then
      vim.api.nvim_win_close(window, true)
    end
  end
  local lines, places = M.lines(timeline)
  vim.cmd("belowright new")
  local buffer = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  local options = { buftype = "nofile", bufhidden = "wipe", swapfile = false, modifiable = false, filetype = "rollout-timeline" }
  for name, value in pairs(options) do
    vim.bo[buffer][name] = value
  end
  vim.wo.wrap = false
  vim.keymap.set("n", "<CR>", leads_to_plan(plan, places), { buffer = buffer, desc = "Go to the line of the plan" })
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = buffer, desc = "Close the timeline" })
end

local function client_of(buffer, command)
  local clients = (vim.lsp.get_clients or vim.lsp.get_active_clients)({ bufnr = buffer })
  local known = false
  for _, client in ipairs(clients) do
    -- Neovim 0.7 knows no filter, and gives all clients.
    if client.name == "rollout" and vim.lsp.buf_is_attached(buffer, client.id) then
      known = true
      local offered = vim.tbl_get(client.server_capabilities, "executeCommandProvider", "commands") or {}
      if vim.tbl_contains(offered, command) then
        return client
      end
    end
  end
  complain(
    known and ("the language server offers no `%s`: install a newer rolloutc"):format(command)
      or "no language server runs for this plan: see :help rollout-lsp"
  )
end

local function ask(client, buffer, command, arguments)
  local params = { command = command, arguments = arguments }
  local function answered(problem, timeline)
    if problem then
      complain(problem.message)
    elseif timeline then
      M.show(timeline)
    end
  end
  -- From Neovim 0.11 on the client is an object with methods.
  if vim.fn.has("nvim-0.11") == 1 then
    client:request("workspace/executeCommand", params, answered, buffer)
  else
    client.request("workspace/executeCommand", params, answered, buffer)
  end
end

-- Calls `chosen` with the name of what the cursor stands in, else of what is picked from a list.
local function with_name(buffer, kind, chosen)
  local params = { textDocument = { uri = vim.uri_from_bufnr(buffer) } }
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  vim.lsp.buf_request_all(buffer, "textDocument/documentSymbol", params, function(answers)
    local names = {}
    for _, answer in pairs(answers) do
      for _, symbol in ipairs(answer.result or {}) do
        local first = symbol.selectionRange.start.line
        local text = vim.api.nvim_buf_get_lines(buffer, first, first + 1, false)[1] or ""
        if text:match(kinds[kind].begins) then
          table.insert(names, symbol.name)
          if symbol.range.start.line <= line and line <= symbol.range["end"].line then
            return chosen(symbol.name)
          end
        end
      end
    end
    if #names == 0 then
      return complain("this plan has no " .. kinds[kind].argument)
    end
    vim.ui.select(names, { prompt = "Which " .. kinds[kind].argument .. "?" }, function(name)
      if name then
        chosen(name)
      end
    end)
  end)
end

-- Plays a scenario or a rollout of the current buffer and shows its timeline.
-- kind: "scenario", "rollout", or "all" for every scenario of a rollout. name: its name; "" or nothing: the one under the cursor, or a choice.
function M.play(kind, name)
  local buffer = vim.api.nvim_get_current_buf()
  local row = kinds[kind]
  local client = client_of(buffer, row.command)
  if not client then
    return
  end
  local function play(which)
    ask(client, buffer, row.command, { { uri = vim.uri_from_bufnr(buffer), [row.argument] = which } })
  end
  if name and name ~= "" then
    play(name)
  else
    with_name(buffer, kind, play)
  end
end

-- The commands of a buffer with a plan, and what a code lens of the server does when it is run.
function M.attach(buffer)
  for name, command in pairs({
    RolloutScenario = { kind = "scenario", desc = "Play a scenario and show its timeline" },
    RolloutScenarios = { kind = "all", desc = "Play all scenarios of a rollout and show which passed" },
    RolloutTimeline = { kind = "rollout", desc = "Play a rollout's first scenario and show its timeline" },
  }) do
    vim.api.nvim_buf_create_user_command(buffer, name, function(given)
      M.play(command.kind, given.args)
    end, { nargs = "?", desc = command.desc })
  end
  for _, command in ipairs({ "rollout.runScenario", "rollout.runScenarios", "rollout.simulate", "rollout.showTimeline" }) do
    vim.lsp.commands[command] = function(lens, context)
      ask(vim.lsp.get_client_by_id(context.client_id), context.bufnr, lens.command, lens.arguments)
    end
  end
end

return M
