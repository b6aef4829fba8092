#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads packaging/kubernetes as a cluster would, and prints what is wrong: the role gives what the sources say that they need
(`.right = "VERB on RESOURCE"`) and nothing else, each policy is bound, and all name the same account. Run from the top."""
import pathlib
import re
import sys

import yaml

HERE = pathlib.Path("packaging/kubernetes")
# VERB on RESOURCE: the role that gives it.
ROLES = {"list on pods": "colod-list-pods"}


def documents(name):
    with open(HERE / name, encoding="utf-8") as f:
        return [d for d in yaml.safe_load_all(f) if d]


def needed():
    """What the sources ask for, in the words that people are told."""
    found = set()
    for path in pathlib.Path("agent").rglob("*.c"):
        for text in re.findall(r'\.right\s*=\s*"([a-z]+ on [a-z/]+)', path.read_text(encoding="utf-8")):
            found.add(text)
    return found


def given(roles):
    for role in roles:
        for rule in role["rules"]:
            if "nonResourceURLs" not in rule and (rule["apiGroups"] != [""] or "resourceNames" in rule):
                yield role["metadata"]["name"], f"a rule of another kind: {rule}"
            for resource in rule.get("resources", []) + rule.get("nonResourceURLs", []):
                for verb in rule["verbs"]:
                    yield role["metadata"]["name"], f"{verb} on {resource}"


def check_roles(docs):
    kinds = {}
    for d in docs:
        kinds.setdefault(d["kind"], []).append(d)
    want = {(ROLES.get(text, "colod"), text) for text in needed()}
    have = set(given(kinds["ClusterRole"]))
    for role, text in sorted(want - have):
        yield f"rbac.yaml: the role {role} lacks {text}, which the sources need"
    for role, text in sorted(have - want):
        yield f"rbac.yaml: the role {role} gives {text}, which no source needs"
    account = kinds["ServiceAccount"][0]["metadata"]
    bound = [b for b in kinds["ClusterRoleBinding"] if b["roleRef"]["name"] == "colod"]
    subjects = [{"kind": "ServiceAccount", **account}]
    if len(bound) != 1 or len(kinds["ClusterRoleBinding"]) != 1 or bound[0]["subjects"] != subjects:
        yield "rbac.yaml: the role colod is not bound to the account, or something else is bound"
    if [n["metadata"]["name"] for n in kinds["Namespace"]] != [account["namespace"]]:
        yield "rbac.yaml: the account's namespace is not made"


def balanced(text):
    stack, pairs = [], {")": "(", "]": "[", "}": "{"}
    for c in re.sub(r"'[^']*'", "", text):
        if c in "([{":
            stack.append(c)
        elif c in pairs and (not stack or stack.pop() != pairs[c]):
            return False
    return not stack and text.count("'") % 2 == 0


def check_policy(policy, user):
    name, spec = policy["metadata"]["name"], policy["spec"]
    if spec["failurePolicy"] != "Fail":
        yield f"{name}: passes what it cannot judge"
    if [c["expression"] for c in spec["matchConditions"]] != [f"request.userInfo.username == '{user}'"]:
        yield f"{name}: is not about {user} alone"
    variables = {v["name"] for v in spec["variables"]}
    for item in spec["variables"] + spec["validations"]:
        if not balanced(item["expression"]):
            yield f"{name}: brackets or quotes do not fit in: {item['expression']}"
        for used in re.findall(r"variables\.(\w+)", item["expression"]):
            if used not in variables:
                yield f"{name}: no variable {used}"
        if "params" in item["expression"] and "paramKind" not in spec:
            yield f"{name}: has no parameters"
    if not any("variables.node" in v["expression"] for v in spec["validations"]):
        yield f"{name}: does not bind to a node"


def check_policies(docs, user):
    policies = [d for d in docs if d["kind"] == "ValidatingAdmissionPolicy"]
    bindings = [d["spec"] for d in docs if d["kind"] == "ValidatingAdmissionPolicyBinding"]
    matched = sorted(r for p in policies for rule in p["spec"]["matchConstraints"]["resourceRules"]
                     for r in rule["resources"])
    if matched != ["nodes", "pods/eviction"]:
        yield f"admission.yaml: is about {matched}"
    for p in policies:
        bound = [b for b in bindings if b["policyName"] == p["metadata"]["name"]]
        if len(bound) != 1 or bound[0]["validationActions"] != ["Deny"]:
            yield f"{p['metadata']['name']}: is not bound once, to deny"
        elif ("paramKind" in p["spec"]) != ("paramRef" in bound[0]):
            yield f"{p['metadata']['name']}: its parameters are not bound"
        yield from check_policy(p, user)


def main():
    roles = documents("rbac.yaml")
    account = next(d["metadata"] for d in roles if d["kind"] == "ServiceAccount")
    user = f"system:serviceaccount:{account['namespace']}:{account['name']}"
    wrong = [*check_roles(roles), *check_policies(documents("admission.yaml"), user)]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
