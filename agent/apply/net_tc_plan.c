// SPDX-License-Identifier: LGPL-2.1-or-later
// From what is there to what is wanted. See net_tc.h.
//
// The order of a first set-up: the root, whose default names a class that is not there yet: so packets pass it unshaped. Then
// the link's class and the default one, in a second message its leaf, and only then those for marked packets, and last the filters. (The
// kernel can neither change the default of an HTB later, nor make classes before it is somewhere on the interface; and a leaf takes
// the place of what the class held until then.)
#include <string.h>

#include "agent/apply/net_tc.h"

#define TICK_NS 64u
#define NS_PER_S 1000000000u

uint32_t net_tc_ticks(uint64_t bytes, uint64_t bytes_per_s)
{
	unsigned __int128 ticks;

	if (bytes_per_s == 0)
		return UINT32_MAX;
	ticks = (unsigned __int128)bytes * NS_PER_S;
	ticks = (ticks + (unsigned __int128)bytes_per_s * TICK_NS - 1) /
		((unsigned __int128)bytes_per_s * TICK_NS);
	return ticks > UINT32_MAX ? UINT32_MAX : ticks == 0 ? 1 : (uint32_t)ticks;
}

struct tc_htb_class net_tc_htb_of(const struct net_class *class)
{
	return (struct tc_htb_class){
		.rate_bytes_per_s = class->rate_bytes_per_s,
		.ceil_bytes_per_s = class->ceil_bytes_per_s,
		.burst_ticks = net_tc_ticks(class->burst_bytes, class->rate_bytes_per_s),
		.cburst_ticks = net_tc_ticks(class->cburst_bytes, class->ceil_bytes_per_s),
		.quantum_bytes = class->quantum_bytes,
		.prio = class->prio,
	};
}

/* A class as it is wanted. */
struct wanted {
	bool there;
	bool leaf;
	uint32_t parent;
	struct tc_htb_class htb;
};

struct planning {
	const struct net_tc_link *found;
	const struct net_mark *mark;
	struct net_tc_steps *steps, *after;
	uint32_t filter_prio;
	struct wanted wanted[NET_TC_CLASS_COUNT];
};

static struct net_tc_step *step(struct net_tc_steps *steps, enum net_tc_do what, int32_t ifindex)
{
	struct net_tc_step *s;

	/* The bound is what any plan can have; one more look would do the rest. */
	if (steps->n == NET_TC_STEPS) {
		steps->again = true;
		s = &steps->list[NET_TC_STEPS - 1];
	} else {
		s = &steps->list[steps->n++];
	}
	*s = (struct net_tc_step){.what = what, .ifindex = ifindex};
	return s;
}

static void want(struct planning *p, const struct net_shape *shape)
{
	const uint32_t root = net_tc_class_id(NET_TC_CLASS_ROOT);

	p->wanted[NET_TC_CLASS_ROOT] = (struct wanted){
		.there = true,
		.parent = NET_TC_ROOT_HANDLE,
		.htb = net_tc_htb_of(&shape->root),
	};
	p->wanted[NET_TC_CLASS_UNMARKED] = (struct wanted){
		.there = true,
		.leaf = true,
		.parent = root,
		.htb = net_tc_htb_of(&shape->unmarked),
	};
	if (shape->offline_levels & shape->levels)
		p->wanted[NET_TC_CLASS_OFFLINE] = (struct wanted){
			.there = true,
			.parent = root,
			.htb = net_tc_htb_of(&shape->offline),
		};
	for (unsigned level = 0; level < LEVEL_COUNT; level++)
		if (shape->levels >> level & 1)
			p->wanted[NET_TC_CLASS_LEVEL + level] = (struct wanted){
				.there = true,
				.leaf = true,
				.parent = shape->offline_levels >> level & 1
						  ? net_tc_class_id(NET_TC_CLASS_OFFLINE)
						  : root,
				.htb = net_tc_htb_of(&shape->level[level]),
			};
}

/* Of a class with classes below it the kernel keeps neither quantum nor prio. */
static bool same(const struct tc_htb_class *a, const struct tc_htb_class *b, bool leaf)
{
	return a->rate_bytes_per_s == b->rate_bytes_per_s &&
	       a->ceil_bytes_per_s == b->ceil_bytes_per_s && a->burst_ticks == b->burst_ticks &&
	       a->cburst_ticks == b->cburst_ticks &&
	       (!leaf || (a->quantum_bytes == b->quantum_bytes && a->prio == b->prio));
}

/* The kernel says of a class at the top that its parent is the root. */
static bool has_parent(const struct net_tc_found_class *found, uint32_t parent)
{
	return found->parent == parent ||
	       (parent == NET_TC_ROOT_HANDLE && found->parent == UINT32_MAX);
}

/* It is there, but is to go, or to be somewhere else. */
static bool must_leave(const struct planning *p, unsigned i)
{
	return p->found->classes[i].there &&
	       (!p->wanted[i].there || !has_parent(&p->found->classes[i], p->wanted[i].parent));
}

