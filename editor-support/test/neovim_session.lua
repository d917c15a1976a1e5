-- An editing session in a Neovim of its own, which this script types into, with the language server of the environment's ROLLOUTC.
-- PLANS is a folder with portal-api.rollout and objectives.rollout, which uses it.
local here = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h:h")
local problems = {}
local editor

local function expect(what, got, wanted)
  if not vim.deep_equal(got, wanted) then
    table.insert(problems, ("%s: %s instead of %s"):format(what, vim.inspect(got), vim.inspect(wanted)))
  end
end

-- What the code answers in the editor.
local function answer(code)
  return vim.fn.rpcrequest(editor, "nvim_exec_lua", code, {})
end

local function input(keys)
  vim.fn.rpcrequest(editor, "nvim_input", keys)
end

-- Asks again and again until what is wanted holds, for 30 s at most. `vim.wait` does not count the time that a question takes.
local function holds(question)
  local deadline = vim.loop.hrtime() + 30e9
  while vim.loop.hrtime() < deadline do
    if question() then
      return true
    end
    vim.loop.sleep(5)
  end
  return false
end

-- Waits until the code answers what is wanted; whatever it answers last is shown otherwise.
local function await(what, code, wanted)
  local got
  local came = holds(function()
    got = answer(code)
    return vim.deep_equal(got, wanted)
  end)
  if not came then
    expect(what, got, wanted)
    error(what .. " never came", 0)
  end
end

-- The cursor to the first place with the text.
local function go_to(text)
  answer(([[
    vim.fn.cursor(1, 1)
    assert(vim.fn.search("\\V" .. %q, "cW") > 0)
  ]]):format(text))
end

