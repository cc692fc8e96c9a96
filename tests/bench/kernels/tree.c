// SPDX-License-Identifier: GPL-2.0-or-later
// tree: an unbalanced binary search tree of nodes from a first-fit free list: dependent loads,
// unpredictable branches, a working set of a few megabytes. Inserts, finds and removes.
#include "guest.h"

enum { NODES = 40000, FINDS = 900000 };

struct node {
    uint64_t key, value;
    struct node *left, *right;
};

// An allocator in the manner of malloc: a header in front of each piece, freed pieces reused.
struct piece {
    size_t size;
    struct piece *next;
};

static char arena[NODES * (sizeof(struct node) + sizeof(struct piece))];
static size_t arena_used;
static struct piece *freed;

static __attribute__((noinline)) void *allocate(size_t size)
{
    for (struct piece **link = &freed; *link != NULL; link = &(*link)->next) {
        if ((*link)->size >= size) {
            struct piece *p = *link;
            *link = p->next;
            return p + 1;
        }
    }
    if (sizeof arena - arena_used < size + sizeof(struct piece)) {
        CHECK(false);
        guest_finish();
    }
    struct piece *p = (struct piece *)(arena + arena_used);
    arena_used += size + sizeof *p;
    p->size = size;
    return p + 1;
}

static __attribute__((noinline)) void release(void *at)
{
    struct piece *p = (struct piece *)at - 1;
    p->next = freed;
    freed = p;
}

static __attribute__((noinline)) struct node **find(struct node **link, uint64_t key)
{
    while (*link != NULL && (*link)->key != key) {
        link = key < (*link)->key ? &(*link)->left : &(*link)->right;
    }
    return link;
}

static void insert(struct node **root, uint64_t key, uint64_t value)
{
    struct node **link = find(root, key);
    if (*link == NULL) {
        *link = allocate(sizeof **link);
        **link = (struct node){.key = key};
    }
    (*link)->value = value;
}

static void erase(struct node **root, uint64_t key)
{
    struct node **link = find(root, key);
    struct node *n = *link;
    if (n == NULL) {
        return;
    }
    if (n->left == NULL || n->right == NULL) {
        *link = n->left != NULL ? n->left : n->right;
    } else {
        struct node **next = &n->right;
        while ((*next)->left != NULL) {
            next = &(*next)->left;
        }
        struct node *m = *next;
        *next = m->right;
        m->left = n->left;
        m->right = n->right;
        *link = m;
    }
    release(n);
}

static uint64_t sum_of(const struct node *n)
{
    return n == NULL ? 0 : mix(sum_of(n->left), n->key) + n->value + sum_of(n->right);
}

void guest_main(void)
{
    struct node *root = NULL;
    uint64_t seed = 7;
    for (unsigned i = 0; i < NODES; i++) {
        insert(&root, next_random(&seed) % (NODES * 2), i);
    }
    uint64_t found = 0;
    for (unsigned i = 0; i < FINDS; i++) {
        uint64_t key = next_random(&seed) % (NODES * 2);
        struct node **link = find(&root, key);
        found += *link != NULL ? (*link)->value : 1;
        if (i % 8 == 0) {
            erase(&root, key);
            insert(&root, next_random(&seed) % (NODES * 2), i);
        }
    }
    say("tree %016lx %016lx\n", found, sum_of(root));
}
