// SPDX-License-Identifier: LGPL-2.1-or-later
// The "classes" section: every cgroup that is no pod and of which colod plans or owns a knob, so
// that `coloctl why` can show what stands on a pod's path.
#include "agent/serve/json_view.h"

#include "agent/serve/words.h"

void json_class_section(struct json_view *view, cJSON *doc)
{
	const struct model *model = view->snapshot->model;
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, doc, "classes");

	for (size_t i = 0; model && i < model->n_cgroups; i++) {
		const struct cgroup *cgroup = model->cgroups[i];
		cJSON *object;

		if ((cgroup->pod && cgroup->pod->cgroup == cgroup) ||
		    !json_view_concerns(view, cgroup))
			continue;
		object = json_put_object(put, array, NULL);
		json_put_text(put, object, "cgroup", cgroup->path);
		json_put_text(put, object, "kind", words_cgroup_kind(cgroup->kind));
		json_view_knobs(view, object, cgroup);
	}
}
