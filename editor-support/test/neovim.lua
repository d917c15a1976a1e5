-- nvim --headless -u NONE -l is newer than Debian's: nvim --headless -u NONE -c 'luafile neovim.lua'.
-- The environment names FOLDER, with parser/rollout.so in it, and SERVER, a language server that says nothing.
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

  vim.fn.mkdir(vim.env.FOLDER .. "/doc", "p")
  vim.fn.writefile(vim.fn.readfile(here .. "/neovim/doc/rollout.txt"), vim.env.FOLDER .. "/doc/rollout.txt")
  vim.cmd("helptags " .. vim.env.FOLDER .. "/doc")
  vim.cmd("help rollout-lsp")
  expect("the help", vim.fn.expand("%:t"), "rollout.txt")
end)
if not ok then
  table.insert(problems, message)
end
io.stderr:write(table.concat(problems, "\n"), #problems > 0 and "\n" or "")
vim.cmd(#problems > 0 and "cquit!" or "qall!")