local codes = [[return vim.tbl_map(function(one) return one.code or one.user_data.lsp.code end, vim.diagnostic.get(0))]]
local line = [[return vim.api.nvim_get_current_line()]]
local text = [[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"]]

local ok, message = pcall(function()
  editor = vim.fn.jobstart({ vim.v.progpath, "--embed", "--headless", "-u", "NONE", "-i", "NONE" }, { rpc = true })
  vim.fn.rpcrequest(editor, "nvim_ui_attach", 100, 40, {})
  answer(([[
    vim.opt.runtimepath:prepend(%q)
    vim.cmd("filetype plugin indent on | syntax on")
    vim.opt.hidden = true
    vim.opt.completeopt = { "menuone", "noselect" }
    require("rollout").setup({ cmd = { vim.env.ROLLOUTC, "lsp" } })
    vim.cmd("edit " .. vim.env.PLANS .. "/objectives.rollout")
    vim.cmd("edit " .. vim.env.PLANS .. "/portal-api.rollout")
  ]]):format(here .. "/neovim"))
  await("the server", [[return #vim.lsp.get_active_clients() == 1 and vim.lsp.get_active_clients()[1].initialized]], true)

  -- An error is shown while it is there.
  go_to("traffic     via")
  input("Owhen errors_5xx > 5 for 2m then rollback<Esc>")
  await("the error", codes, { "E0302" })
  await(
    "the text beside it",
    [[
      local shown = {}
      for _, namespace in pairs(vim.diagnostic.get_namespaces()) do
        local space = namespace.user_data.virt_text_ns
        for _, mark in ipairs(space and vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true }) or {}) do
          for _, chunk in ipairs(mark[4].virt_text or {}) do
            if chunk[1]:match("^%S*%s*cannot compare a ratio with a number") then table.insert(shown, mark[2]) end
          end
        end
      end
      return shown
    ]],
    { answer([[return vim.api.nvim_win_get_cursor(0)[1] - 1]]) }
  )

  -- Its fix is chosen from the menu, and nothing is left to find.
  answer([[
    vim.ui.select = function(items, options, chosen)
      _G.offered = (options.format_item or tostring)(items[1])
      chosen(items[1], 1)
    end
  ]])
  go_to("5 for 2m")
  input("<Cmd>lua vim.lsp.buf.code_action()<CR>")
  await("the fix", line, "  when errors_5xx > 5% for 2m then rollback")
  expect("the first of the menu", answer([[return _G.offered]]), "write it with its unit, for example `5%`")
  await("nothing to find", codes, {})

  -- Completion, as one who types sees it.
  input("owatch <C-x><C-o>")
  -- Neovim 0.7 shows what the server thinks equally likely in an order of its own.
  local words = [[
    local words = vim.tbl_map(function(item) return item.word end, vim.fn.complete_info({ "items" }).items)
    table.sort(words)
    return words
  ]]
  await("sets of guards", words, { "budget", "risks", "synthetic" })
  input("<C-e>r<C-x><C-o>")
  await("what begins with r", words, { "risks" })
  input("<C-n><C-y><Esc>")
  await("what was chosen", line, "  watch risks")
  input("dd")
  go_to("kubernetes.set_image")
  input("f.a<C-x><C-o>")
  await("what a module has", words, {
    "annotate", "apply", "delete", "ingress_weight", "istio_weights", "logs", "patch", "restart",
    "rollout_undo", "route_weights", "scale", "service_weights", "set_env", "set_image", "wait_for", "wait_rolled_out",
  })
  input("<C-e><Esc>")

  -- Hover, in a window that floats.
  go_to("errors_5xx > 1%")
  input("<Cmd>lua vim.lsp.buf.hover()<CR>")
  await(
    "hover",
    [[
      for _, window in ipairs(vim.api.nvim_list_wins()) do
        if vim.api.nvim_win_get_config(window).relative ~= "" then
          local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
          return vim.tbl_filter(function(one) return one:match("%w") ~= nil and one:match("^```") == nil end, lines)
        end
      end
    ]],
    { "metric errors_5xx: ratio", "Measured by `prometheus.query` every 15s.", "Share of requests answered with a 5xx." }
  )
  input("<Cmd>lua vim.lsp.buf.definition()<CR>")
  await("the definition", line, [[metric errors_5xx: ratio = prometheus.query("""]])

  -- A new name, in both files.
  input([[<Cmd>lua vim.lsp.buf.rename("server_errors")<CR>]])
  await("the name where it is declared", line, [[metric server_errors: ratio = prometheus.query("""]])
  await(
    "the name in the other file",
    [[return vim.api.nvim_buf_get_lines(vim.fn.bufnr("objectives.rollout"), 4, 5, false)]],
    { "  when plan.server_errors > 2% for 5m then rollback" }
  )
  await("no error comes of it", [[return #vim.diagnostic.get(nil, { severity = vim.diagnostic.severity.ERROR })]], 0)

  -- The style of the compiler.
  go_to("stage canary {")
  input("0d^f i   <Esc>")
  await("a line out of style", line, "stage    canary {")
  local wanted = vim.fn.system({ vim.env.ROLLOUTC, "fmt", "-" }, answer(text))
  expect("rolloutc fmt", vim.v.shell_error, 0)
  answer([[(vim.lsp.buf.format or vim.lsp.buf.formatting_sync)(nil, 30000)]])
  expect("formatting", answer(text) == wanted, true)
  expect("the line in style", answer(line), "  stage canary {")

  -- A scenario is played. The guard that was typed above goes back, and not the one that is expected to; its row leads to it.
  input([[<Cmd>RolloutScenario many errors stop the canary within minutes<CR>]])
  await("the timeline", [[return vim.bo.filetype]], "rollout-timeline")
  expect("its first line", answer([[return vim.fn.getline(1)]]), "many errors stop the canary within minutes: failed")
  go_to("server_errors > 5%, now 8%, lasted 2m → rollback")
  input("<CR>")
  await("the line of the plan", line, "  when server_errors > 5% for 2m then rollback")

  -- The end of the editor is the end of the server.
  local process = answer([[
    for _, child in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
      if vim.api.nvim_get_proc(child).name == "rolloutc" then return child end
    end
  ]])
  expect("the server's process", type(process), "number")
  vim.fn.rpcnotify(editor, "nvim_command", "qall!")
  expect("the end of the editor", vim.fn.jobwait({ editor }, 30000), { 0 })
  expect("the end of the server", holds(function()
    return vim.api.nvim_get_proc(process) == nil
  end), true)
end)
if not ok then
  table.insert(problems, message)
end
io.stderr:write(table.concat(problems, "\n"), #problems > 0 and "\n" or "")
vim.cmd(#problems > 0 and "cquit!" or "qall!")