static bool has_filter(const struct net_tc_link *found, uint32_t class_id)
{
	for (uint32_t i = 0; i < found->n_filters; i++)
		if (found->filters[i].class_id == class_id)
			return true;
	return false;
}

static bool is_empty(const struct net_tc_link *found, unsigned i)
{
	/* What is below it is seen by its parent: the classes that are there have the ones before them as parents. */
	for (unsigned below = i + 1; below < NET_TC_CLASS_COUNT; below++)
		if (found->classes[below].there &&
		    found->classes[below].parent == net_tc_class_id(i))
			return false;
	return found->classes[i].counts.backlog_bytes == 0 &&
	       !has_filter(found, net_tc_class_id(i));
}

/* Whether it can go now. Its filter goes in one look, it itself in a later one. */
static bool leaves_now(struct planning *p, unsigned i)
{
	if (!must_leave(p, i))
		return false;
	if (is_empty(p->found, i))
		return true;
	p->steps->again = true;
	return false;
}

/* A leaf takes the place of the kernel's own, and what waits in that is lost: that one does as well until nothing waits. */
static bool lacks_leaf(const struct net_tc_found_class *found)
{
	return !found->leaf && !found->foreign_leaf && found->counts.backlog_bytes == 0;
}

static void plan_classes(struct planning *p)
{
	for (unsigned i = NET_TC_CLASS_COUNT; i-- > 0;)
		if (leaves_now(p, i))
			step(p->steps, NET_TC_DEL_CLASS, p->found->ifindex)->id =
				net_tc_class_id(i);
	for (unsigned i = 0; i < NET_TC_CLASS_COUNT; i++) {
		const struct net_tc_found_class *found = &p->found->classes[i];
		const struct wanted *w = &p->wanted[i];
		bool leaves = must_leave(p, i);
		struct net_tc_step *s;

		if (!w->there || (leaves && !is_empty(p->found, i)))
			continue;
		if (!found->there || leaves || !same(&found->htb, &w->htb, w->leaf)) {
			s = step(p->steps,
				 found->there && !leaves ? NET_TC_SET_CLASS : NET_TC_ADD_CLASS,
				 p->found->ifindex);
			s->id = net_tc_class_id(i);
			s->parent = w->parent;
			s->htb = w->htb;
		}
		if (w->leaf && (!found->there || leaves || lacks_leaf(found)))
			step(p->steps, NET_TC_ADD_LEAF, p->found->ifindex)->id = net_tc_class_id(i);
	}
}

static uint32_t level_mark(const struct planning *p, unsigned level)
{
	return net_mark_of(p->mark, (enum level)level);
}

/* Filters of one prio have one mask: where ours have the wanted one already, else where none has another. */
static uint32_t prio_for(const struct net_tc_link *found, const struct net_mark *mark)
{
	for (uint32_t i = 0; i < found->n_filters; i++)
		if (found->filters[i].mask == mark->mask)
			return found->filters[i].prio;
	for (uint32_t i = 0; i < found->n_filters; i++)
		if (found->filters[i].prio == NET_TC_PRIO && found->filters[i].mask != mark->mask)
			return NET_TC_PRIO + 1;
	return NET_TC_PRIO;
}

/* The level that a filter of this place is wanted for, whatever class it leads to; LEVEL_COUNT: none. */
static unsigned level_at(const struct planning *p, const struct net_tc_found_filter *f)
{
	for (unsigned level = 0; level < LEVEL_COUNT; level++) {
		unsigned i = NET_TC_CLASS_LEVEL + level;
		/* A class that waits until it is empty gets no more. */
		bool waits = must_leave(p, i) && !is_empty(p->found, i);

		if (p->wanted[i].there && !waits && f->prio == p->filter_prio &&
		    f->mask == p->mark->mask && f->mark == level_mark(p, level))
			return level;
	}
	return LEVEL_COUNT;
}

static bool is_in_the_way(const struct planning *p, const struct net_tc_found_filter *f)
{
	return f->prio == p->filter_prio && f->mask != p->mark->mask;
}

static void drop_filters(const struct planning *p, bool in_the_way, struct net_tc_steps *steps)
{
	for (uint32_t i = 0; i < p->found->n_filters; i++) {
		const struct net_tc_found_filter *f = &p->found->filters[i];
		struct net_tc_step *s;

		if (level_at(p, f) < LEVEL_COUNT || is_in_the_way(p, f) != in_the_way)
			continue;
		s = step(steps, NET_TC_DEL_FILTER, p->found->ifindex);
		s->prio = f->prio;
		s->mark = f->mark;
	}
}

