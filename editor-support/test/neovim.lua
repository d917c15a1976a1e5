-- nvim --headless -u NONE -l is newer than Debian's: nvim --headless -u NONE -c 'luafile neovim.lua'.
-- The environment names FOLDER, with parser/rollout.so in it, and SERVER, a language server that knows timelines only.
local here = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h:h")
local problems = {}

local function expect(what, got, wanted)
  if not vim.deep_equal(got, wanted) then
    table.insert(problems, ("%s: %s instead of %s"):format(what, vim.inspect(got), vim.inspect(wanted)))
  end
end

local ok, message = pcall(function()
  vim.opt.runtimepath:prepend(here .. "/neovim")
  vim.opt.runtimepath:prepend(vim.env.FOLDER)
  vim.cmd("filetype plugin indent on | syntax on")
  require("rollout").setup({ cmd = { vim.env.SERVER } })
  local root = vim.env.FOLDER .. "/repository"
  vim.fn.mkdir(root .. "/.git", "p")
  vim.fn.mkdir(root .. "/plans", "p")
  vim.fn.writefile(vim.fn.readfile(here .. "/vscode/test/page.rollout"), root .. "/plans/page.rollout")
  vim.cmd("edit " .. root .. "/plans/page.rollout")
  expect("the file type", vim.bo.filetype, "rollout")
  expect("the syntax file", vim.b.current_syntax, "rollout")

  local highlighter = vim.treesitter.highlighter.active[vim.api.nvim_get_current_buf()]
  expect("colours from the parser", highlighter ~= nil, true)
  local tree = vim.treesitter.get_parser(0, "rollout"):parse()[1]
  expect("a tree without errors", tree:root():has_error(), false)
  for _, name in ipairs({ "highlights", "folds", "indents", "locals", "injections" }) do
    local query = (vim.treesitter.query.get or vim.treesitter.get_query or vim.treesitter.query.get_query)("rollout", name)
    local count = 0
    for _ in query:iter_captures(tree:root(), 0, 0, -1) do
      count = count + 1
    end
    expect("captures of " .. name, count > 0, true)
  end

  local attached = vim.wait(5000, function()
    return #vim.lsp.get_active_clients() == 1 and vim.lsp.get_active_clients()[1].initialized == true
  end)
  expect("the language server is up", attached, true)
  expect("its root", vim.lsp.get_active_clients()[1].config.root_dir, vim.fn.resolve(root))

  for option, value in pairs({ omnifunc = "v:lua.vim.lsp.omnifunc", tagfunc = "v:lua.vim.lsp.tagfunc" }) do
    expect(option, vim.bo[option], value)
  end

  -- What a timeline looks like is a pure function.
  local lines, places = require("rollout.timeline").lines({
    title = "slow",
    passed = false,
    failures = { "expect succeeded" },
    rows = {
      { at = "1h30m", kind = "good", text = "a\nb", line = 0 },
      { at = "1h30m", kind = "news", text = "c", stage = vim.NIL, line = vim.NIL },
    },
  })
  expect("lines", lines, { "slow: failed", "  expect succeeded", "", "1h30m  ✓ a", "         b", "         c" })
  expect("places", places, { false, false, false, 1, 1, false })

  local plan = vim.api.nvim_get_current_win()
  local function timeline_after(command)
    vim.api.nvim_set_current_win(plan)
    vim.cmd(command)
    local shown = vim.wait(5000, function()
      return vim.bo.filetype == "rollout-timeline"
    end)
    expect(command .. " shows a timeline", shown, true)
    return vim.api.nvim_buf_get_lines(0, 0, -1, false)
  end
  expect(
    "a scenario by its name",
    timeline_after("RolloutScenario slow"),
    { "slow: failed", "  expect succeeded: it failed", "", "   0s  canary      ▶ stage canary begins", "                     and goes on", "               5%  · traffic 5%", "1h30m                rollout.runScenario" }
  )
  expect("it cannot be written over", vim.bo.modifiable, false)
  vim.api.nvim_win_set_cursor(0, { 4, 0 })
  vim.cmd([[execute "normal \<CR>"]])
  expect("<CR> leads to the plan", { vim.api.nvim_get_current_win(), vim.api.nvim_win_get_cursor(0)[1] }, { plan, 28 })
  vim.cmd("wincmd p")
  vim.cmd("normal q")
  expect("q closes the timeline", #vim.api.nvim_tabpage_list_wins(0), 1)

  vim.api.nvim_win_set_cursor(0, { 38, 0 })
  expect("the scenario under the cursor", timeline_after("RolloutScenario")[1], "slow: failed")
  local offered
  vim.ui.select = function(names, _, chosen)
    offered = names
    chosen(names[1])
  end
  -- The timeline of before gives way to the new one.
  vim.api.nvim_win_close(0, true)
  vim.api.nvim_win_set_cursor(plan, { 1, 0 })
  expect("a rollout that was chosen", timeline_after("RolloutTimeline")[1], "shop: passed")
  expect("the choice", offered, { "shop" })
  expect("one timeline at a time", #vim.api.nvim_tabpage_list_wins(0), 2)
  vim.api.nvim_win_close(0, true)

  -- A code lens of the server is run as `vim.lsp.codelens.run` runs it.
  local client = vim.lsp.get_active_clients()[1]
  local lens = { command = "rollout.simulate", arguments = { { uri = vim.uri_from_bufnr(0), rollout = "shop" } } }
  vim.lsp.commands[lens.command](lens, { bufnr = vim.api.nvim_get_current_buf(), client_id = client.id })
  vim.wait(5000, function()
    return vim.bo.filetype == "rollout-timeline"
  end)
  expect("the timeline of a lens", vim.api.nvim_buf_get_lines(0, -2, -1, false), { "1h30m                rollout.simulate" })
  vim.api.nvim_win_close(0, true)

  local said = {}
  vim.notify = function(message)
    table.insert(said, message)
  end
  client.server_capabilities.executeCommandProvider = nil
  vim.cmd("RolloutScenario slow")
  expect("an older server", said, { "rollout: the language server offers no `rollout.runScenario`: install a newer rolloutc" })

  vim.fn.mkdir(vim.env.FOLDER .. "/doc", "p")
  vim.fn.writefile(vim.fn.readfile(here .. "/neovim/doc/rollout.txt"), vim.env.FOLDER .. "/doc/rollout.txt")
  vim.cmd("helptags " .. vim.env.FOLDER .. "/doc")
  for _, topic in ipairs({ "rollout-lsp", ":RolloutScenario", ":RolloutScenarios", ":RolloutTimeline" }) do
    vim.cmd("help " .. topic)
    expect("the help on " .. topic, vim.fn.expand("%:t"), "rollout.txt")
  end

  -- Without the program the plan opens all the same, and a message says what to do.
  said = {}
  vim.notify_once = vim.notify
  require("rollout").setup({ cmd = { "/nowhere/rolloutc", "lsp" } })
  vim.cmd("only | edit " .. root .. "/plans/other.rollout")
  expect("no program", said, {
    "rollout: there is no program `/nowhere/rolloutc`: install rolloutc, or give its path to setup(), see :help rollout-lsp",
  })
end)
if not ok then
  table.insert(problems, message)
end
io.stderr:write(table.concat(problems, "\n"), #problems > 0 and "\n" or "")
vim.cmd(#problems > 0 and "cquit!" or "qall!")
