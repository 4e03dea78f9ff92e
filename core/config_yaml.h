/*
 * config_yaml: YAML text into a tree of ConfigNode, each with its place.
 *
 * A plain subset: one document of maps, lists and scalars in UTF-8. What makes a file mean
 * something else than it seems to is refused: duplicate keys, anchors, aliases, tags, further
 * documents.
 */
#pragma once

#include "core/config.h"

#define CONFIG_FILE_MAX (1024 * 1024)
#define CONFIG_DEPTH_MAX 32

/**
 * config_yaml_parse:
 * @file: (borrowed) name for findings; outlives the tree
 *
 * Returns: (own) the tree without what was refused; an empty text is an empty scalar. NULL, with a
 * finding, when nothing can be made of it
 */
ConfigNode *config_yaml_parse(const char *text, size_t len, const char *file,
                              ConfigFindings *findings);
/** config_yaml_parse_head: Returns: (own) of a text that nothing can be made of, what stands before
 * the mistake that makes it so; NULL when there is nothing of it either */
ConfigNode *config_yaml_parse_head(const char *text, size_t len, const char *file);
/** config_node_free: NULL is a no-op */
void config_node_free(ConfigNode *node);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfigNode, config_node_free)
