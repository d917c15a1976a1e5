-- Colours from the Tree-sitter parser, where `parser/rollout.so` was built; from syntax/rollout.vim elsewhere.
if vim.g.rollout_no_treesitter or #vim.api.nvim_get_runtime_file("parser/rollout.so", false) == 0 then
  return
end
if vim.treesitter.start then
  vim.treesitter.start(0, "rollout")
else
  -- Neovim 0.7, as in Debian 12, which has no groups for some of the names.
  local highlighter = require("vim.treesitter.highlighter")
  local groups = {
    ["keyword.conditional"] = "Conditional",
    ["keyword.exception"] = "Exception",
    ["keyword.import"] = "Include",
    ["keyword.modifier"] = "StorageClass",
    ["keyword.operator"] = "Operator",
    ["keyword.repeat"] = "Repeat",
    module = "Structure",
    ["variable.builtin"] = "Special",
    ["variable.parameter"] = "Identifier",
  }
  for name, group in pairs(groups) do
    highlighter.hl_map[name] = group
  end
  highlighter.new(vim.treesitter.get_parser(0, "rollout"))
end
