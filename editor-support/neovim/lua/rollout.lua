-- What `require("rollout")` offers. See `:help rollout`.
local M = {}

-- Starts the language server of `rolloutc` for each plan that is opened.
-- options.cmd: the command, { "rolloutc", "lsp" } unless given; everything else goes to the client as it is.
function M.setup(options)
  local config = vim.tbl_extend("keep", options or {}, { name = "rollout", cmd = { "rolloutc", "lsp" } })
  local clients = {}
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("rollout_language_server", { clear = true }),
    pattern = "rollout",
    callback = function(event)
      local folder = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(event.buf), ":p:h")
      -- A folder, and in a worktree of git a file.
      local git = vim.fn.finddir(".git", folder .. ";")
      local root = git ~= "" and vim.fn.fnamemodify(git, ":p:h:h") or folder
      local link = vim.fn.findfile(".git", folder .. ";")
      if git == "" and link ~= "" then
        root = vim.fn.fnamemodify(link, ":p:h")
      end
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
