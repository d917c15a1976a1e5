// tree FILE...: for each file `accepts` or `error` and its name; `tree --print FILE` prints the tree,
// `tree --errors FILE` where it has errors; `tree --query QUERY FILE...` how often each pattern of a query matches.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tree_sitter/api.h>

const TSLanguage* tree_sitter_rollout(void);

static char* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return NULL;
  char* text = NULL;
  size_t capacity = 0;
  *size = 0;
  for (size_t got = 1; got != 0; *size += got) {
    if (*size + 65536 > capacity) text = realloc(text, capacity = 2 * capacity + 65536);
    if (text == NULL) abort();
    got = fread(text + *size, 1, 65536, file);
  }
  fclose(file);
  return text;
}

static void print_errors(const char* path, TSNode node) {
  if (ts_node_is_missing(node) || strcmp(ts_node_type(node), "ERROR") == 0) {
    const TSPoint at = ts_node_start_point(node);
    printf("%s:%u:%u: %s %s\n", path, at.row + 1, at.column + 1, ts_node_is_missing(node) ? "missing" : "error",
           ts_node_type(node));
    return;
  }
  for (uint32_t i = 0; i < ts_node_child_count(node); ++i) print_errors(path, ts_node_child(node, i));
}

// The query in a file, or NULL after a message that says where it is wrong.
static TSQuery* read_query(const char* path) {
  size_t size = 0;
  char* text = read_file(path, &size);
  if (text == NULL) return NULL;
  uint32_t offset = 0;
  TSQueryError error = TSQueryErrorNone;
  TSQuery* query = ts_query_new(tree_sitter_rollout(), text, (uint32_t)size, &offset, &error);
  if (query == NULL) {
    fprintf(stderr, "tree: %s: fault %d at `%.40s`\n", path, error, text + offset);
    return NULL;
  }
  free(text);
  return query;
}

// Predicates are not looked at: a pattern counts wherever its nodes are.
static void count_matches(TSQuery* query, TSNode node, uint32_t* counts) {
  TSQueryCursor* cursor = ts_query_cursor_new();
  ts_query_cursor_exec(cursor, query, node);
  for (TSQueryMatch match; ts_query_cursor_next_match(cursor, &match);) ++counts[match.pattern_index];
  ts_query_cursor_delete(cursor);
}

int main(int count, char** arguments) {
  TSParser* parser = ts_parser_new();
  if (!ts_parser_set_language(parser, tree_sitter_rollout())) {
    fprintf(stderr, "tree: libtree-sitter does not take the parser's ABI\n");
    return 2;
  }
  const char* mode = count > 1 && strncmp(arguments[1], "--", 2) == 0 ? arguments[1] : "";
  TSQuery* query = strcmp(mode, "--query") == 0 && count > 2 ? read_query(arguments[2]) : NULL;
  if (strcmp(mode, "--query") == 0 && query == NULL) return 2;
  uint32_t* counts = query != NULL ? calloc(ts_query_pattern_count(query), sizeof *counts) : NULL;
  for (int i = query != NULL ? 3 : *mode != '\0' ? 2 : 1; i < count; ++i) {
    size_t size = 0;
    char* text = read_file(arguments[i], &size);
    if (text == NULL) {
      fprintf(stderr, "tree: cannot read %s\n", arguments[i]);
      return 2;
    }
    TSTree* tree = ts_parser_parse_string(parser, NULL, text, (uint32_t)size);
    const TSNode root = ts_tree_root_node(tree);
    if (strcmp(mode, "--print") == 0) {
      char* printed = ts_node_string(root);
      puts(printed);
      free(printed);
    } else if (strcmp(mode, "--errors") == 0) {
      print_errors(arguments[i], root);
    } else if (query != NULL) {
      count_matches(query, root, counts);
    } else {
      printf("%s %s\n", ts_node_has_error(root) ? "error" : "accepts", arguments[i]);
    }
    ts_tree_delete(tree);
    free(text);
  }
  for (uint32_t i = 0; query != NULL && i < ts_query_pattern_count(query); ++i) {
    printf("%u at byte %u\n", counts[i], ts_query_start_byte_for_pattern(query, i));
  }
  ts_parser_delete(parser);
  return 0;
}
