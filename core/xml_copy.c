/*
 * xml_copy: deep copies of elements, into a tree that is being built or packed to their exact size.
 *
 * A packed arena holds its nodes first and its strings behind them, so that no byte is lost to
 * alignment.
 */
#include <string.h>

#include "core/names.h"
#include "core/xml.h"
#include "core/xml_tree.h"

/* A namespace string of the source and what it became; equal strings of one arena are one
 * pointer. */
typedef struct {
        const char *from;
        const char *to;
} CopiedSpace;

typedef struct {
        XmlArena *arena; /* NULL while measuring */
        char *strings; /* where the next string of a packed arena goes; NULL: anywhere in @arena */
        size_t nodes_size;
        size_t strings_size;
        GArray *spaces; /* of CopiedSpace */
} Copier;

static void *
copy_object(Copier *copier, const void *object, size_t n)
{
        copier->nodes_size += n;
        if (!copier->arena)
                return NULL;

        void *copy = xml_arena_alloc(copier->arena, n);
        memcpy(copy, object, n);
        return copy;
}

static char *
copy_string(Copier *copier, const char *text, size_t len)
{
        copier->strings_size += len + 1;
        if (!copier->arena)
                return NULL;
        if (!copier->strings)
                return xml_arena_string(copier->arena, text, len);

        char *copy = copier->strings;
        copier->strings += len + 1;
        memcpy(copy, text, len + 1);
        return copy;
}

static const char *
copy_name(Copier *copier, const char *name)
{
        return names_owns(name) ? name : copy_string(copier, name, strlen(name));
}

static const char *
copy_space(Copier *copier, const char *ns)
{
        if (names_owns(ns))
                return ns;
        for (unsigned i = copier->spaces->len; i > 0; i--) {
                const CopiedSpace *known = &g_array_index(copier->spaces, CopiedSpace, i - 1);
                if (known->from == ns)
                        return known->to;
        }

        CopiedSpace copied = {.from = ns, .to = copy_string(copier, ns, strlen(ns))};
        g_array_append_val(copier->spaces, copied);
        return copied.to;
}

static XmlAttr *
copy_attrs(Copier *copier, const XmlAttr *attrs)
{
        XmlAttr *first = NULL;
        XmlAttr **end = &first;

        for (const XmlAttr *attr = attrs; attr; attr = attr->next) {
                XmlAttr copy = {
                        .name = copy_name(copier, attr->name),
                        .ns = copy_space(copier, attr->ns),
                        .value = copy_string(copier, attr->value, strlen(attr->value)),
                };
                XmlAttr *kept = copy_object(copier, &copy, sizeof copy);
                if (!kept)
                        continue;
                *end = kept;
                end = &kept->next;
        }
        return first;
}

static MotetXml *
copy_node(Copier *copier, const MotetXml *node, MotetXml *parent)
{
        MotetXml copy = {.arena = copier->arena, .parent = parent};

        if (node->name) {
                copy.name = copy_name(copier, node->name);
                copy.ns = copy_space(copier, node->ns);
                copy.attrs = copy_attrs(copier, node->attrs);
        } else {
                copy.text = copy_string(copier, node->text, node->len);
                copy.len = node->len;
        }

        MotetXml *kept = copy_object(copier, &copy, node->name ? sizeof copy : XML_TEXT_SIZE);
        if (kept && parent)
                xml_link(kept);
        return kept;
}

static MotetXml *
copy_tree(Copier *copier, const MotetXml *root, MotetXml *parent)
{
        copier->spaces = g_array_new(FALSE, FALSE, sizeof(CopiedSpace));

        MotetXml *top = copy_node(copier, root, parent);
        MotetXml *copied = top; /* the copy of the node before */
        const MotetXml *before = root;
        for (const MotetXml *node = xml_walk(root, root); node; node = xml_walk(root, node)) {
                /* The copy's ancestors mirror the original's. */
                while (copied && before != node->parent) {
                        before = before->parent;
                        copied = copied->parent;
                }
                copied = copy_node(copier, node, copied);
                before = node;
        }

        g_array_unref(copier->spaces);
        return top;
}

MotetXml *
motet_xml_copy(const MotetXml *xml)
{
        g_return_val_if_fail(xml != NULL, NULL);

        Copier measure = {.arena = NULL};
        copy_tree(&measure, xml, NULL);

        size_t nodes_size = sizeof(XmlArena) + measure.nodes_size;
        XmlArena *arena = xml_arena_new(nodes_size + measure.strings_size);
        Copier copier = {.arena = arena, .strings = (char *)arena + nodes_size};
        MotetXml *copy = copy_tree(&copier, xml, NULL);

        g_assert(arena->at == (char *)arena + nodes_size && copier.strings == arena->end);
        arena->at = arena->end;
        return copy;
}

MotetXml *
xml_pack(const MotetXml *xml)
{
        MotetXml *packed = motet_xml_copy(xml);

        xml_freeze(packed);
        return packed;
}

MotetXml *
motet_xml_add_copy(MotetXml *parent, const MotetXml *child)
{
        g_return_val_if_fail(parent != NULL && !parent->arena->frozen, NULL);
        g_return_val_if_fail(child != NULL, NULL);

        /* The copy must not walk into itself when @parent lies inside @child. */
        g_autoptr(MotetXml) detached = NULL;
        for (const MotetXml *node = parent; node; node = node->parent) {
                if (node == child)
                        detached = motet_xml_copy(child);
        }

        Copier copier = {.arena = parent->arena};
        return copy_tree(&copier, detached ? detached : child, parent);
}
