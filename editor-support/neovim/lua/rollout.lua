-- What `require("rollout")` offers. See `:help rollout`.
local M = {}

-- The folder of the repository that a buffer's file is in, else of the file.
local function root_of(buffer)
  local folder = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ":p:h")
  -- A folder, and in a worktree of git a file.
  local git = vim.fn.finddir(".git", folder .. ";")
  if git ~= "" then
    return vim.fn.fnamemodify(git, ":p:h:h")
  end
  local link = vim.fn.findfile(".git", folder .. ";")
  return link ~= "" and vim.fn.fnamemodify(link, ":p:h") or folder
end

-- What newer versions do by themselves where nothing else is set: <C-x><C-o>, <C-]> and gq ask the server.
local function complete_options(buffer)
  local options = { omnifunc = "v:lua.vim.lsp.omnifunc", tagfunc = "v:lua.vim.lsp.tagfunc", formatexpr = "v:lua.vim.lsp.formatexpr()" }
  for name, value in pairs(options) do
    if vim.bo[buffer][name] == "" then
      vim.bo[buffer][name] = value
    end
  end
end

local function show_code_lenses(client, buffer)
  if not client.server_capabilities.codeLensProvider then
    return
  end
  local group = vim.api.nvim_create_augroup("rollout_code_lens_" .. buffer, { clear = true })
  vim.api.nvim_create_autocmd({ "BufEnter", "InsertLeave", "TextChanged" }, {
    group = group,
    buffer = buffer,
    callback = function()
      vim.lsp.codelens.refresh()
    end,
  })
  vim.lsp.codelens.refresh()
end

-- Starts the language server of `rolloutc` for each plan that is opened.
-- options.cmd: the command, { "rolloutc", "lsp" } unless given; everything else goes to the client as it is.
function M.setup(options)
  local config = vim.tbl_extend("keep", options or {}, { name = "rollout", cmd = { "rolloutc", "lsp" } })
  -- The server need not tell in a message how a scenario ended.
  config.init_options = vim.tbl_extend("keep", config.init_options or {}, { timelines = true })
  local given = config.on_attach
  config.on_attach = function(client, buffer)
    complete_options(buffer)
    show_code_lenses(client, buffer)
    if given then
      given(client, buffer)
    end
  end
  local clients = {}
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("rollout_language_server", { clear = true }),
    pattern = "rollout",
    callback = function(event)
      require("rollout.timeline").attach(event.buf)
      if vim.fn.executable(config.cmd[1]) == 0 then
        vim.notify_once(
          ("rollout: there is no program `%s`: install rolloutc, or give its path to setup(), see :help rollout-lsp"):format(config.cmd[1]),
          vim.log.levels.WARN
        )
        return
      end
      local root = root_of(event.buf)
      local settings = vim.tbl_extend("keep", config, { root_dir = root })
      if vim.lsp.start then
        vim.lsp.start(settings, { bufnr = event.buf })
        return
      end
      -- Neovim 0.7, as in Debian 12: one client for each root.
      clients[root] = clients[root] or vim.lsp.start_client(settings)
      if clients[root] then
        vim.lsp.buf_attach_client(event.buf, clients[root])
      end
    end,
  })
end

return M
