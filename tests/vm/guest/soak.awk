# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What must hold at every moment of a long run, checked afterwards: lives of pods ("MS online|offline PATH",
# "MS gone PATH") and the witness's changes ("MS PATH KNOB OLD NEW"), merged by time. Prints each breach that
# lasted longer than `grace` ms: a new pod, new facts or somebody else's write need a pass of colod first.
#   1 no cgroup with an online pod in or below it has a quota (no pod here has one of its own)
#   2 what is all offline beside online siblings has at most 1/50 of their weight, at least 1, or is idle

function parent(path) { sub("/[^/]*$", "", path); return path }

function holds(path, pod) { return pod == path || index(pod, path "/") == 1 }

function breach(key, text, bad)
{
	if (!bad)
		delete since[key]
	else if (!(key in since))
		since[key] = now
	else if (now - since[key] > grace && !(key in told)) {
		told[key] = 1
		print since[key] " to " now ": " text
	}
}

# The role of a direct child of a class or of kubepods: online wins, "" is nobody's.
function role_of(child, pod, role)
{
	role = ""
	for (pod in roles)
		if (holds(child, pod) && role != "online")
			role = roles[pod]
	return role
}

function quotas(path, pod, bad)
{
	for (path in max) {
		bad = ""
		if (max[path] !~ /^(max|-)/)
			for (pod in roles)
				if (roles[pod] == "online" && holds(path, pod))
					bad = pod
		breach("quota " path, "a quota on " path ", with the online " bad, bad != "")
	}
}

function bounds(path, up, other, online, most)
{
	for (path in weight) {
		online = 0
		up = parent(path)
		if (weight[path] != "-" && idle[path] != 1 && role_of(path) == "offline") {
			for (other in weight)
				if (parent(other) == up && weight[other] != "-" && role_of(other) == "online")
					online += weight[other]
		}
		most = online / 50 < 1 ? 1 : int(online / 50)
		breach("bound " path, path " has weight " weight[path] " beside online " online,
			online > 0 && weight[path] > most)
	}
}

# Below a pod everything is the runtime's.
/\.scope/ { next }

# What stands stood from the last change up to this one.
function look(at) { now = at; quotas(); bounds() }

$1 - looked >= 200 { look(last); look($1); looked = $1 }
{ last = $1 }
NF == 3 && $2 == "gone" { delete roles[$3] }
NF == 3 && $2 != "gone" { roles[$3] = $2 }
NF == 5 && $4 != "=" && $3 == "cpu.max" { max[$2] = $5 }
NF == 5 && $4 != "=" && $3 == "cpu.weight" { weight[$2] = $5 }
NF == 5 && $4 != "=" && $3 == "cpu.idle" { idle[$2] = $5 }
END { look(last) }
