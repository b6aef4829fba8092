// SPDX-License-Identifier: LGPL-2.1-or-later
// The "floor" section: what each offline branch gets of the CPU time that its weight promises, and
// whose weight is raised because it got too little.
#include "agent/serve/json_view.h"

#include "policy/names.h"

static const struct cgroup *cgroup_of(const struct model *model, uint64_t inode)
{
	for (size_t i = 0; i < model->n_cgroups; i++)
		if (model->cgroups[i]->inode == inode)
			return model->cgroups[i];
	return NULL;
}

static void branch_object(struct json_view *view, cJSON *array, const struct cgroup *cgroup,
			  const struct floor_branch *b)
{
	bool judged = b->state == FLOOR_FED || b->state == FLOOR_STARVING;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);

	json_put_text(put, object, "cgroup", cgroup->path);
	json_put_text(put, object, "state", names_floor(b->state));
	json_put_u64(put, object, "weight", b->weight);
	json_put_u64(put, object, "normal_weight", b->normal);
	json_put_bool(put, object, "raised", b->weight > b->normal);
	/* What was not measured is no number. */
	if (judged && !b->got_at_most)
		json_put_u64(put, object, "got_ppm", b->got_ppm);
	else
		json_put_null(put, object, "got_ppm");
	if (judged)
		json_put_u64(put, object, "promised_ppm", b->promised_ppm);
	else
		json_put_null(put, object, "promised_ppm");
}

void json_floor_section(struct json_view *view, cJSON *doc)
{
	const struct floor_cpu *floor = view->snapshot->floor_cpu;
	const struct model *model = view->snapshot->model;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, doc, "floor"), *array;

	if (!floor || !model)
		return;
	json_put_u64(put, object, "raises", floor->raises);
	json_put_u64(put, object, "starved", floor->starved);
	json_put_u64(put, object, "unwatched", floor->unwatched);
	array = json_put_array(put, object, "branches");
	for (uint32_t i = 0; i < floor->n; i++) {
		const struct cgroup *cgroup = cgroup_of(model, floor->branches[i].inode);

		if (cgroup)
			branch_object(view, array, cgroup, &floor->branches[i]);
	}
}