/* Those that stand already. */
static uint32_t levels_with_filter(const struct planning *p)
{
	uint32_t levels = 0;

	for (uint32_t i = 0; i < p->found->n_filters; i++) {
		unsigned level = level_at(p, &p->found->filters[i]);

		if (level < LEVEL_COUNT &&
		    p->found->filters[i].class_id == net_tc_class_id(NET_TC_CLASS_LEVEL + level))
			levels |= 1u << level;
	}
	return levels;
}

/* New ones before old ones go. */
static void plan_filters(struct planning *p)
{
	uint32_t have = levels_with_filter(p);

	drop_filters(p, true, p->steps);
	for (unsigned level = 0; level < LEVEL_COUNT; level++) {
		const struct net_tc_found_filter place = {.prio = p->filter_prio,
							  .mask = p->mark->mask,
							  .mark = level_mark(p, level)};
		struct net_tc_step *s;

		if ((have >> level & 1) || level_at(p, &place) != level)
			continue;
		s = step(p->steps, NET_TC_ADD_FILTER, p->found->ifindex);
		s->id = net_tc_class_id(NET_TC_CLASS_LEVEL + level);
		s->prio = p->filter_prio;
		s->mark = place.mark;
		s->mask = place.mask;
	}
	drop_filters(p, false, p->after);
}

void net_tc_plan_link(const struct net_tc_link *found, const struct net_shape *shape,
		      const struct net_mark *mark, struct net_tc_steps *ret,
		      struct net_tc_steps *ret_after)
{
	struct planning p = {.found = found, .mark = mark, .steps = ret, .after = ret_after};

	ret->n = ret_after->n = 0;
	ret->again = ret_after->again = false;
	/* Without a class for anybody the root would only replace what the kernel chose. */
	if (!shape || shape->levels == 0 || mark->mask == 0) {
		if (found->root == NET_ROOT_OURS)
			step(ret, NET_TC_DEL_ROOT, found->ifindex);
		return;
	}
	if (found->root != NET_ROOT_OURS && found->root != NET_ROOT_DEFAULT)
		return;
	want(&p, shape);
	p.filter_prio = prio_for(found, mark);
	if (found->root == NET_ROOT_DEFAULT)
		step(ret, NET_TC_ADD_ROOT, found->ifindex);
	plan_classes(&p);
	plan_filters(&p);
}

/* Nobody knows who made it, so it can be used, but not removed. */
static bool is_empty_clsact(const struct net_tc_end *found)
{
	return !found->ours && found->n_others == 0 && strcmp(found->ingress_kind, "clsact") == 0;
}

static void clear_end(const struct net_tc_end *found, struct net_tc_steps *steps)
{
	if (!found->ours)
		return;
	step(steps, NET_TC_DEL_MARK, found->ifindex)->id = found->borrowed ? NET_TC_MARK_BORROWED
									   : NET_TC_MARK_OWN;
	/* With somebody's filters it is theirs by now. */
	if (!found->borrowed && found->n_others == 0)
		step(steps, NET_TC_DEL_CLSACT, found->ifindex);
}

enum net_refusal net_tc_plan_end(const struct net_tc_end *found, bool wanted, uint32_t mark,
				 uint32_t mask, struct net_tc_steps *ret)
{
	bool is_free = found->ingress_kind[0] == '\0';
	struct net_tc_step *s;

	ret->n = 0;
	ret->again = false;
	if (!wanted || mask == 0) {
		clear_end(found, ret);
		return NET_FINE;
	}
	if (!found->ours && !is_free && !is_empty_clsact(found))
		return NET_FOREIGN_CLSACT;
	if (found->ours && found->mark == mark && found->mask == mask)
		return NET_FINE;
	if (!found->ours && is_free)
		step(ret, NET_TC_ADD_CLSACT, found->ifindex);
	s = step(ret, found->ours ? NET_TC_SET_MARK : NET_TC_ADD_MARK, found->ifindex);
	s->id = found->borrowed || (!found->ours && !is_free) ? NET_TC_MARK_BORROWED
							      : NET_TC_MARK_OWN;
	s->mark = mark;
	s->mask = mask;
	return NET_FINE;
}

static bool is_police(const struct net_tc_polices *list, const struct net_tc_police *police)
{
	for (uint32_t i = 0; list && i < list->n; i++)
		if (list->list[i].indev == police->indev && list->list[i].index == police->index)
			return true;
	return false;
}

void net_tc_plan_polices(const struct net_tc_end *found, const struct net_tc_polices *wanted,
			 struct net_tc_steps *ret)
{
	ret->n = 0;
	ret->again = false;
	for (uint32_t i = 0; i < found->polices.n; i++)
		if (!is_police(wanted, &found->polices.list[i]))
			step(ret, NET_TC_DEL_POLICE, found->ifindex)->police =
				found->polices.list[i];
	for (uint32_t i = 0; wanted && i < wanted->n; i++)
		if (!is_police(&found->polices, &wanted->list[i]))
			step(ret, NET_TC_ADD_POLICE, found->ifindex)->police = wanted->list[i];
}
